//! A place where tasks wait for each other.
//!
//! Invariant: fewer than `parties` tasks are queued; the one that would make the number full empties the queue.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::wait_queue::{Key, SetWaker, WaitQueue, Wakers};
use crate::shim::Mutex;
use crate::task::WaitSite;
use crate::task::coop::poll_proceed;

/// A place where a number of tasks wait until all of them are there.
///
/// It can be used again as soon as all were let go.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use minato_runtime::sync::Barrier;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let barrier = Arc::new(Barrier::new(2));
/// let other = Arc::clone(&barrier);
/// let task = minato_runtime::spawn(async move { other.wait().await.is_leader() });
/// let is_leader = barrier.wait().await.is_leader();
/// assert_ne!(is_leader, task.await.unwrap());
/// # });
/// ```
pub struct Barrier {
    parties: usize,
    arrived: Mutex<Arrived>,
}

#[derive(Debug)]
struct Arrived {
    count: usize,
    queue: WaitQueue<Place>,
}

/// What has become of one that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    LetGo,
}

/// Tells one of the tasks that met from the others.
#[derive(Debug, Clone)]
pub struct BarrierWaitResult {
    is_leader: bool,
}

impl BarrierWaitResult {
    /// Whether this task was the last to come; exactly one of those that met is told so.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.is_leader
    }
}

impl Barrier {
    /// A barrier for `parties` tasks; 0 means 1, and lets everybody pass.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        let arrived = Arrived { count: 0, queue: WaitQueue::new() };
        Self { parties: parties.max(1), arrived: Mutex::new(arrived) }
    }

    /// Waits until all are there.
    ///
    /// # Cancel safety
    ///
    /// A dropped future does not count any more, unless all had come before. (With tokio's it goes on counting.)
    pub async fn wait(&self) -> BarrierWaitResult {
        Waiting { barrier: self, place: None }.await
    }
}

/// Waits for the others.
struct Waiting<'a> {
    barrier: &'a Barrier,
    place: Option<Key>,
}

impl Future for Waiting<'_> {
    type Output = BarrierWaitResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierWaitResult> {
        let unit = ready!(poll_proceed(cx));
        let barrier = self.barrier;
        let Some(key) = self.place else {
            let waker = cx.waker().clone();
            let mut arrived = barrier.arrived.lock();
            if arrived.count + 1 < barrier.parties {
                arrived.count += 1;
                self.place = Some(arrived.queue.push_back(Place::Waiting, Some(waker)));
                return WaitSite::Barrier.pending();
            }
            let mut wakers = Wakers::default();
            arrived.count = 0;
            while let Some((place, waker)) = arrived.queue.pop_front() {
                *place = Place::LetGo;
                wakers.push(waker);
            }
            drop(arrived);
            wakers.wake();
            unit.made_progress();
            return Poll::Ready(BarrierWaitResult { is_leader: true });
        };
        let mut fresh = None;
        let mut arrived = barrier.arrived.lock();
        while *arrived.queue.get_mut(key) == Place::Waiting {
            match arrived.queue.set_waker(key, cx, &mut fresh) {
                SetWaker::Done => return WaitSite::Barrier.pending(),
                SetWaker::NeedsClone => drop(arrived),
            }
            fresh = Some(cx.waker().clone());
            arrived = barrier.arrived.lock();
        }
        let entry = arrived.queue.remove(key);
        self.place = None;
        drop(arrived);
        drop(entry);
        unit.made_progress();
        Poll::Ready(BarrierWaitResult { is_leader: false })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(key) = self.place.take() else { return };
        let mut arrived = self.barrier.arrived.lock();
        let (place, waker) = arrived.queue.remove(key);
        if place == Place::Waiting {
            arrived.count -= 1;
        }
        drop(arrived);
        drop(waker);
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").field("parties", &self.parties).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::test_support::{CountingWaker, poll_once, ready};
    use std::pin::pin;

    #[test]
    fn the_last_to_come_leads_and_wakes_the_others() {
        let barrier = Barrier::new(3);
        let (count, waker) = CountingWaker::new();
        for _ in 0..2 {
            let mut one = pin!(barrier.wait());
            let mut other = pin!(barrier.wait());
            assert!(one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert!(other.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert!(one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert!(ready(barrier.wait()).is_leader());
            assert!(!ready(one).is_leader());
            assert!(!ready(other).is_leader());
        }
        assert_eq!(count.count(), 4);
    }

    #[test]
    fn one_that_gives_up_does_not_count() {
        let barrier = Barrier::new(2);
        assert!(poll_once(pin!(barrier.wait())).is_pending());
        let mut one = pin!(barrier.wait());
        assert!(poll_once(one.as_mut()).is_pending());
        assert!(ready(barrier.wait()).is_leader());
        assert!(!ready(one).is_leader());
    }

    #[test]
    fn one_that_was_let_go_and_dropped_leaves_nothing_behind() {
        let barrier = Barrier::new(2);
        {
            let mut one = pin!(barrier.wait());
            assert!(poll_once(one.as_mut()).is_pending());
            assert!(ready(barrier.wait()).is_leader());
        }
        assert!(poll_once(pin!(barrier.wait())).is_pending());
    }

    #[test]
    fn a_barrier_for_nobody_lets_everybody_pass() {
        let barrier = Barrier::new(0);
        assert!(ready(barrier.wait()).is_leader());
        assert!(ready(barrier.wait()).is_leader());
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::Barrier;
    use crate::shim::thread;
    use loom::future::block_on;
    use std::sync::Arc;

    #[test]
    fn loom_those_who_meet_have_one_leader() {
        loom::model(|| {
            let barrier = Arc::new(Barrier::new(2));
            let other = Arc::clone(&barrier);
            let thread = thread::spawn(move || block_on(other.wait()).is_leader());
            let is_leader = block_on(barrier.wait()).is_leader();
            assert_ne!(is_leader, thread.join().unwrap());
        });
    }
}
