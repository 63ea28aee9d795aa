//! A dump for humans.

use std::fmt;

use super::{Dump, DumpedTask, DumpedWorker, TaskState, WorkerState};

/// A number of things.
struct Count<N>(N, &'static str);

impl<N: fmt::Display + PartialEq + From<u8>> fmt::Display for Count<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == N::from(1) { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}",
            Count(self.workers.len(), "worker"),
            Count(self.tasks.len() + self.omitted, "task")
        )?;
        self.workers.iter().try_for_each(|worker| write!(f, "\n{worker}"))?;
        self.tasks.iter().try_for_each(|task| write!(f, "\n{task}"))?;
        if self.omitted != 0 {
            write!(f, "\nand {} not shown", Count(self.omitted, "task"))?;
        }
        Ok(())
    }
}

impl fmt::Display for DumpedWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "worker {}: {}, {} queued, {}",
            self.index,
            self.state,
            self.queued,
            Count(self.polls, "poll")
        )?;
        if self.is_listed { Ok(()) } else { f.write_str(", its tasks could not be had") }
    }
}

impl fmt::Display for WorkerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resting => f.write_str("resting"),
            Self::Asleep => f.write_str("asleep"),
            Self::Polling(task) => write!(f, "polling task {task}"),
            Self::Awake => f.write_str("awake"),
        }
    }
}

impl fmt::Display for DumpedTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " from {}: ", self.spawned_at)?;
        match (self.state, self.waits_for) {
            (TaskState::Running { worker: Some(worker) }, _) => write!(f, "runs on worker {worker}")?,
            (TaskState::Running { worker: None }, _) => f.write_str("runs")?,
            (TaskState::Queued, _) => f.write_str("queued")?,
            (TaskState::Idle, Some(site)) => write!(f, "waits for {site}")?,
            (TaskState::Idle, None) => f.write_str("waits")?,
        }
        write!(
            f,
            ", {}, woken {:.1?} ago, spawned {:.1?} ago",
            Count(self.polls, "poll"),
            self.since_wake,
            self.age
        )
    }
}
