//! In place of the monitor, in a build that has no threads of its own: nobody watches.

use super::Shared;

#[derive(Debug)]
pub(super) struct Monitor;

#[expect(clippy::unused_self, reason = "in the shape of the monitor")]
impl Monitor {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn watch(&self, _: &Shared) {}

    pub(super) fn stop(&self) {}

    pub(super) fn is_watching_after_wake(&self) -> bool {
        true
    }
}
