//! The refusal, where readers of tower look for it.

pub use crate::error::{OverloadError, Overloaded};
