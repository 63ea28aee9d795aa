//! Waiting for the kernel, and spreading what it tells.

use std::io;
use std::os::fd::RawFd;
use std::task::Waker;
use std::time::Duration;

use mio::unix::SourceFd;

use super::alarm::Alarm;
use super::cells::Token;
use super::{Cells, Interest};
use crate::metrics::Counter;
use crate::time::Ticks;

/// The token of the waker; no cell has it, since generations stay below 2^31.
const WAKE: mio::Token = mio::Token(usize::MAX);
/// The token of the alarm; no cell has it either.
const ALARM: mio::Token = mio::Token(usize::MAX - 1);

/// The side of a driver that anybody may use.
#[derive(Debug)]
pub(crate) struct DriverHandle {
    registry: mio::Registry,
    waker: mio::Waker,
    cells: Cells,
    /// Events of descriptors; written by whoever has the driver.
    events: Counter,
}

/// What a driver has counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    pub(crate) registered: u64,
    pub(crate) deregistered: u64,
    pub(crate) events: u64,
}

/// The side of a driver that waits; behind its worker's lock.
#[derive(Debug)]
pub(crate) struct Driver {
    poll: mio::Poll,
    /// For waits that end at a microsecond, if the runtime has such timers.
    alarm: Option<Alarm>,
    events: mio::Events,
    /// For a worker that has tasks to run, if it is to take fewer.
    busy_events: Option<mio::Events>,
}

impl Driver {
    pub(crate) fn new(
        ticks: Ticks,
        events_max: usize,
        busy_events_max: usize,
    ) -> io::Result<(Self, DriverHandle)> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = mio::Waker::new(&registry, WAKE)?;
        let alarm = match ticks {
            Ticks::Milliseconds => None,
            Ticks::Microseconds => Some(Alarm::new(&registry, ALARM)?),
        };
        let handle = DriverHandle { registry, waker, cells: Cells::new(), events: Counter::new() };
        let events = mio::Events::with_capacity(events_max);
        let busy_events = (busy_events_max < events_max).then(|| mio::Events::with_capacity(busy_events_max));
        Ok((Self { poll, alarm, events, busy_events }, handle))
    }

    /// Waits for events, at most for `timeout`, and hands the wakers they concern to `wake`.
    pub(crate) fn turn(
        &mut self,
        timeout: Option<Duration>,
        handle: &DriverHandle,
        mut wake: impl FnMut(Waker),
    ) -> io::Result<()> {
        let timeout = match (&self.alarm, timeout) {
            (Some(alarm), Some(delay)) if !delay.is_zero() => alarm.set(delay)?,
            _ => timeout,
        };
        let events = match &mut self.busy_events {
            Some(events) if timeout == Some(Duration::ZERO) => events,
            _ => &mut self.events,
        };
        match self.poll.poll(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        for event in &*events {
            if !matches!(event.token(), WAKE | ALARM) {
                handle.events.increment();
                handle.cells.dispatch(event, &mut wake);
            }
        }
        Ok(())
    }
}

impl DriverHandle {
    /// Makes the driver return from its wait.
    pub(crate) fn wake(&self) {
        // The eventfd can only fail for want of memory in the kernel; mio already retries a full counter. A worker
        // that misses this wake still wakes at its next timer or event.
        let _ = self.waker.wake();
    }

    pub(crate) fn census(&self) -> Census {
        let (registered, deregistered) = self.cells.totals();
        Census { registered, deregistered, events: self.events.get() }
    }

    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Adds a descriptor.
    pub(super) fn register(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        self.registry.register(&mut SourceFd(&fd), token.to_mio(), interest.to_mio())
    }

    /// Gives a descriptor that has been added another token, and tells what is ready.
    pub(super) fn reregister(&self, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        self.registry.reregister(&mut SourceFd(&fd), token.to_mio(), interest.to_mio())
    }

    pub(super) fn deregister(&self, fd: RawFd) -> io::Result<()> {
        self.registry.deregister(&mut SourceFd(&fd))
    }

    /// Fails all operations on all descriptors.
    pub(crate) fn shut_down(&self, mut wake: impl FnMut(Waker)) {
        self.cells.shut_down(&mut wake);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_busy_turn_takes_no_more_events_than_it_may() {
        let (mut driver, handle) = Driver::new(Ticks::Milliseconds, 8, 1).unwrap();
        let pairs: Vec<_> = (0..3).map(|_| UnixStream::pair().unwrap()).collect();
        for (near, far) in &pairs {
            let token = handle.cells().take().unwrap();
            handle.register(near.as_raw_fd(), token, Interest::READABLE).unwrap();
            (&*far).write_all(b"x").unwrap();
        }
        driver.turn(Some(Duration::ZERO), &handle, Waker::wake).unwrap();
        assert_eq!(handle.census().events, 1);
        driver.turn(Some(Duration::from_secs(60)), &handle, Waker::wake).unwrap();
        assert_eq!(handle.census().events, 3);
    }
}
