//! Unix signals.
//!
//! A handler may do next to nothing, so ours sends one byte through a socket that is made for it; a task waits at the
//! other end like at any other socket. What the handler had to do before, it still does.
//!
//! # Safety
//!
//! 1. The action given to the handler does one `send` system call on a descriptor that lives as long as the action.
//!    It allocates nothing, takes no lock and leaves `errno` alone: rustix makes the call without libc. So it is
//!    async-signal-safe.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendFlags};
use rustix::process::Signal as Number;
use signal_hook_registry::SigId;

use crate::io::PollEvented;

/// Which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

macro_rules! kinds {
    ($($name:ident $number:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[must_use]
        pub const fn $name() -> Self {
            Self(Number::$number.as_raw())
        }
    )*};
}

impl SignalKind {
    /// The signal of that number.
    #[must_use]
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// The number of the signal.
    #[must_use]
    pub const fn as_raw_value(&self) -> i32 {
        self.0
    }

    kinds! {
        alarm ALARM "`SIGALRM`: a timer of the system has run out.";
        child CHILD "`SIGCHLD`: a child process has changed its state.";
        hangup HUP "`SIGHUP`: the terminal has gone; by custom, read the configuration again.";
        interrupt INT "`SIGINT`: ctrl-c.";
        pipe PIPE "`SIGPIPE`: written to a pipe that nobody reads.";
        quit QUIT "`SIGQUIT`: ctrl-backslash.";
        terminate TERM "`SIGTERM`: please end.";
        user_defined1 USR1 "`SIGUSR1`.";
        user_defined2 USR2 "`SIGUSR2`.";
        window_change WINCH "`SIGWINCH`: the terminal has changed its size.";
    }
}

/// Keeps the arrivals of one kind of signal until they are asked for.
///
/// Any number of these may exist for one kind; each sees every arrival. Arrivals that nobody has asked for yet count
/// as one. Dropping it stops the counting, but the default action does not come back.
pub struct Signal {
    kind: SignalKind,
    arrivals: PollEvented<UnixStream>,
    action: SigId,
}

/// Starts to keep the arrivals of a kind of signal, in place of the default action.
///
/// # Errors
///
/// If the signal cannot be caught, or descriptors have run out.
///
/// ```
/// use minato_runtime::signal::unix::{SignalKind, signal};
///
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let mut hangups = signal(SignalKind::hangup())?;
/// # rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP)?;
/// hangups.recv().await;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    if signal_hook_registry::FORBIDDEN.contains(&kind.0) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("signal {} cannot be caught", kind.0),
        ));
    }
    let (sender, receiver) = UnixStream::pair()?;
    sender.set_nonblocking(true)?;
    receiver.set_nonblocking(true)?;
    let tell = move || {
        // A full buffer tells just as well.
        let _ = rustix::net::send(&sender, &[1], SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
    };
    // SAFETY: (1).
    let action = unsafe { signal_hook_registry::register(kind.0, tell) }?;
    Ok(Signal { kind, arrivals: PollEvented::new(receiver), action })
}

impl Signal {
    /// Waits for an arrival since the last one that was returned. `None` if the runtime has shut down.
    ///
    /// # Cancel safety
    ///
    /// No arrival is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Waits for an arrival; see [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let arrived = ready!(self.arrivals.poll_read_io(cx, |receiver| {
            let mut buf = [0; 64];
            let first = rustix::net::recv(receiver, &mut buf[..], RecvFlags::empty())?.1;
            let mut taken = first;
            while taken == buf.len() {
                taken =
                    rustix::net::recv(receiver, &mut buf[..], RecvFlags::empty()).map_or(0, |taken| taken.1);
            }
            Ok(first != 0)
        }));
        Poll::Ready(arrived.is_ok_and(|is_any| is_any).then_some(()))
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        signal_hook_registry::unregister(self.action);
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("kind", &self.kind).finish_non_exhaustive()
    }
}
