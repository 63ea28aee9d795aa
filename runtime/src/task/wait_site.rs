//! What a task waits for.
//!
//! Every leaf future of this crate says its name to the task that polls it when it answers `Pending`: one byte stored.
//! A poll begins with the byte cleared, so what is found there is of the last poll. A task that waits for several
//! things at once shows the one it polled last.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::current;

macro_rules! wait_sites {
    ($($(#[$attribute:meta])* $name:ident = $text:literal,)*) => {
        /// What a task waits for, as far as it waits for a future of this crate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum WaitSite {
            $($(#[$attribute])* $name,)*
        }

        const ALL: &[WaitSite] = &[$(WaitSite::$name,)*];

        impl WaitSite {
            /// The name, as in `mpsc recv`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

wait_sites! {
    /// It gave way, with [`yield_now`](super::yield_now()).
    Yield = "yield",
    /// Its [budget](super::coop) is spent.
    Budget = "budget",
    /// Another task, through its handle.
    Join = "join",
    /// A point in time.
    Sleep = "sleep",
    /// A descriptor that can be read.
    Readable = "readable",
    /// A descriptor that can be written.
    Writable = "writable",
    /// A descriptor, for one of several things.
    Ready = "ready",
    /// A value from a [`oneshot`](crate::sync::oneshot).
    OneshotRecv = "oneshot recv",
    /// The end of the receiver of a [`oneshot`](crate::sync::oneshot).
    OneshotClosed = "oneshot closed",
    /// A message from an [`mpmc`](crate::sync::mpmc).
    MpmcRecv = "mpmc recv",
    /// Room in an [`mpmc`](crate::sync::mpmc).
    MpmcSend = "mpmc send",
    /// A message from an [`mpsc`](crate::sync::mpsc).
    MpscRecv = "mpsc recv",
    /// Room in an [`mpsc`](crate::sync::mpsc).
    MpscSend = "mpsc send",
    /// The end of the receiver of an [`mpsc`](crate::sync::mpsc).
    MpscClosed = "mpsc closed",
    /// A message from a [`broadcast`](crate::sync::broadcast).
    BroadcastRecv = "broadcast recv",
    /// A change of a [`watch`](crate::sync::watch).
    WatchChanged = "watch changed",
    /// The end of all receivers of a [`watch`](crate::sync::watch).
    WatchClosed = "watch closed",
    /// A [`Mutex`](crate::sync::Mutex).
    MutexLock = "mutex lock",
    /// A [`RwLock`](crate::sync::RwLock), to read.
    RwLockRead = "rwlock read",
    /// A [`RwLock`](crate::sync::RwLock), to write.
    RwLockWrite = "rwlock write",
    /// Permits of a [`Semaphore`](crate::sync::Semaphore).
    Semaphore = "semaphore",
    /// A call of a [`Notify`](crate::sync::Notify).
    Notify = "notify",
    /// The others at a [`Barrier`](crate::sync::Barrier).
    Barrier = "barrier",
    /// Whoever fills a [`OnceCell`](crate::sync::OnceCell).
    OnceCell = "once cell",
    /// The value of a [`SetOnce`](crate::sync::SetOnce).
    SetOnce = "set once",
    /// The end of the tasks of a [`TaskTracker`](super::TaskTracker).
    TaskTracker = "task tracker",
    /// The end of a [`CancellationToken`](crate::sync::CancellationToken).
    Cancelled = "cancelled",
}

const _: () = assert!(ALL.len() < u8::MAX as usize);

impl WaitSite {
    pub(super) const fn to_bits(self) -> u8 {
        self as u8 + 1
    }

    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        ALL.get(usize::from(bits).checked_sub(1)?).copied()
    }

    /// `Pending`, having told the task that is polled what it waits for.
    #[inline]
    pub(crate) fn pending<T>(self) -> Poll<T> {
        self.mark();
        Poll::Pending
    }

    /// The same poll, having told the task that is polled what it waits for if it does.
    #[inline]
    pub(crate) fn of<T>(self, poll: Poll<T>) -> Poll<T> {
        if poll.is_pending() {
            self.mark();
        }
        poll
    }

    /// The same future under another name than that of what it is made from.
    pub(crate) async fn during<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| self.of(future.as_mut().poll(cx))).await
    }

    /// Tells the task that is polled, if there is one, that this is what it waits for.
    #[inline]
    pub(crate) fn mark(self) {
        current::with(|task| {
            if let Some(task) = task {
                task.record.set_wait(self);
            }
        });
    }
}

impl fmt::Display for WaitSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_one_byte_there_and_back() {
        for &site in ALL {
            assert_eq!(WaitSite::from_bits(site.to_bits()), Some(site), "{site}");
        }
        assert_eq!((WaitSite::from_bits(0), WaitSite::from_bits(u8::MAX)), (None, None));
    }
}
