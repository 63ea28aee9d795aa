//! Attempts that begin one after the other and run beside each other, until one succeeds.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use minato_runtime::time::{Sleep, sleep};

/// Runs `attempt` on the addresses in order. The next begins when the last begun has not succeeded within `delay`, or
/// when one fails. The first success ends the others.
pub(super) async fn first_of<T, F>(
    addresses: Vec<SocketAddr>,
    delay: Duration,
    attempt: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut race = Race {
        addresses: addresses.into_iter(),
        attempt: |address| Box::pin(attempt(address)),
        running: Vec::new(),
        pause: None,
        delay,
        last: io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
    };
    poll_fn(|cx| race.poll(cx)).await
}

struct Race<F, N> {
    addresses: std::vec::IntoIter<SocketAddr>,
    attempt: N,
    running: Vec<Pin<Box<F>>>,
    /// Until the next attempt begins; none if the next may begin now, or there is none.
    pause: Option<Sleep>,
    delay: Duration,
    last: io::Error,
}

impl<T, F, N> Race<F, N>
where
    F: Future<Output = io::Result<T>>,
    N: FnMut(SocketAddr) -> Pin<Box<F>>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            if let Poll::Ready(stream) = self.poll_running(cx) {
                return Poll::Ready(Ok(stream));
            }
            if let Some(pause) = &mut self.pause {
                match pause.poll_elapsed(cx) {
                    Poll::Ready(()) => self.pause = None,
                    Poll::Pending => return Poll::Pending,
                }
            }
            let Some(address) = self.addresses.next() else {
                if !self.running.is_empty() {
                    return Poll::Pending;
                }
                let none = io::Error::from(io::ErrorKind::NotFound);
                return Poll::Ready(Err(std::mem::replace(&mut self.last, none)));
            };
            let begun = (self.attempt)(address);
            self.running.push(begun);
            if !self.addresses.as_slice().is_empty() {
                self.pause = Some(sleep(self.delay));
            }
        }
    }

    /// Polls the attempts under way; one that fails lets the next begin.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        let mut index = 0;
        while let Some(attempt) = self.running.get_mut(index) {
            match attempt.as_mut().poll(cx) {
                Poll::Pending => index += 1,
                Poll::Ready(Ok(stream)) => return Poll::Ready(stream),
                Poll::Ready(Err(error)) => {
                    drop(self.running.remove(index));
                    self.last = error;
                    self.pause = None;
                }
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minato_runtime::runtime::Builder;
    use minato_runtime::time::Instant;
    use std::cell::RefCell;

    /// What happens to an attempt: how long it takes, and whether it succeeds.
    type Script = [(u64, bool)];

    /// The index of the winner, the milliseconds it took, and when each attempt began.
    fn run(script: &Script) -> (io::Result<u16>, u64, Vec<u64>) {
        let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let since = || u64::try_from(start.elapsed().as_millis()).unwrap();
            let begun = RefCell::new(Vec::new());
            let addresses = (0..script.len()).map(|index| SocketAddr::from(([127, 0, 0, 1], index as u16)));
            let result = first_of(addresses.collect(), Duration::from_millis(250), async |address| {
                begun.borrow_mut().push(since());
                let (millis, succeeds) = script[usize::from(address.port())];
                sleep(Duration::from_millis(millis)).await;
                if succeeds { Ok(address.port()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
            });
            let result = result.await;
            (result, since(), begun.into_inner())
        })
    }

    #[test]
    fn a_first_that_answers_is_the_only_one_tried() {
        let (winner, took, begun) = run(&[(100, true), (1, true)]);
        assert_eq!((winner.unwrap(), begun.len()), (0, 1));
        assert!((100..110).contains(&took), "{took}");
    }

    #[test]
    fn a_first_that_is_silent_costs_one_delay() {
        let (winner, took, begun) = run(&[(60_000, true), (20, true), (1, true)]);
        assert_eq!((winner.unwrap(), begun.len()), (1, 2));
        assert!((270..280).contains(&took), "{took}");
    }

    #[test]
    fn a_failure_lets_the_next_begin_at_once() {
        let (winner, took, begun) = run(&[(5, false), (5, false), (5, true)]);
        assert_eq!(winner.unwrap(), 2);
        assert!(took < 25, "{took}");
        assert_eq!(begun.len(), 3);
    }

    #[test]
    fn a_slow_first_may_still_win() {
        assert_eq!(run(&[(400, true), (10_000, true)]).0.unwrap(), 0);
    }

    #[test]
    fn when_all_fail_the_last_error_is_told() {
        let (result, ..) = run(&[(5, false), (900, false)]);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(run(&[]).0.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
