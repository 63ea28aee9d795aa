//! The work, on tokio.

use crate::platform::tokio as platform;

#[path = "jobs/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "the same work is compiled for both runtimes")]
pub(crate) mod jobs;
