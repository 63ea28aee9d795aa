//! Which processors the workers run on.
//!
//! A thread is pinned while it runs a worker, the user's in `block_on` too, and put back afterwards. Threads inherit where
//! they may run from the one that starts them: so those that are no workers are put back when they begin.

use std::io;
use std::sync::Arc;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

#[derive(Clone, Debug)]
pub(crate) struct Placement {
    /// One of them for each worker, in turns.
    processors: Arc<[usize]>,
    /// Where the thread that built the runtime may run.
    all: CpuSet,
}

impl Placement {
    /// # Errors
    ///
    /// If this thread may not run on all of them.
    pub(crate) fn new(processors: &[usize]) -> io::Result<Self> {
        let all = sched_getaffinity(None)?;
        let is_known = |&processor: &usize| processor < CpuSet::MAX_CPU && all.is_set(processor);
        match processors.iter().find(|processor| !is_known(processor)) {
            None => Ok(Self { processors: processors.into(), all }),
            Some(processor) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("pin_workers: this process may not run on processor {processor}"),
            )),
        }
    }

    /// Pins this thread, which is to run `worker`, until the guard is dropped.
    pub(crate) fn pin(&self, worker: u32) -> Pinned {
        let before = sched_getaffinity(None).ok();
        let mut own = CpuSet::new();
        own.set(self.processors[worker as usize % self.processors.len()]);
        // The processor may have been taken from the process meanwhile; then the worker runs where it can.
        let _ = sched_setaffinity(None, &own);
        Pinned { before }
    }

    /// Lets this thread, which is no worker, run anywhere.
    pub(crate) fn release(&self) {
        let _ = sched_setaffinity(None, &self.all);
    }
}

/// Puts a thread back where it was when dropped.
#[derive(Debug)]
pub(crate) struct Pinned {
    before: Option<CpuSet>,
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = sched_setaffinity(None, before);
        }
    }
}
