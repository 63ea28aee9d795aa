//! A panic, told.

use std::any::Any;
use std::fmt;

use crate::error::{Refusal, Rejection, RejectionKind, layer_error};

/// The service inside panicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked {
    message: String,
}

impl Panicked {
    /// Takes the message out of a payload; what is no text has none.
    pub(super) fn of(payload: &(dyn Any + Send)) -> Self {
        Self { message: message(payload).to_owned() }
    }

    /// What was said in the panic.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// What was said in a panic.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&'static str>().copied());
    text.unwrap_or("a payload that is no text")
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service panicked: {}", self.message)
    }
}

impl std::error::Error for Panicked {}

impl Refusal for Panicked {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Broken, None)
    }
}

layer_error! {
    /// The error of a [`CatchPanic`](super::CatchPanic).
    PanicError {
        /// The service inside panicked.
        Panicked(Panicked),
        is_panicked: /// Whether the service inside panicked.
    }
}
