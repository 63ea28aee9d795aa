//! What every middleware owes the service inside it, as a test.
//!
//! The middleware is given as a function from the service inside, a [`Probe`], which insists on its side of the
//! contract. What holds of it:
//!
//! 1. The instance that was polled ready is the one that is called: also after clones were made, on every further
//!    call, and however often readiness was asked for.
//! 2. A clone starts unready.
//! 3. Whoever says pending wakes later, and not before there is something to be done.
//! 4. A call that is dropped in the middle is dropped at once, and leaves room for the next; so is one that has been
//!    answered.
//! 5. Readiness that is not used is given back, also when it is dropped while it waits.
//! 6. Errors come out as they went in, unwrapped when erased.
//! 7. The [deadline](crate::deadline) of the call is that of the inner call, and no call is left behind when it ends there.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use super::{Act, Failed, Probe, Task, now, poll_ready};
use crate::BoxError;
use crate::clock::sleep;
use crate::deadline::{Deadline, DeadlineLayer};
use crate::ext::ServiceExt;

/// What the middleware does with an error of the service inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// It comes out.
    Pass,
    /// The middleware is there to do something about it.
    Handled,
}

/// Checks that the middleware called `name` keeps the contract. To be called on a runtime where the middleware uses its
/// clock.
///
/// # Panics
///
/// If it does not, with its name and what it did.
pub fn check<S>(name: &str, errors: Errors, make: impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    now(Check { name, pace: Pace::AtOnce, make }.all(errors));
}

/// As [`check`], of middleware that spawns tasks. To be awaited on a runtime whose clock is paused: it moves only when
/// all tasks wait, and that is how this waits for them.
///
/// # Panics
///
/// If the middleware does not keep the contract.
pub async fn check_spawning<S>(name: &str, errors: Errors, make: impl Fn(Probe) -> S)
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
{
    Check { name, pace: Pace::WhenTasksRest, make }.all(errors).await;
}

/// When something is to have happened.
#[derive(Debug, Clone, Copy)]
enum Pace {
    AtOnce,
    WhenTasksRest,
}

impl Pace {
    async fn settle(self) {
        match self {
            Self::AtOnce => {}
            Self::WhenTasksRest => sleep(Duration::from_millis(1)).await,
        }
    }
}

struct Check<'a, M> {
    name: &'a str,
    pace: Pace,
    make: M,
}

