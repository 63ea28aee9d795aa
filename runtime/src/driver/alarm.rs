//! Waiting for less than a millisecond, which is what `epoll_wait` counts in.
//!
//! A timer descriptor in the driver ends the wait at the nanosecond. It is edge-triggered like everything in there, and
//! the kernel reports every expiry as an edge, so nothing is read from it.

use std::io;
use std::time::Duration;

#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Alarm(rustix::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Alarm {
    /// An alarm whose events carry `token`.
    pub(super) fn new(registry: &mio::Registry, token: mio::Token) -> io::Result<Self> {
        use std::os::fd::AsRawFd;

        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        registry.register(&mut mio::unix::SourceFd(&fd.as_raw_fd()), token, mio::Interest::READABLE)?;
        Ok(Self(fd))
    }

    /// Has the driver woken after `delay`, and returns how long it may wait otherwise.
    pub(super) fn set(&self, delay: Duration) -> io::Result<Option<Duration>> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};

        let Ok(tv_sec) = i64::try_from(delay.as_secs()) else { return Ok(Some(delay)) };
        let once = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec, tv_nsec: i64::from(delay.subsec_nanos()) },
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        Ok(None)
    }
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Alarm;

#[cfg(not(target_os = "linux"))]
impl Alarm {
    pub(super) fn new(_: &mio::Registry, _: mio::Token) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn set(&self, delay: Duration) -> io::Result<Option<Duration>> {
        Ok(Some(delay))
    }
}
