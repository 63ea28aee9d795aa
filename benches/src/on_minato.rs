//! The work, on Minato.

use crate::platform::minato as platform;

#[path = "work/mod.rs"]
pub(crate) mod work;
