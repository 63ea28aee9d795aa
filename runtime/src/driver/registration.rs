//! A descriptor's place in a driver, taken when it is first needed.

use std::io;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use super::cell::{Direction, Seen};
use super::cells::Token;
use super::place::{Asked, Place, gone};
use super::ready::{Interest, Ready};
use super::turn::DriverHandle;
use crate::scheduler;
use crate::shim::Mutex;
use crate::task::{WaitSite, coop};

/// The tick of readiness that was assumed, not told; no cell reaches it.
const ASSUMED: usize = usize::MAX;

/// Readiness as it was when an operation was tried; see [`PollEvented::clear_ready`](super::PollEvented::clear_ready).
#[derive(Clone, Copy, Debug)]
#[must_use = "try the operation, and clear the readiness if it would block"]
pub struct ReadyEvent(Seen);

impl ReadyEvent {
    /// What was ready.
    #[must_use]
    pub fn ready(&self) -> Ready {
        self.0.ready
    }

    /// The same moment, of `ready` only what was ready then.
    pub(super) fn narrowed(self, ready: Ready) -> Self {
        Self(Seen { ready: self.0.ready.intersection(ready), ..self.0 })
    }
}

#[derive(Debug)]
pub(super) struct Registration {
    place: OnceLock<Place>,
    /// What to believe of what the kernel was not asked for yet.
    assumed: Ready,
    owner: Owner,
    /// Held while the kernel is asked, for the first time or for more.
    asking: Mutex<()>,
}

/// Whose the number of the descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Ours alone: if epoll has that number with that open file already, it is left over from a descriptor that was
    /// closed while its file stayed open elsewhere.
    Us,
    /// Others may have registered it too.
    Others,
}

impl Registration {
    /// Joins a driver when an operation first blocks.
    pub(super) fn new(assumed: Ready) -> Self {
        Self { place: OnceLock::new(), assumed, owner: Owner::Us, asking: Mutex::new(()) }
    }

    /// Joins a driver at once, and assumes nothing.
    pub(super) fn new_now(fd: RawFd, interest: Interest) -> io::Result<Self> {
        let registration = Self {
            place: OnceLock::new(),
            assumed: Ready::EMPTY,
            owner: Owner::Others,
            asking: Mutex::new(()),
        };
        registration.join(fd, Asked::All, interest)?;
        Ok(registration)
    }

    /// The place in a driver, once the kernel was asked for what `wanted` says.
    fn asked(&self, fd: RawFd, wanted: Asked) -> io::Result<&Place> {
        match self.place.get() {
            Some(place) if place.has_asked(wanted) => Ok(place),
            _ => self.ask(fd, wanted),
        }
    }

    #[cold]
    fn ask(&self, fd: RawFd, wanted: Asked) -> io::Result<&Place> {
        let _asking = self.asking.lock();
        match self.place.get() {
            Some(place) if place.has_asked(wanted) => Ok(place),
            Some(place) => {
                place.handle()?.reregister(fd, place.token, wanted.interest())?;
                place.set_asked(wanted);
                Ok(place)
            }
            None => self.join(fd, wanted, wanted.interest()),
        }
    }

    /// Joins the driver of the worker that runs, or of any worker of the entered runtime. With the lock held, or by the
    /// only one who knows of the registration.
    fn join(&self, fd: RawFd, asked: Asked, interest: Interest) -> io::Result<&Place> {
        let (runtime, worker) = scheduler::current_driver().ok_or_else(|| {
            io::Error::other(
                "I/O that would block was polled outside a Minato runtime; run it inside `block_on` or a spawned \
                 task, or enter the runtime with `Handle::enter`",
            )
        })?;
        let remote = runtime.remote(worker);
        let handle = remote.driver_handle().ok_or_else(gone)?;
        let token = handle.cells().take().ok_or_else(|| io::Error::other("too many descriptors"))?;
        if let Err(error) = self.register(handle, fd, token, interest) {
            handle.cells().give_back(token);
            return Err(error);
        }
        runtime.ensure_driven(worker);
        let is_shut_down = runtime.is_shut_down();
        let place = Place::new(runtime, worker, token, asked).ok_or_else(gone)?;
        if is_shut_down {
            place.cell().shut_down(&mut |waker| waker.wake());
        }
        Ok(self.place.get_or_init(|| place))
    }

