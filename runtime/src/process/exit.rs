//! Waiting for the end of a process.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ExitStatus};
use std::task::{Context, Poll, ready};

use crate::io::PollEvented;
use crate::signal::unix::{Signal, SignalKind, signal};

/// How ends are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// By pidfd where there is one, else by signal.
    Best,
    /// By signal. What systems without pidfd do; tests ask for it on all.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests ask for it"))]
    BySignal,
}

/// Tells when a process may have ended.
#[derive(Debug)]
pub(super) enum ExitWatch {
    Pidfd(PollEvented<OwnedFd>),
    Signal(Signal),
}

impl ExitWatch {
    /// What has to be there before a process starts, so that its end is not missed.
    pub(super) fn prepare(notice: Notice) -> io::Result<Option<Signal>> {
        match notice {
            Notice::Best => Ok(None),
            Notice::BySignal => signal(SignalKind::child()).map(Some),
        }
    }

    /// Watches a process that has just started and that nobody has waited for.
    pub(super) fn begin(child: &Child, prepared: Option<Signal>) -> io::Result<Self> {
        if let Some(signal) = prepared {
            return Ok(Self::Signal(signal));
        }
        match pidfd(child) {
            Some(pidfd) => Ok(Self::Pidfd(PollEvented::new_connecting(pidfd))),
            // It may have ended already: whoever waits asks first.
            None => signal(SignalKind::child()).map(Self::Signal),
        }
    }

    /// Waits until `child` has ended, and reaps it. One task at a time.
    pub(super) fn poll_exit(
        &mut self,
        child: &mut Child,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ExitStatus>> {
        loop {
            match self {
                Self::Pidfd(pidfd) => match ready!(pidfd.poll_read_ready(cx)) {
                    Ok(event) => {
                        if let Some(status) = child.try_wait()? {
                            return Poll::Ready(Ok(status));
                        }
                        pidfd.clear_ready(event)?;
                    }
                    Err(error) => return Poll::Ready(child.try_wait()?.ok_or(error)),
                },
                Self::Signal(arrivals) => {
                    if let Some(status) = child.try_wait()? {
                        return Poll::Ready(Ok(status));
                    }
                    if ready!(arrivals.poll_recv(cx)).is_none() {
                        let gone = io::Error::other("the runtime that waited for this process has shut down");
                        return Poll::Ready(child.try_wait()?.ok_or(gone));
                    }
                }
            }
        }
    }

    /// The pidfd, to be waited for without a runtime.
    pub(super) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Pidfd(pidfd) => Some(pidfd.get_ref().as_fd()),
            Self::Signal(_) => None,
        }
    }
}

#[cfg(target_os = "linux")]
fn pidfd(child: &Child) -> Option<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    // It is closed on exec without being asked. Nobody has reaped the child, so the number is still its.
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn pidfd(_: &Child) -> Option<OwnedFd> {
    None
}
