//! Why generation failed.

use std::fmt;
use std::io;

/// Why code could not be generated.
#[derive(Debug)]
pub struct Error(Kind);

#[derive(Debug)]
enum Kind {
    Proto(protox::Error),
    Io(String, io::Error),
    Syntax(String, syn::Error),
}

impl Error {
    pub(crate) fn io(doing: impl fmt::Display, error: io::Error) -> Self {
        Self(Kind::Io(doing.to_string(), error))
    }

    pub(crate) fn syntax(within: impl fmt::Display, error: syn::Error) -> Self {
        Self(Kind::Syntax(within.to_string(), error))
    }
}

impl From<protox::Error> for Error {
    fn from(error: protox::Error) -> Self {
        Self(Kind::Proto(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // Its Debug form is the message with file, line and column.
            Kind::Proto(error) => write!(f, "{error:?}"),
            Kind::Io(doing, error) => write!(f, "{doing}: {error}"),
            Kind::Syntax(within, error) => write!(f, "the code generated for {within} is not Rust: {error}"),
        }
    }
}

impl std::error::Error for Error {}
