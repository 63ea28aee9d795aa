//! The streams of a connection, polled in its own task.
//!
//! Each has a place with a waker of its own, so that only streams that were woken are polled. Places and wakers are used
//! again for later streams: once a connection has seen its usual load, a stream costs no allocation here. A wake
//! meant for the stream before costs its successor one poll, no more.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use super::Turn;
use crate::slot::Slot;

/// LIMIT: places an idle connection keeps. A place is as large as a handler, and a peer that once opened all its
/// streams must not hold the room for them from then on.
const IDLE_PLACES: usize = 16;

/// Futures of one connection.
pub(crate) struct StreamSet<T> {
    places: Vec<Place<T>>,
    free: Vec<usize>,
    ready: Arc<Ready>,
}

struct Place<T> {
    slot: Slot<T>,
    waker: Waker,
    wakeup: Arc<Wakeup>,
}

/// Places that were woken.
struct Ready {
    queue: Mutex<VecDeque<usize>>,
    turn: Arc<Turn>,
}

impl Ready {
    fn queue(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

struct Wakeup {
    place: usize,
    is_queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: AcqRel, so that a wake that finds the place queued has published its work to the poll that will
        // take it out. [streams.queued]
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            self.ready.queue().push_back(self.place);
            self.ready.turn.wake_by_ref();
        }
    }
}

impl<T: Future<Output = ()>> StreamSet<T> {
    pub(crate) fn new(turn: Arc<Turn>) -> Self {
        let ready = Arc::new(Ready { queue: Mutex::default(), turn });
        Self { places: Vec::new(), free: Vec::new(), ready }
    }

    /// Streams that have not ended.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a stream in and polls it for the first time.
    pub(crate) fn start(&mut self, stream: T) {
        let place = self.free.pop().unwrap_or_else(|| {
            let place = self.places.len();
            let ready = Arc::clone(&self.ready);
            let wakeup = Arc::new(Wakeup { place, is_queued: AtomicBool::new(false), ready });
            self.places.push(Place { slot: Slot::new(), waker: Waker::from(Arc::clone(&wakeup)), wakeup });
            place
        });
        self.places[place].slot.set(stream);
        self.poll(place);
    }

    /// Polls each stream that was woken, once.
    pub(crate) fn poll_woken(&mut self) {
        // Those woken meanwhile come in the next round, so that one busy stream cannot hold up the connection.
        let woken = self.ready.queue().len();
        for _ in 0..woken {
            let Some(place) = self.ready.queue().pop_front() else { return };
            // A wake may be late, and its place given up.
            let Some(Place { wakeup, .. }) = self.places.get(place) else { continue };
            // ORDERING: AcqRel, pairs with [streams.queued].
            wakeup.is_queued.swap(false, Ordering::AcqRel);
            self.poll(place);
        }
    }

    /// Whether there are places of a burst that is over, and no stream is open.
    pub(crate) fn has_slack(&self) -> bool {
        self.is_empty() && self.places.len() > IDLE_PLACES
    }

    /// Gives up the places of a burst that is over, if no stream is open.
    pub(crate) fn trim(&mut self) {
        if self.has_slack() {
            self.places.truncate(IDLE_PLACES);
            self.places.shrink_to_fit();
            self.free = (0..IDLE_PLACES).collect();
        }
    }

    fn poll(&mut self, place: usize) {
        let Place { slot, waker, .. } = &mut self.places[place];
        // A wake that came after the stream had ended finds the place empty.
        let Some(stream) = slot.get() else { return };
        if let Poll::Ready(()) = stream.poll(&mut Context::from_waker(waker)) {
            // A destructor that panics is its stream's affair, too.
            let _ = catch_unwind(AssertUnwindSafe(|| slot.clear()));
            self.free.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;

    #[derive(Default)]
    struct Probe {
        polls: usize,
        is_done: bool,
        waker: Option<Waker>,
    }

    struct Stream(Arc<Mutex<Probe>>);

    impl Future for Stream {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            let mut probe = self.0.lock().unwrap();
            probe.polls += 1;
            probe.waker = Some(cx.waker().clone());
            if probe.is_done { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    fn start(set: &mut StreamSet<Stream>) -> Arc<Mutex<Probe>> {
        let probe = Arc::new(Mutex::new(Probe::default()));
        set.start(Stream(probe.clone()));
        probe
    }

    fn wake(probe: &Mutex<Probe>) {
        probe.lock().unwrap().waker.clone().unwrap().wake();
    }

    #[test]
    fn only_streams_that_were_woken_are_polled() {
        let turn = Turn::new();
        let mut set = StreamSet::new(turn.clone());
        let probes: Vec<_> = (0..10).map(|_| start(&mut set)).collect();
        turn.begin(Waker::noop());
        wake(&probes[3]);
        wake(&probes[3]);
        wake(&probes[7]);
        assert!(turn.take_notified());
        set.poll_woken();
        set.poll_woken();
        let polls: Vec<_> = probes.iter().map(|probe| probe.lock().unwrap().polls).collect();
        assert_eq!(polls, [1, 1, 1, 2, 1, 1, 1, 2, 1, 1]);
    }

    #[test]
    fn places_are_used_again() {
        let mut set = StreamSet::new(Turn::new());
        for _ in 0..100 {
            let probe = start(&mut set);
            probe.lock().unwrap().is_done = true;
            wake(&probe);
            set.poll_woken();
            assert!(set.is_empty());
            // Late, and for nobody.
            wake(&probe);
        }
        assert_eq!(set.places.len(), 1);
    }

    #[test]
    fn the_places_of_a_burst_are_given_up_and_late_wakes_do_no_harm() {
        let mut set = StreamSet::new(Turn::new());
        let burst: Vec<_> = (0..100).map(|_| start(&mut set)).collect();
        set.trim();
        assert_eq!(set.places.len(), 100);
        for probe in &burst {
            probe.lock().unwrap().is_done = true;
            wake(probe);
        }
        set.poll_woken();
        set.trim();
        assert_eq!((set.places.len(), set.len()), (IDLE_PLACES, 0));
        burst.iter().for_each(|probe| wake(probe));
        set.poll_woken();
        let again: Vec<_> = (0..10).map(|_| start(&mut set)).collect();
        again.iter().for_each(|probe| wake(probe));
        set.poll_woken();
        assert!(again.iter().all(|probe| probe.lock().unwrap().polls >= 2));
    }

    /// Ends at once, and panics when it is dropped.
    struct Sour;

    impl Future for Sour {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Ready(())
        }
    }

    impl Drop for Sour {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "on purpose");
        }
    }

    #[test]
    fn a_stream_whose_destructor_panics_gives_its_place_back() {
        let mut set = StreamSet::new(Turn::new());
        set.start(Sour);
        set.start(Sour);
        assert!(set.is_empty() && set.places.len() == 1);
    }
}
