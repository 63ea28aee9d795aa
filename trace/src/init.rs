//! One call that makes a program's spans and events visible.

use std::env::{self, VarError};
use std::fmt;
use std::io::{self, IsTerminal};

use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::{Subscriber, SubscriberBuilder};

/// The variables that hold a filter, in the order they are asked.
const VARIABLES: [&str; 2] = ["MINATO_LOG", "RUST_LOG"];

/// Writes spans and events to standard error, with the settings of [`Init::new`].
///
/// ```
/// minato_trace::init()?;
/// tracing::info!("open");
/// # Ok::<(), minato_trace::InitError>(())
/// ```
///
/// # Errors
///
/// As [`Init::install`].
pub fn init() -> Result<(), InitError> {
    Init::new().install()
}

/// How spans and events are written, and which.
///
/// Each line is written at once, so there is nothing to flush when the program ends.
#[derive(Debug, Clone)]
#[must_use = "nothing is set up until it is installed"]
pub struct Init {
    format: Format,
    default_filter: String,
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Format {
    /// [`Compact`](Self::Compact) on a terminal, else [`Json`](Self::Json).
    #[default]
    Auto,
    /// For people.
    Compact,
    /// For programs: one object per line, with the fields of the event at the top and those of its span in `span`.
    Json,
}

impl Default for Init {
    fn default() -> Self {
        Self::new()
    }
}

impl Init {
    /// The filter of `MINATO_LOG`, else of `RUST_LOG`, else `info`; the format fit for where standard error goes.
    pub fn new() -> Self {
        Self { format: Format::Auto, default_filter: "info".to_owned() }
    }

    /// Chooses the format.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The filter where the environment holds none, in the syntax of [`EnvFilter`].
    pub fn default_filter(mut self, directives: impl Into<String>) -> Self {
        self.default_filter = directives.into();
        self
    }

    /// Makes this the subscriber of the process.
    ///
    /// # Errors
    ///
    /// [`is_already_set`](InitError::is_already_set) when the process has a subscriber, which stays. Otherwise the
    /// filter could not be read, and nothing was set up.
    pub fn install(self) -> Result<(), InitError> {
        let filter = self.filter(|variable| env::var(variable))?;
        let terminal = io::stderr().is_terminal();
        let format = match self.format {
            Format::Auto if terminal => Format::Compact,
            Format::Auto => Format::Json,
            chosen => chosen,
        };
        let installed = match format {
            Format::Json => set_global_default(
                builder(filter)
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .finish(),
            ),
            Format::Compact | Format::Auto => {
                let colour = terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                set_global_default(builder(filter).with_ansi(colour).compact().finish())
            }
        };
        installed.map_err(|_| InitError(Kind::AlreadySet))
    }

    /// The filter of the first variable that holds one.
    fn filter(&self, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<EnvFilter, InitError> {
        for name in VARIABLES {
            match variable(name) {
                Ok(directives) if directives.trim().is_empty() => {}
                Ok(directives) => return parse(name, &directives),
                Err(VarError::NotPresent) => {}
                Err(VarError::NotUnicode(_)) => return Err(InitError(Kind::NotUnicode(name))),
            }
        }
        parse("the default", &self.default_filter)
    }
}

fn parse(origin: &'static str, directives: &str) -> Result<EnvFilter, InitError> {
    EnvFilter::builder().parse(directives).map_err(|error| InitError(Kind::Filter(origin, error)))
}

type Builder = SubscriberBuilder<
    tracing_subscriber::fmt::format::DefaultFields,
    tracing_subscriber::fmt::format::Format,
    EnvFilter,
    fn() -> io::Stderr,
>;

fn builder(filter: EnvFilter) -> Builder {
    Subscriber::builder().with_env_filter(filter).with_writer(io::stderr as fn() -> io::Stderr)
}

/// Why nothing was set up.
#[derive(Debug)]
pub struct InitError(Kind);

#[derive(Debug)]
enum Kind {
    AlreadySet,
    NotUnicode(&'static str),
    Filter(&'static str, ParseError),
}

impl InitError {
    /// Whether the process has a subscriber already.
    #[must_use]
    pub fn is_already_set(&self) -> bool {
        matches!(self.0, Kind::AlreadySet)
    }

    /// Whether the filter cannot be read.
    #[must_use]
    pub fn is_filter(&self) -> bool {
        matches!(self.0, Kind::NotUnicode(_) | Kind::Filter(..))
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::AlreadySet => f.write_str("the process has a tracing subscriber already"),
            Kind::NotUnicode(origin) => write!(f, "the filter of {origin} is not UTF-8"),
            Kind::Filter(origin, _) => write!(f, "the filter of {origin} cannot be read"),
        }
    }
}

impl std::error::Error for InitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::AlreadySet | Kind::NotUnicode(_) => None,
            Kind::Filter(_, error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::ffi::OsString;

    use super::*;

    fn filter(minato: Option<&str>, rust: Option<&str>) -> Result<String, InitError> {
        let variable = |name: &str| match name {
            "MINATO_LOG" => minato.map(str::to_owned).ok_or(VarError::NotPresent),
            _ => rust.map(str::to_owned).ok_or(VarError::NotPresent),
        };
        Init::new().filter(variable).map(|filter| filter.to_string())
    }

    #[test]
    fn the_first_variable_that_says_something_is_the_filter() {
        for (minato, rust, expected) in [
            (Some("warn"), Some("debug"), "warn"),
            (None, Some("debug"), "debug"),
            (Some(" "), Some("debug"), "debug"),
            (Some(""), Some(""), "info"),
            (None, None, "info"),
        ] {
            assert_eq!(filter(minato, rust).unwrap(), expected, "{minato:?} {rust:?}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_an_error() {
        let error = filter(Some("info,=,[["), Some("debug")).unwrap_err();
        assert!(error.is_filter() && !error.is_already_set() && error.source().is_some());
        assert_eq!(error.to_string(), "the filter of MINATO_LOG cannot be read");

        let not_text = |_: &str| Err(VarError::NotUnicode(OsString::new()));
        let error = Init::new().filter(not_text).unwrap_err();
        assert_eq!(error.to_string(), "the filter of MINATO_LOG is not UTF-8");
        assert!(Init::new().default_filter("[[").filter(|_| Err(VarError::NotPresent)).is_err());
    }
}
