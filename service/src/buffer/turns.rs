//! Whose turn it is with the one service.
//!
//! A turn takes the service out, and makes all calls that are waited for by the time it ends: the calls of others as well as
//! its own. So a service that is wanted by several threads does not wait for each of them to be woken, one after another.
//!
//! Invariants
//! 1. The service is in its place, or one turn has it and puts it back, also when the service panics.
//! 2. A turn ends, with the lock held, when nobody is in the queue, when the service is not ready, or when it has made
//!    as many calls as a turn may. So who enters the queue while the service is out is served without another wake.
//! 3. When the service is in its place and somebody is in the queue, either it has said that it is not ready and not woken
//!    us since, so that asking again is of no use; or somebody was woken: by the service, by the turn that ended early, or
//!    by whoever was woken and went away. It is the oldest that has left a waker. One that has left none has a turn when
//!    it is polled.
//! 4. A wake by the service while a turn has it is noted, and the turn asks once more; but once in all, for a service may wake
//!    whoever asks to have others run first. Then the turn ends early.

use std::collections::VecDeque;
use std::hint::spin_loop;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use tower_service::Service;

use super::slot::{Answer, Entry, Slot, Turned, isolated};
use crate::deadline::Deadline;
use crate::error::OverloadReason;
use crate::limits::BUFFER_TURN_CALLS_MAX;
use crate::observe::{Event, Watch};
use crate::shim::{Mutex, MutexGuard};

/// How often a caller looks for its answer before it leaves a waker: about a microsecond. Whoever has the service is quick,
/// as a rule, and going to sleep and being woken costs many times what a call does.
#[cfg(not(loom))]
const LOOKS: u32 = 64;
/// And how often for the service before it leaves its request to others.
#[cfg(not(loom))]
const LOOKS_FOR_SERVICE: u32 = 3;
/// A model tries all ways in which they may come.
#[cfg(loom)]
const LOOKS: u32 = 0;
#[cfg(loom)]
const LOOKS_FOR_SERVICE: u32 = 0;

/// The service and those who wait for it.
pub(super) struct Turns<S> {
    state: Mutex<State<S>>,
    pub(super) watch: Watch,
}

struct State<S> {
    service: Option<Seated<S>>,
    queue: VecDeque<Arc<dyn Entry<S>>>,
    ask: Ask,
}

/// The service with the waker it is asked with, which is made for the first call.
struct Seated<S> {
    service: S,
    waker: Option<Waker>,
}

/// Whether there is a reason to ask the service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// It has said that it is not ready, or is being asked, and has not woken us since.
    InVain,
    Anew,
}

/// The service, taken out for a turn.
struct Turn<'a, S> {
    turns: &'a Arc<Turns<S>>,
    seated: Option<Seated<S>>,
    repeats: Repeats,
}

/// Whether a service that has woken its turn, and was not ready, is asked once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Once,
    NoMore,
}

/// What the service wakes.
struct Bell<S> {
    turns: Weak<Turns<S>>,
}

type SlotOf<S, Request> = Slot<<S as Service<Request>>::Future, <S as Service<Request>>::Error, Request>;

/// A request in the queue; given up on drop.
pub(super) struct Waiting<S: Service<Request>, Request> {
    turns: Arc<Turns<S>>,
    /// None once the answer has been taken.
    slot: Option<Arc<SlotOf<S, Request>>>,
    looks: u32,
}

/// What became of a request that came.
pub(super) enum Entered<S: Service<Request>, Request> {
    Called(Result<S::Future, S::Error>),
    Waiting(Waiting<S, Request>),
}

impl<S: Send + 'static> Wake for Bell<S> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(turns) = self.turns.upgrade() else { return };
        let mut state = turns.lock();
        let before = std::mem::replace(&mut state.ask, Ask::Anew);
        // A turn that has it asks again, and who was woken before need not be woken twice.
        let woken = if state.service.is_some() && before == Ask::InVain { state.take_waker() } else { None };
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}

