//! One request.

use std::time::Duration;

use minato_runtime::time::Instant;
use minato_service::Deadline;
use minato_service::deadline::CarriesDeadline;
use minato_service::limit::Priority;

/// A request, or another attempt of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    /// Which one; attempts of a request are told apart by it too.
    pub(crate) id: u64,
    pub(crate) priority: Priority,
    /// How long the caller waits for the answer.
    pub(crate) patience: Duration,
    /// When its caller asked.
    pub(crate) start: Instant,
    deadline: Option<Deadline>,
}

impl Job {
    pub(crate) fn new(id: u64, patience: Duration) -> Self {
        Self { id, priority: Priority::NORMAL, patience, start: Instant::now(), deadline: None }
    }

    /// Another attempt, whose work is drawn anew.
    pub(crate) const fn another(self) -> Self {
        Self { id: self.id.wrapping_add(1 << 40), ..self }
    }
}

impl CarriesDeadline for Job {
    fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = Some(deadline);
    }
}
