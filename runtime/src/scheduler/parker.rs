//! The handshake between a worker that goes to sleep and those who wake it.
//!
//! Both sides swap the same word, so whichever comes second sees the other: a sleeper that was told first does not
//! sleep, and one that announced first is woken through its driver.

use crate::shim::atomic::AtomicU8;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed};

const AWAKE: u8 = 0;
const TOLD: u8 = 1;
const ASLEEP: u8 = 2;

pub(crate) struct Parker(AtomicU8);

impl Parker {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(AWAKE))
    }

    /// Announces sleep. False if the worker was told of something since it last woke: it must look, not sleep.
    pub(crate) fn announce(&self) -> bool {
        // ORDERING: AcqRel [park]: Acquire sees what was published before the telling.
        if self.0.swap(ASLEEP, AcqRel) == TOLD {
            self.0.swap(AWAKE, AcqRel);
            return false;
        }
        true
    }

    /// Ends the sleep, for whatever reason.
    pub(crate) fn wake_up(&self) {
        // ORDERING: AcqRel [park]: Acquire sees what was published before the telling.
        self.0.swap(AWAKE, AcqRel);
    }

    /// Tells the worker to look. True if it sleeps: the caller must wake its driver.
    #[must_use]
    pub(crate) fn tell(&self) -> bool {
        // ORDERING: AcqRel [park]: Release publishes what the worker is to look for.
        self.0.swap(TOLD, AcqRel) == ASLEEP
    }

    /// Whether a sleeper was told since it announced its sleep.
    pub(crate) fn was_told(&self) -> bool {
        // ORDERING: Acquire [park].
        self.0.load(Acquire) == TOLD
    }

    /// Whether the worker slept at some recent moment.
    pub(crate) fn is_asleep(&self) -> bool {
        self.0.load(Relaxed) == ASLEEP
    }
}
