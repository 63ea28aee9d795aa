//! What a shutdown met.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::runtime::DumpedTask;
use crate::task::Id;

/// What was still running when each stage of a shutdown ended; see
/// [`Runtime::shutdown`](crate::runtime::Runtime::shutdown).
///
/// Its `Display` is one line per task or job, with the place that spawned it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Tracked tasks that had not ended by themselves in time.
    pub undrained: usize,
    /// Tasks that lived when the drain was over, and were aborted; tracked or not.
    pub aborted: Vec<DumpedTask>,
    /// Further tasks that were aborted and are not listed; see [`Dump::omitted`](crate::runtime::Dump::omitted).
    pub aborted_unlisted: usize,
    /// Tasks that did not get to an await point in time. They go on until they do, and are dropped then.
    pub stuck: Vec<DumpedTask>,
    /// Blocking jobs that did not end in time, and go on.
    pub blocking: Vec<UnfinishedJob>,
    /// How long the whole took.
    pub took: Duration,
}

/// A blocking job that had not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedJob {
    /// Its id.
    pub id: Id,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// The call that spawned it.
    pub spawned_at: &'static Location<'static>,
}

impl ShutdownReport {
    /// Whether all tracked tasks ended by themselves, and nothing goes on. Tasks that nobody tracked may have been aborted.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.undrained == 0 && self.is_over()
    }

    /// Whether nothing of the runtime goes on.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stuck.is_empty() && self.blocking.is_empty()
    }
}

impl UnfinishedJob {
    pub(crate) fn new(id: Id, name: Option<String>, spawned_at: &'static Location<'static>) -> Self {
        Self { id, name, spawned_at }
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "shut down in {:?}: {} undrained, {} aborted, {} stuck, {} blocking",
            self.took,
            self.undrained,
            self.aborted.len() + self.aborted_unlisted,
            self.stuck.len(),
            self.blocking.len()
        )?;
        self.aborted.iter().try_for_each(|task| write!(f, "\naborted: {task}"))?;
        self.stuck.iter().try_for_each(|task| write!(f, "\nstuck: {task}"))?;
        self.blocking.iter().try_for_each(|job| write!(f, "\nblocking: {job}"))
    }
}

impl fmt::Display for UnfinishedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " from {}", self.spawned_at)
    }
}
