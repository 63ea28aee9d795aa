//! One task among all.

use super::DumpedTask;
use super::collect::walk;
use crate::scheduler::SharedRef;
use crate::task::Id;
use crate::time::Nanos;

/// Slots that are only looked at.
const SEARCHED_SLOTS: usize = 4096;

/// Looks for one task in all registries.
pub(crate) fn find(shared: &SharedRef, id: Id) -> Option<DumpedTask> {
    let now = Nanos::real().0;
    let mut found = None;
    for (index, remote) in shared.remotes().iter().enumerate() {
        walk(
            |look| remote.try_registry(look),
            SEARCHED_SLOTS,
            |task, entered| {
                if task.header().id == id {
                    found = Some(DumpedTask::of(task, Some(index), entered, now));
                }
            },
        );
        if found.is_some() {
            break;
        }
    }
    found
}
