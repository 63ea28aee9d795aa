//! The place of each signal: how often it came, who is to be told, and what its handler was before ours.
//!
//! Our handler is there exactly while somebody listens. When the last listener goes, what was there before comes back,
//! the default action for one. Only if another library has put its handler over ours meanwhile, both stay: ours does
//! nothing then but to pass on, and is not put in a second time, since the other calls it.
//!
//! # Safety
//!
//! 1. The handler reads two atomics of a static, makes one `write` system call on a descriptor that is never closed, and
//!    calls what was there before. It allocates nothing, takes no lock and leaves `errno` as it was: it is
//!    async-signal-safe if its predecessor is.
//! 2. A [`Previous`] is never freed or changed once the handler may see it.
//! 3. What [`Previous`] says was told by `sigaction`: an address that is no special value is a handler of the form that
//!    `SA_SIGINFO` says.

use std::io;
use std::os::fd::{BorrowedFd, IntoRawFd, OwnedFd};
use std::ptr::{self, null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering::SeqCst};
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::io::fcntl_dupfd_cloexec;

use super::SignalKind;
use crate::sync::Notify;
use crate::sys::pipe;

/// One more than the largest number of a signal.
const NUMBERS: usize = 65;

/// Those whose default cannot be replaced, or that tell of a fault in the very instruction that would go on.
const FORBIDDEN: [i32; 5] = [libc::SIGKILL, libc::SIGSTOP, libc::SIGILL, libc::SIGFPE, libc::SIGSEGV];

static SLOTS: [Slot; NUMBERS] = [const { Slot::new() }; NUMBERS];

pub(super) struct Slot {
    arrivals: AtomicU64,
    /// Where the handler writes; -1 before there is a pipe, which is then never closed.
    bell: AtomicI32,
    /// What the handler passes on to.
    previous: AtomicPtr<Previous>,
    /// Calls all listeners when one of them has read from the pipe.
    pub(super) was_read: LazyLock<Notify>,
    registry: Mutex<Registry>,
}

struct Registry {
    listeners: usize,
    handler: Handler,
    /// The other end of the pipe.
    ear: Option<OwnedFd>,
    /// Every action that ours took the place of; as many as there are handlers.
    known: Vec<&'static Previous>,
}

/// Where our handler is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handler {
    Absent,
    Installed,
    /// Under that of another library, when the last listener went.
    Buried,
}

/// The action that ours took the place of.
#[derive(Clone, Copy)]
struct Previous(libc::sigaction);

impl Slot {
    const fn new() -> Self {
        let registry = Registry { listeners: 0, handler: Handler::Absent, ear: None, known: Vec::new() };
        Self {
            arrivals: AtomicU64::new(0),
            bell: AtomicI32::new(-1),
            previous: AtomicPtr::new(null_mut()),
            was_read: LazyLock::new(Notify::new),
            registry: Mutex::new(registry),
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the signal has come while somebody listened.
    pub(super) fn arrivals(&self) -> u64 {
        self.arrivals.load(SeqCst)
    }

    /// Puts our handler in.
    fn install(&self, number: i32, registry: &mut Registry) -> io::Result<()> {
        let now = current(number)?;
        if now.sa_sigaction == address() {
            return Ok(());
        }
        self.remember(now, registry);
        let replaced = replace(number, &ours())?;
        if replaced.sa_sigaction != now.sa_sigaction {
            self.remember(replaced, registry);
        }
        Ok(())
    }

    fn remember(&self, action: libc::sigaction, registry: &mut Registry) {
        let is_it = |known: &&&Previous| {
            known.0.sa_sigaction == action.sa_sigaction && known.0.sa_flags == action.sa_flags
        };
        let previous = match registry.known.iter().find(is_it) {
            Some(previous) => *previous,
            None => {
                // Never freed, since the handler may be reading it.
                let previous: &'static Previous = Box::leak(Box::new(Previous(action)));
                registry.known.push(previous);
                previous
            }
        };
        self.previous.store(ptr::from_ref(previous).cast_mut(), SeqCst);
    }

    /// Puts back what was there before ours. The registry is locked.
    fn restore(&self, number: i32) -> io::Result<Handler> {
        if current(number)?.sa_sigaction != address() {
            return Ok(Handler::Buried);
        }
        // SAFETY: null, or made by `remember` and never freed (2).
        if let Some(previous) = unsafe { self.previous.load(SeqCst).as_ref() } {
            replace(number, &previous.0)?;
        }
        Ok(Handler::Absent)
    }
}

/// A part in the listening to one signal.
pub(super) struct Listening {
    pub(super) kind: SignalKind,
    pub(super) slot: &'static Slot,
}

impl Listening {
    /// Begins to listen; the descriptor is this listener's own end of the pipe.
    pub(super) fn begin(kind: SignalKind) -> io::Result<(Self, OwnedFd)> {
        let number = kind.as_raw_value();
        let slot = usize::try_from(number).ok().filter(|&number| number > 0).and_then(|n| SLOTS.get(n));
        let Some(slot) = slot.filter(|_| !FORBIDDEN.contains(&number)) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{kind} cannot be caught")));
        };
        let mut registry = slot.registry();
        if registry.ear.is_none() {
            let (ear, bell) = pipe()?;
            slot.bell.store(bell.into_raw_fd(), SeqCst);
            registry.ear = Some(ear);
        }
        let Some(ear) = &registry.ear else { unreachable!("made above") };
        let ear = fcntl_dupfd_cloexec(ear, 0)?;
        let passes_on = match registry.handler {
            Handler::Absent => false,
            Handler::Installed => true,
            // One that is no handler at all cannot be calling ours.
            Handler::Buried => ![libc::SIG_DFL, libc::SIG_IGN].contains(&current(number)?.sa_sigaction),
        };
        if !passes_on {
            slot.install(number, &mut registry)?;
        }
        registry.handler = Handler::Installed;
        registry.listeners += 1;
        Ok((Self { kind, slot }, ear))
    }
}

/// Listens to ctrl-c for ever, so that its default does not come back.
pub(in crate::signal) fn keep_interrupts() -> io::Result<()> {
    static KEPT: OnceLock<Listening> = OnceLock::new();
    if KEPT.get().is_none() {
        let (listening, _) = Listening::begin(SignalKind::interrupt())?;
        // If somebody was faster, theirs is kept.
        let _ = KEPT.set(listening);
    }
    Ok(())
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut registry = self.slot.registry();
        registry.listeners -= 1;
        if registry.listeners == 0 {
            // Fails only for numbers that could not have been installed either.
            registry.handler = self.slot.restore(self.kind.as_raw_value()).unwrap_or(Handler::Installed);
        }
    }
}

