//! The work, on Minato.

use crate::platform::minato as platform;

#[path = "jobs/mod.rs"]
pub(crate) mod jobs;
