//! The names of both runtimes, as the work uses them.

pub(crate) mod minato;
pub(crate) mod tokio;
