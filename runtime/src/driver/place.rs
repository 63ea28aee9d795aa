//! Where a descriptor is in a driver: its cell, and what the kernel was asked about it.
//!
//! Every operation on a socket begins here, so the way to the cell is one pointer and not a walk through worker, driver
//! and page.
//!
//! # Safety
//!
//! 1. `cell` is the cell of `token` in the driver of `worker`. Cells stay where they are as long as their runtime, which
//!    `runtime` keeps alive.

use std::io;
use std::ptr::NonNull;

use super::cell::IoCell;
use super::cells::Token;
use super::ready::{Interest, Ready};
use super::turn::DriverHandle;
use crate::scheduler::SharedRef;
use crate::shim::atomic::AtomicU8;
use crate::shim::atomic::Ordering::Relaxed;

/// What the kernel is asked for; it only grows.
///
/// Most sockets have room to write whenever there is something to be written. Asked for that too when they first
/// have nothing to read, the kernel would say so at once, and wake a task for nothing. The first write that blocks asks.
/// No edge is lost, because asking for more reports what is ready already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Asked {
    Reading,
    All,
}

impl Asked {
    /// What an operation needs that waits for `interest`.
    #[inline]
    pub(super) fn for_interest(interest: Interest) -> Self {
        Self::for_ready(interest.mask())
    }

    /// What an operation needs that waits for `ready`.
    #[inline]
    pub(super) fn for_ready(ready: Ready) -> Self {
        if ready.is_writable() { Self::All } else { Self::Reading }
    }

    pub(super) fn interest(self) -> Interest {
        match self {
            Self::Reading => Interest::READABLE,
            Self::All => Interest::READABLE.add(Interest::WRITABLE),
        }
    }
}

#[derive(Debug)]
pub(super) struct Place {
    runtime: SharedRef,
    cell: NonNull<IoCell>,
    worker: u32,
    pub(super) token: Token,
    /// An [`Asked`]; written by whoever holds the registration's lock.
    asked: AtomicU8,
}

// SAFETY: what is behind the pointer is shared by reference, and `IoCell` is `Sync`.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<IoCell>();
    is_shared::<SharedRef>();
};

impl Place {
    /// The place that `token` is in the driver of a worker; nothing if there is no such driver.
    pub(super) fn new(runtime: SharedRef, worker: u32, token: Token, asked: Asked) -> Option<Self> {
        let cell = NonNull::from(runtime.remote(worker).driver_handle()?.cells().get(token.index)?);
        Some(Self { runtime, cell, worker, token, asked: AtomicU8::new(asked as u8) })
    }

    #[inline]
    pub(super) fn cell(&self) -> &IoCell {
        // SAFETY: (1).
        unsafe { self.cell.as_ref() }
    }

    pub(super) fn handle(&self) -> io::Result<&DriverHandle> {
        self.runtime.remote(self.worker).driver_handle().ok_or_else(gone)
    }

    /// Whether the kernel tells of all that is in `wanted`. Nothing is published with the answer: who hears an old one
    /// takes the lock, or tries an operation in vain.
    #[inline]
    pub(super) fn has_asked(&self, wanted: Asked) -> bool {
        self.asked.load(Relaxed) >= wanted as u8
    }

    /// Takes note that the kernel was asked; with the registration's lock held.
    pub(super) fn set_asked(&self, asked: Asked) {
        self.asked.store(asked as u8, Relaxed);
    }
}

pub(super) fn gone() -> io::Error {
    io::Error::other("the runtime that drove this descriptor has shut down")
}
