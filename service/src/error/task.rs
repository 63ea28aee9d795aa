//! A task that is gone before its outcome.

use std::any::Any;
use std::fmt;

use super::{Refusal, Rejection, RejectionKind};
use crate::catch_panic::message;

/// The task that ran the call has panicked, or its runtime was shut down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLost {
    panic: Option<String>,
}

impl TaskLost {
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        Self { panic: Some(message(payload).to_owned()) }
    }

    pub(crate) fn stopped() -> Self {
        Self { panic: None }
    }

    /// What was said in the panic, if it was one.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        self.panic.as_deref()
    }
}

impl fmt::Display for TaskLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.panic {
            Some(message) => write!(f, "the task of the call panicked: {message}"),
            None => f.write_str("the task of the call was stopped"),
        }
    }
}

impl std::error::Error for TaskLost {}

impl Refusal for TaskLost {
    fn rejection(&self) -> Rejection {
        Rejection::new(RejectionKind::Broken, None)
    }
}