impl<S> State<S> {
    /// The waker of the oldest that has left one.
    fn take_waker(&mut self) -> Option<Waker> {
        self.queue.iter().find_map(|entry| entry.take_waker())
    }

    fn take_service(&mut self) -> Option<Seated<S>> {
        if self.ask == Ask::InVain {
            return None;
        }
        let seated = self.service.take();
        if seated.is_some() {
            self.ask = Ask::InVain;
        }
        seated
    }

    fn put_back(&mut self, seated: Option<Seated<S>>) {
        self.service = seated;
        self.ask = Ask::Anew;
    }
}

impl<S> Turns<S> {
    pub(super) fn new(service: S) -> Arc<Self> {
        let service = Some(Seated { service, waker: None });
        let state = State { service, queue: VecDeque::new(), ask: Ask::Anew };
        Arc::new(Self { state: Mutex::new(state), watch: Watch::none() })
    }

    /// A request had expired when its turn came.
    pub(super) fn tell_expired(&self) {
        self.watch.tell(|| Event::Refused { reason: OverloadReason::QueueDelay });
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send + 'static> Turns<S> {
    /// Calls the service now, if nobody waits for it and it is ready, or else enters the queue.
    pub(super) fn enter<Request>(
        self: &Arc<Self>,
        request: Request,
        deadline: Option<Deadline>,
    ) -> Entered<S, Request>
    where
        S: Service<Request, Error: Send, Future: Send>,
        Request: Send + 'static,
        S::Error: 'static,
        S::Future: 'static,
    {
        let Some(seated) = self.take_unless_waited_for() else {
            let slot = Arc::new(Slot::new(request, deadline));
            let mut state = self.lock();
            let is_first = state.queue.is_empty();
            state.queue.push_back(slot.clone());
            // It may have been put back meanwhile. Where others wait it is not ready, or they have been told.
            let seated = if is_first { state.take_service() } else { None };
            drop(state);
            if let Some(seated) = seated {
                Turn::new(self, seated).run();
            }
            return Entered::Waiting(self.waiting(slot));
        };
        let mut turn = Turn::new(self, seated);
        let (service, waker) = turn.service();
        match service.poll_ready(&mut Context::from_waker(waker)) {
            Poll::Ready(ready) => {
                let called = ready.map(|()| service.call(request));
                turn.run();
                Entered::Called(called)
            }
            Poll::Pending => {
                let slot = Arc::new(Slot::new(request, deadline));
                // Before those that came meanwhile.
                self.lock().queue.push_front(slot.clone());
                turn.end_unready();
                Entered::Waiting(self.waiting(slot))
            }
        }
    }

    /// Takes the service, unless others wait for it. Where it is out it is back soon, as a rule.
    fn take_unless_waited_for(&self) -> Option<Seated<S>> {
        for round in 0..=LOOKS_FOR_SERVICE {
            let mut state = self.lock();
            if !state.queue.is_empty() {
                return None;
            }
            if state.service.is_some() {
                return state.take_service();
            }
            drop(state);
            // Rarely, so that whoever has it can go on without sending its line of the cache back and forth.
            (0..1 << (2 * round)).for_each(|_| spin_loop());
        }
        None
    }

    fn waiting<Request>(self: &Arc<Self>, slot: Arc<SlotOf<S, Request>>) -> Waiting<S, Request>
    where
        S: Service<Request>,
    {
        Waiting { turns: self.clone(), slot: Some(slot), looks: LOOKS }
    }

    /// Has a turn, if the service is in its place.
    fn run_if_free(self: &Arc<Self>) {
        let seated = self.lock().take_service();
        if let Some(seated) = seated {
            Turn::new(self, seated).run();
        }
    }
}

impl<'a, S: Send + 'static> Turn<'a, S> {
    fn new(turns: &'a Arc<Turns<S>>, seated: Seated<S>) -> Self {
        Self { turns, seated: Some(seated), repeats: Repeats::Once }
    }