fn address() -> usize {
    let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = handle;
    handler as usize
}

fn ours() -> libc::sigaction {
    // SAFETY: a `sigaction` of zeros is valid: the default action, no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = address();
    // Restarted calls spare foreign code an error it does not expect. Not on the alternative stack: it has room for the
    // frame of one signal, and ours may nest.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    action
}

/// The action of a signal now.
fn current(number: i32) -> io::Result<libc::sigaction> {
    // SAFETY: as in `ours`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: nothing is changed, and `action` is there to be written.
    match unsafe { libc::sigaction(number, null(), &raw mut action) } {
        0 => Ok(action),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Changes the action of a signal, and gives the one before.
fn replace(number: i32, action: &libc::sigaction) -> io::Result<libc::sigaction> {
    // SAFETY: as in `ours`.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the new action is our handler, which is async-signal-safe (1), or one that was there before it.
    match unsafe { libc::sigaction(number, action, &raw mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Where this thread's `errno` is.
fn errno() -> *mut i32 {
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    use libc::__errno as location;
    #[cfg(any(target_os = "linux", target_os = "emscripten", target_os = "redox"))]
    use libc::__errno_location as location;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    use libc::__error as location;

    // SAFETY: it has no conditions.
    unsafe { location() }
}

/// What the system calls.
extern "C" fn handle(number: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let errno = errno();
    // SAFETY: the thread's own, always there.
    let saved = unsafe { *errno };
    let Some(slot) = usize::try_from(number).ok().and_then(|number| SLOTS.get(number)) else { return };
    // ORDERING: SeqCst, before the byte: whoever is woken by the byte sees the count.
    slot.arrivals.fetch_add(1, SeqCst);
    let bell = slot.bell.load(SeqCst);
    if bell >= 0 {
        // SAFETY: set once, and never closed.
        let bell = unsafe { BorrowedFd::borrow_raw(bell) };
        // A full pipe tells just as well.
        let _ = rustix::io::write(bell, &[1]);
    }
    // SAFETY: null, or never freed (2).
    if let Some(previous) = unsafe { slot.previous.load(SeqCst).as_ref() } {
        previous.call(number, info, context);
    }
    // SAFETY: the thread's own, always there.
    unsafe { *errno = saved };
}

impl Previous {
    fn call(&self, number: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let action = self.0.sa_sigaction;
        if [libc::SIG_DFL, libc::SIG_IGN].contains(&action) {
            return;
        }
        if self.0.sa_flags & libc::SA_SIGINFO == 0 {
            // SAFETY: a handler of this form (3).
            let handler: extern "C" fn(i32) = unsafe { std::mem::transmute(action) };
            handler(number);
        } else {
            // SAFETY: a handler of this form (3).
            let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(action) };
            handler(number, info, context);
        }
    }
}

/// Empties a listener's end of the pipe. The others believe the count.
pub(super) fn drain(ear: &OwnedFd) -> io::Result<()> {
    let mut bytes = [0; 64];
    loop {
        match rustix::io::read(ear, &mut bytes[..]) {
            Ok(read) if read == bytes.len() => {}
            Ok(_) | Err(rustix::io::Errno::AGAIN) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