    fn register(&self, handle: &DriverHandle, fd: RawFd, token: Token, interest: Interest) -> io::Result<()> {
        match handle.register(fd, token, interest) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.owner == Owner::Us => {
                handle.reregister(fd, token, interest)
            }
            result => result,
        }
    }

    /// What is ready as far as is known: told by the kernel, or assumed where that was not asked. Nothing if that says to
    /// wait.
    #[inline]
    fn known(&self, interest: Interest) -> Option<Seen> {
        let assumed = self.assumed.intersection(interest.mask());
        let seen = match self.place.get() {
            None => Seen { ready: assumed, tick: ASSUMED, is_shut_down: false },
            Some(place) => {
                let mut seen = place.cell().look(interest);
                if !place.has_asked(Asked::for_interest(interest)) {
                    seen.ready |= assumed.intersection(Ready::WRITABLE);
                }
                seen
            }
        };
        seen.is_conclusive().then_some(seen)
    }

    #[inline]
    pub(super) fn poll_ready(
        &self,
        fd: RawFd,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ReadyEvent>> {
        let unit = std::task::ready!(coop::poll_proceed(cx));
        let seen = match self.known(direction.interest()) {
            Some(seen) => seen,
            None => std::task::ready!(self.wait(fd, direction, cx))?,
        };
        unit.made_progress();
        Poll::Ready(seen.conclude())
    }

    #[inline(never)]
    fn wait(&self, fd: RawFd, direction: Direction, cx: &Context<'_>) -> Poll<io::Result<Seen>> {
        let place = self.asked(fd, Asked::for_interest(direction.interest()))?;
        direction.wait_site().of(place.cell().poll_ready(direction, cx)).map(Ok)
    }

    /// Waits until nothing more can be read than is there. The kernel has to be asked for that, even by who has never
    /// been blocked.
    pub(super) fn poll_read_closed(&self, fd: RawFd, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let cell = self.asked(fd, Asked::Reading)?.cell();
        WaitSite::Readable.of(cell.poll_read_closed(cx)).map(Ok)
    }

    fn poll_ready_shared(
        &self,
        fd: RawFd,
        interest: Interest,
        key: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ReadyEvent>> {
        let unit = std::task::ready!(coop::poll_proceed(cx));
        let seen = match self.known(interest) {
            Some(seen) => {
                self.forget_waiter(key);
                seen
            }
            None => {
                let cell = self.asked(fd, Asked::for_interest(interest))?.cell();
                std::task::ready!(WaitSite::Ready.of(cell.poll_ready_shared(interest, key, cx)))
            }
        };
        unit.made_progress();
        Poll::Ready(seen.conclude())
    }

    fn forget_waiter(&self, key: &mut Option<u64>) {
        if let Some(place) = self.place.get() {
            place.cell().forget_waiter(key);
        }
    }

    /// What is ready without waiting; nothing before the first registration was assumed away.
    pub(super) fn look(&self, fd: RawFd, interest: Interest) -> io::Result<ReadyEvent> {
        match self.known(interest) {
            Some(seen) => seen.conclude(),
            None => self.asked(fd, Asked::for_interest(interest))?.cell().look(interest).conclude(),
        }
    }

    /// Waits in the list; any number of tasks.
    pub(super) fn ready(&self, fd: RawFd, interest: Interest) -> WaitReady<'_> {
        WaitReady { registration: self, fd, interest, key: None }
    }

    /// Takes note that an operation tried at `event` would block.
    pub(super) fn clear_blocked(&self, fd: RawFd, event: ReadyEvent) -> io::Result<()> {
        self.asked(fd, Asked::for_ready(event.ready()))?.cell().clear_blocked(event.0);
        Ok(())
    }

    /// Takes note that what was ready at `event` has been used up.
    pub(super) fn clear_used(&self, fd: RawFd, event: ReadyEvent) -> io::Result<()> {
        self.asked(fd, Asked::for_ready(event.ready()))?.cell().clear(event.0);
        Ok(())
    }

    /// Takes note that a transfer tried at `event` was short, if that is worth anything yet: a descriptor that never
    /// blocked is in no driver, and stays out.
    #[inline]
    pub(super) fn clear_short(&self, event: ReadyEvent) {
        if let Some(place) = self.place.get() {
            place.cell().clear(event.0);
        }
    }

    /// Leaves the driver for good; for descriptors that live on.
    pub(super) fn deregister(&mut self, fd: RawFd) -> io::Result<()> {
        let Some(place) = self.place.take() else { return Ok(()) };
        let Ok(handle) = place.handle() else { return Ok(()) };
        let result = handle.deregister(fd);
        handle.cells().give_back(place.token);
        result
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(place) = self.place.take()
            && let Ok(handle) = place.handle()
        {
            handle.cells().give_back(place.token);
        }
    }
}

/// A place in the list of those who wait for a descriptor.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub(super) struct WaitReady<'a> {
    registration: &'a Registration,
    fd: RawFd,
    interest: Interest,
    key: Option<u64>,
}

impl Future for WaitReady<'_> {
    type Output = io::Result<ReadyEvent>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.registration.poll_ready_shared(this.fd, this.interest, &mut this.key, cx)
    }
}

impl Drop for WaitReady<'_> {
    fn drop(&mut self) {
        if self.key.is_some() {
            self.registration.forget_waiter(&mut self.key);
        }
    }
}

impl Seen {
    fn conclude(self) -> io::Result<ReadyEvent> {
        if self.is_shut_down { Err(gone()) } else { Ok(ReadyEvent(self)) }
    }
}