    fn service(&mut self) -> (&mut S, &Waker) {
        let turns = self.turns;
        let Seated { service, waker } = self.seated.as_mut().expect("a turn has the service");
        let waker = waker.get_or_insert_with(|| Waker::from(Arc::new(Bell { turns: Arc::downgrade(turns) })));
        (service, waker)
    }

    /// Makes the calls of all in the queue, and puts the service back.
    fn run(mut self) {
        for _ in 0..BUFFER_TURN_CALLS_MAX {
            let mut state = self.turns.lock();
            let Some(entry) = state.queue.pop_front() else {
                state.put_back(self.seated.take());
                return;
            };
            drop(state);
            let (service, waker) = self.service();
            match entry.turn(service, &mut Context::from_waker(waker)) {
                Turned::Done(waker) => drop(isolated(|| waker.into_iter().for_each(Waker::wake))),
                Turned::NotReady => {
                    let mut state = self.turns.lock();
                    // Whoever gives up after this look finds the entry in the queue.
                    if !entry.is_unwanted() {
                        state.queue.push_front(entry);
                    }
                    drop(state);
                    return self.end_unready();
                }
            }
        }
        // Others go on: what follows is the turn's drop.
    }

    /// Puts the service back, which is not ready, unless it has become so meanwhile, as a wake says.
    fn end_unready(mut self) {
        let mut state = self.turns.lock();
        if state.ask == Ask::InVain {
            state.service = self.seated.take();
            return;
        }
        if self.repeats == Repeats::NoMore {
            // It is asked again when those have run that are to run first: what follows is the turn's drop.
            return;
        }
        self.repeats = Repeats::NoMore;
        state.ask = Ask::InVain;
        drop(state);
        self.run();
    }
}

/// Of a turn that ends before the queue does: because it has made calls enough, the service gives way, or it panics.
impl<S> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        let Some(seated) = self.seated.take() else { return };
        let mut state = self.turns.lock();
        state.put_back(Some(seated));
        let woken = state.take_waker();
        drop(state);
        drop(isolated(|| woken.into_iter().for_each(Waker::wake)));
    }
}

impl<S, Request> Waiting<S, Request>
where
    S: Service<Request> + Send + 'static,
{
    pub(super) fn tell_expired(&self) {
        self.turns.tell_expired();
    }

    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answer<S::Future, S::Error>> {
        let slot = self.slot.as_ref().expect("polled after completion");
        while self.looks > 0 && !slot.is_answered() {
            self.looks -= 1;
            spin_loop();
        }
        if !slot.is_answered() {
            // Before there is a waker, so that a turn of its own wakes nobody; and after, for it may have been put back since.
            self.turns.run_if_free();
            if !slot.is_answered() && slot.leave_waker(cx) {
                self.turns.run_if_free();
            }
        }
        let Some(answer) = slot.take_answer() else { return Poll::Pending };
        self.slot = None;
        Poll::Ready(answer)
    }
}

impl<S: Service<Request>, Request> Drop for Waiting<S, Request> {
    fn drop(&mut self) {
        // Where the answer has been taken the queue knows nothing of it any longer.
        let Some(slot) = self.slot.take() else { return };
        // Dropped last: it may panic, and whoever is next is to be woken all the same.
        let _unneeded = slot.give_up();
        let own = Arc::as_ptr(&slot).cast::<()>();
        let mut state = self.turns.lock();
        let before = state.queue.len();
        state.queue.retain(|entry| Arc::as_ptr(entry).cast::<()>() != own);
        // It may have been woken for a turn, which another has then.
        let is_turn_free = state.service.is_some() && state.ask == Ask::Anew;
        let woken = if state.queue.len() < before && is_turn_free { state.take_waker() } else { None };
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }
}
