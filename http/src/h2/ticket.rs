//! What a client's exchange holds until its response has ended.

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Wake;

use super::{CancelOnDrop, Turn};

/// The exchanges of one connection, counted.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    count: Arc<Mutex<Count>>,
    /// Wakes the connection's task, which ends once it is closed and no exchange is open.
    turn: Arc<Turn>,
}

#[derive(Debug, Default)]
struct Count {
    open: usize,
    /// No exchange may begin any more.
    is_closed: bool,
    /// Frames that have come from the server.
    heard: u64,
}

impl Load {
    /// Of the connection whose task this wakes.
    pub(crate) fn new(turn: Arc<Turn>) -> Self {
        Self { count: Arc::default(), turn }
    }

    /// Counts an exchange in, unless the connection is closed.
    pub(crate) fn begin(&self) -> Option<Ticket> {
        let mut count = self.lock();
        if count.is_closed {
            return None;
        }
        count.open += 1;
        Some(Ticket { load: self.clone(), cancel: None })
    }

    /// Exchanges that have not ended.
    pub(crate) fn open(&self) -> usize {
        self.lock().open
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Takes note of how many frames have come.
    pub(crate) fn hear(&self, frames: u64) {
        self.lock().heard = frames;
    }

    /// Frames that have come.
    pub(crate) fn heard(&self) -> u64 {
        self.lock().heard
    }

    /// Lets no exchange begin any more.
    pub(crate) fn close(&self) {
        let is_over = {
            let mut count = self.lock();
            !std::mem::replace(&mut count.is_closed, true) && count.open == 0
        };
        if is_over {
            self.turn.wake_by_ref();
        }
    }

    /// As `close`, if no exchange is open; false otherwise.
    pub(crate) fn close_if_idle(&self) -> bool {
        let is_over = {
            let mut count = self.lock();
            if count.open > 0 {
                return false;
            }
            !std::mem::replace(&mut count.is_closed, true)
        };
        if is_over {
            self.turn.wake_by_ref();
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// One exchange. Dropping it before its response has ended cancels its upload.
pub(crate) struct Ticket {
    load: Load,
    cancel: Option<CancelOnDrop>,
}

impl Ticket {
    /// Makes the upload of the exchange depend on it.
    pub(crate) fn set_cancel(&mut self, cancel: CancelOnDrop) {
        self.cancel = Some(cancel);
    }

    /// Whether the upload of the exchange goes on.
    pub(crate) fn is_uploading(&self) -> bool {
        self.cancel.as_ref().is_some_and(CancelOnDrop::is_uploading)
    }

    /// The response has ended.
    pub(crate) fn complete(mut self) {
        if let Some(cancel) = self.cancel.take() {
            cancel.defuse();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let is_over = {
            let mut count = self.load.lock();
            count.open -= 1;
            count.is_closed && count.open == 0
        };
        if is_over {
            self.load.turn.wake_by_ref();
        }
    }
}
