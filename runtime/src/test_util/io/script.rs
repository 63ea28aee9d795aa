//! The steps of a script, shared by the stream that follows it and the handle that adds to it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// What happens next.
#[derive(Debug)]
pub(super) enum Step {
    Read(VecDeque<u8>),
    Write(VecDeque<u8>),
    Wait(Duration),
    ReadError(io::Error),
    WriteError(io::Error),
    Shutdown,
}

#[derive(Debug)]
pub(super) struct Script {
    pub(super) steps: VecDeque<Step>,
    /// Whether there may be steps to come.
    pub(super) is_open: bool,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

impl Script {
    /// Those who wait for a step that is not theirs, to be woken without the lock.
    pub(super) fn take_wakers(&mut self) -> [Option<Waker>; 2] {
        [self.reader.take(), self.writer.take()]
    }
}

#[derive(Debug)]
pub(super) struct Shared(Arc<Mutex<Script>>);

impl Shared {
    pub(super) fn new(steps: VecDeque<Step>) -> Self {
        Self(Arc::new(Mutex::new(Script { steps, is_open: true, reader: None, writer: None })))
    }

    pub(super) fn another(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// A panic of a test about one step leaves the script as it was.
    pub(super) fn lock(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, step: Step) {
        self.change(|script| script.steps.push_back(step));
    }

    /// No step will be added any more.
    pub(super) fn end(&self) {
        self.change(|script| script.is_open = false);
    }

    fn change(&self, change: impl FnOnce(&mut Script)) {
        let mut script = self.lock();
        change(&mut script);
        let wakers = script.take_wakers();
        drop(script);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}
