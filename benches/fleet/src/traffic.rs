//! Callers: an open loop, so that nobody asks less because the answers are slow.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use minato_runtime::runtime::Builder;
use minato_runtime::task::JoinSet;
use minato_runtime::time::{Instant, sleep, sleep_until};
use minato_service::{BoxError, Rejection, ServiceExt};

use crate::draw::Draw;
use crate::job::Job;
use crate::machine::Calls;
use crate::tally::{Ending, Outcome, Tally};

/// Requests that come at random, so many in a second on average.
pub(crate) struct Traffic<R> {
    pub(crate) draw: Draw,
    /// Requests per second at a time.
    pub(crate) rate: R,
    pub(crate) duration: Duration,
    pub(crate) patience: Duration,
}

/// Runs a scenario in a simulated runtime.
pub(crate) fn simulate<T>(seed: u64, scenario: impl Future<Output = T>) -> T {
    let runtime = Builder::new_simulated(seed).precise_timers(true).build();
    runtime.expect("a runtime without threads or descriptors").block_on(scenario)
}

impl<R: Fn(Duration) -> f64> Traffic<R> {
    /// Sends the requests, and returns what became of each. `prepare` may change one before it is sent.
    pub(crate) async fn run(self, calls: &Calls, prepare: impl Fn(&mut Job)) -> Tally {
        let outcomes = Arc::new(Mutex::new(Vec::new()));
        let mut callers = JoinSet::new();
        let start = Instant::now();
        let mut at = Duration::ZERO;
        for id in 0.. {
            at += self.draw.exponential(id, Duration::from_secs(1)).div_f64((self.rate)(at));
            if at >= self.duration {
                break;
            }
            sleep_until(start + at).await;
            let mut job = Job::new(id, self.patience);
            prepare(&mut job);
            let (calls, outcomes) = (calls.clone(), outcomes.clone());
            callers.spawn(async move {
                let ending = Ending::of(calls.oneshot(job).await);
                let took = job.start.elapsed();
                let outcome = Outcome { at, took, ending, priority: job.priority };
                outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
            });
            while callers.try_join_next().is_some() {}
        }
        while callers.join_next().await.is_some() {}
        let outcomes = std::mem::take(&mut *outcomes.lock().unwrap_or_else(PoisonError::into_inner));
        Tally::new(outcomes)
    }
}

impl Ending {
    fn of(result: Result<(), BoxError>) -> Self {
        let Err(error) = result else { return Self::Answered };
        match Rejection::of(&*error) {
            Some(rejection) if rejection.is_timeout() => Self::TimedOut,
            Some(_) => Self::Refused,
            None => Self::Failed,
        }
    }
}

/// Calls `look` now and then, until the scenario it belongs to has ended.
pub(crate) async fn every(period: Duration, count: u32, mut look: impl FnMut(Duration)) {
    let start = Instant::now();
    for round in 1..=count {
        sleep(period * round - start.elapsed()).await;
        look(start.elapsed());
    }
}
