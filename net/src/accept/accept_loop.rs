//! Accepts for ever.

use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use minato_runtime::time::{Sleep, sleep};

use super::{AcceptControl, Listener};
use crate::limits::{ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN, ACCEPT_RETRIES_MAX};

/// Accepts connections for ever.
///
/// ```
/// use minato_net::{TcpListener, accept::AcceptLoop};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let address = listener.local_addr().unwrap();
/// let mut connections = AcceptLoop::new(listener);
/// let client = minato_net::TcpStream::connect(address).await.unwrap();
/// let (_stream, peer) = connections.accept().await;
/// assert_eq!(peer, client.local_addr().unwrap());
/// # });
/// ```
pub struct AcceptLoop<L> {
    listener: L,
    /// Given up to accept one more connection when there is no other descriptor left.
    reserve: Option<File>,
    /// Failed connections since the last good one or the last pause.
    retries: u32,
    /// The length of the last pause, if there was no good connection since.
    pause: Duration,
    /// The pause that goes on.
    resting: Option<Sleep>,
    control: Option<AcceptControl>,
}

/// What an error of `accept` calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// It concerned one connection.
    Retry,
    /// There is no descriptor.
    UseReserve,
    /// There is no memory, or something else that may pass.
    Pause,
}

impl Remedy {
    fn of(error: &io::Error) -> Self {
        use rustix::io::Errno;
        // accept(2), "Error handling": pending network errors of the new connection are to be treated like EAGAIN.
        const ONE_CONNECTION: [Errno; 12] = [
            Errno::CONNABORTED,
            Errno::CONNRESET,
            Errno::CONNREFUSED,
            Errno::INTR,
            Errno::PROTO,
            Errno::NETDOWN,
            Errno::NOPROTOOPT,
            Errno::HOSTDOWN,
            Errno::HOSTUNREACH,
            Errno::NETUNREACH,
            Errno::OPNOTSUPP,
            Errno::PERM,
        ];
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::MFILE | Errno::NFILE) => Self::UseReserve,
            Some(errno) if ONE_CONNECTION.contains(&errno) => Self::Retry,
            _ => Self::Pause,
        }
    }
}

impl<L: Listener> AcceptLoop<L> {
    /// A loop over the connections of `listener`.
    pub fn new(listener: L) -> Self {
        Self {
            listener,
            reserve: open_reserve(),
            retries: 0,
            pause: Duration::ZERO,
            resting: None,
            control: None,
        }
    }

    /// What pauses this loop and lets it go on.
    pub fn control(&mut self) -> AcceptControl {
        self.control.get_or_insert_with(AcceptControl::new).clone()
    }

    /// The listener.
    pub fn get_ref(&self) -> &L {
        &self.listener
    }

    /// The listener, without the loop.
    pub fn into_inner(self) -> L {
        self.listener
    }

    /// Waits for a connection, whatever happens in between.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped.
    pub async fn accept(&mut self) -> (L::Io, L::Addr) {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// Waits for a connection; see [`accept`](Self::accept).
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(L::Io, L::Addr)> {
        loop {
            if let Some(control) = &self.control {
                ready!(control.poll_open(cx));
            }
            if let Some(resting) = &mut self.resting {
                ready!(resting.poll_elapsed(cx));
                self.resting = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok(connection) => {
                    (self.retries, self.pause) = (0, Duration::ZERO);
                    return Poll::Ready(connection);
                }
                Err(error) => self.handle_error(&error, cx),
            }
        }
    }

    fn handle_error(&mut self, error: &io::Error, cx: &mut Context<'_>) {
        match Remedy::of(error) {
            Remedy::Retry if self.retries < ACCEPT_RETRIES_MAX => {
                self.retries += 1;
                return;
            }
            Remedy::UseReserve => self.turn_one_away(cx),
            Remedy::Retry | Remedy::Pause => {}
        }
        self.retries = 0;
        self.pause = (self.pause * 2).clamp(ACCEPT_PAUSE_MIN, ACCEPT_PAUSE_MAX);
        self.resting = Some(sleep(self.pause));
    }

    /// Closes the connection that waits longest, so that its peer does not wait in vain.
    fn turn_one_away(&mut self, cx: &mut Context<'_>) {
        if self.reserve.take().is_some() {
            drop(self.listener.poll_accept(cx));
        }
        self.reserve = open_reserve();
    }
}

impl<L: fmt::Debug> fmt::Debug for AcceptLoop<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptLoop").field("listener", &self.listener).finish_non_exhaustive()
    }
}

fn open_reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use minato_runtime::runtime::{Builder, Runtime};
    use minato_runtime::time::Instant;
    use rustix::io::Errno;
    use std::collections::VecDeque;

    /// Answers as scripted.
    struct Script(VecDeque<Result<u32, Errno>>);

    impl Listener for Script {
        type Io = u32;
        type Addr = ();

        fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<io::Result<(u32, ())>> {
            match self.0.pop_front() {
                Some(Ok(io)) => Poll::Ready(Ok((io, ()))),
                Some(Err(errno)) => Poll::Ready(Err(errno.into())),
                None => Poll::Pending,
            }
        }
    }

    fn run(script: Vec<Result<u32, Errno>>) -> (u32, Duration) {
        let runtime: Runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let mut connections = AcceptLoop::new(Script(script.into()));
            (connections.accept().await.0, start.elapsed())
        })
    }

    #[test]
    fn an_aborted_connection_is_passed_over_at_once() {
        let (io, waited) = run(vec![Err(Errno::CONNABORTED), Err(Errno::PROTO), Ok(7)]);
        assert_eq!((io, waited), (7, Duration::ZERO));
    }

    #[test]
    fn without_descriptors_one_peer_is_turned_away_and_the_loop_pauses() {
        let (io, waited) = run(vec![Err(Errno::MFILE), Ok(1), Ok(2)]);
        assert_eq!(io, 2);
        assert!(waited >= ACCEPT_PAUSE_MIN && waited < ACCEPT_PAUSE_MIN * 2);
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let mut script = vec![Err(Errno::NOMEM); 20];
        script.push(Ok(3));
        let (_, waited) = run(script);
        // 5 + 10 + … + 640 ms, then one second each.
        assert!(waited >= Duration::from_millis(1275) + ACCEPT_PAUSE_MAX * 12, "{waited:?}");
        assert!(waited <= Duration::from_millis(1300) + ACCEPT_PAUSE_MAX * 12, "{waited:?}");
    }

    #[test]
    fn an_error_that_never_ends_does_not_spin() {
        let mut script = vec![Err(Errno::CONNABORTED); 65];
        script.push(Ok(4));
        assert!(run(script).1 >= ACCEPT_PAUSE_MIN);
    }
}