impl<S, M> Check<'_, M>
where
    S: Service<u32, Response = u32> + Clone,
    S::Error: Into<BoxError>,
    M: Fn(Probe) -> S,
{
    async fn all(&self, errors: Errors) {
        self.the_readied_instance_is_called().await;
        self.pending_is_followed_by_a_wake().await;
        self.a_dropped_call_leaves_nothing().await;
        self.a_dropped_readiness_leaves_nothing().await;
        self.the_deadline_is_that_of_the_inner_call().await;
        if errors == Errors::Pass {
            self.errors_come_out_as_they_went_in().await;
        }
    }

    /// What a call ends with that has nothing to wait for.
    async fn answer(&self, call: impl Future<Output = Result<u32, S::Error>>) -> Result<u32, BoxError> {
        let mut task = Task::new(call);
        let mut polled = task.poll();
        if polled.is_pending() {
            self.pace.settle().await;
            polled = task.poll();
        }
        match polled {
            Poll::Ready(result) => result.map_err(Into::into),
            Poll::Pending => panic!("{}: waits for nothing", self.name),
        }
    }

    /// A call that has come as far as it can for now.
    async fn begin<F: Future>(&self, call: F) -> Task<F> {
        let mut task = Task::new(call);
        assert!(task.poll().is_pending(), "{}: does not wait", self.name);
        self.pace.settle().await;
        task
    }

    async fn the_readied_instance_is_called(&self) {
        let name = self.name;
        let mut service = (self.make)(Probe::well());
        for round in 0..3 {
            assert!(poll_ready(&mut service).is_ready(), "{name}: not ready");
            assert!(poll_ready(&mut service).is_ready(), "{name}: asking twice changes something");
            let other = service.clone();
            assert_eq!(self.answer(service.call(round)).await.ok(), Some(round + 1), "{name}");
            assert_eq!(self.answer(other.oneshot(round)).await.ok(), Some(round + 1), "{name}");
        }
    }

    async fn pending_is_followed_by_a_wake(&self) {
        let name = self.name;
        for (readiness, calls) in [(vec![Act::Wait], vec![]), (vec![], vec![Act::Wait])] {
            let probe = Probe::new(&readiness, &calls);
            let observer = probe.observer();
            let mut task = self.begin((self.make)(probe).oneshot(1)).await;
            assert!(!task.is_woken(), "{name}: wakes itself");
            observer.release();
            self.pace.settle().await;
            assert!(task.is_woken(), "{name}: is not woken");
            let mut polled = task.poll();
            if polled.is_pending() {
                self.pace.settle().await;
                polled = task.poll();
            }
            match polled {
                Poll::Ready(Ok(response)) => assert_eq!(response, 2, "{name}"),
                _ => panic!("{name}: does not end"),
            }
            assert_eq!(observer.live(), 0, "{name}: a call outlives its answer");
        }
    }

    async fn a_dropped_call_leaves_nothing(&self) {
        let name = self.name;
        let probe = Probe::new(&[], &[Act::Hang, Act::Hang, Act::Hang]);
        let observer = probe.observer();
        let service = (self.make)(probe);
        for _ in 0..3 {
            let task = self.begin(service.clone().oneshot(1)).await;
            assert_eq!(observer.live(), 1, "{name}: makes more or less than one call");
            drop(task);
            self.pace.settle().await;
            assert_eq!(observer.live(), 0, "{name}: a call outlives its future");
        }
        assert_eq!(self.answer(service.oneshot(1)).await.ok(), Some(2), "{name}");
    }

    async fn a_dropped_readiness_leaves_nothing(&self) {
        let name = self.name;
        let service = (self.make)(Probe::well());
        for _ in 0..5 {
            let mut clone = service.clone();
            assert!(poll_ready(&mut clone).is_ready(), "{name}: a reservation was lost");
        }
        assert_eq!(self.answer(service.oneshot(1)).await.ok(), Some(2), "{name}");
        let probe = Probe::new(&[Act::Wait], &[]);
        let observer = probe.observer();
        let service = (self.make)(probe);
        for _ in 0..3 {
            drop(self.begin(service.clone().oneshot(1)).await);
        }
        observer.release();
        self.pace.settle().await;
        assert_eq!(self.answer(service.oneshot(1)).await.ok(), Some(2), "{name}: somebody waits still");
    }

    async fn the_deadline_is_that_of_the_inner_call(&self) {
        let name = self.name;
        let probe = Probe::new(&[], &[Act::Hang, Act::Succeed]);
        let observer = probe.observer();
        let layered = (self.make)(probe);
        let deadline = Deadline::after(Duration::from_secs(1));
        let bound = DeadlineLayer::from_fn(move |_: &u32| Some(deadline)).layer(layered.clone());
        let task = self.begin(bound.oneshot(1)).await;
        assert_eq!(observer.deadline(), Some(deadline), "{name}: the inner call does not know its deadline");
        drop(task);
        self.pace.settle().await;
        assert_eq!(observer.live(), 0, "{name}: a call outlives its deadline");
        assert_eq!(self.answer(layered.oneshot(1)).await.ok(), Some(2), "{name}");
        assert_ne!(observer.deadline(), Some(deadline), "{name}: a deadline outlives its call");
    }

    async fn errors_come_out_as_they_went_in(&self) {
        let name = self.name;
        for (probe, expected) in
            [(Probe::new(&[Act::Fail], &[]), "not ready"), (Probe::new(&[], &[Act::Fail]), "call failed")]
        {
            match self.answer((self.make)(probe).oneshot(1)).await {
                Ok(_) => panic!("{name}: the error is gone"),
                Err(error) => {
                    assert_eq!(error.downcast_ref(), Some(&Failed(expected)), "{name}: another error");
                }
            }
        }
    }
}
