//! A short outage, and what retries make of it.

use std::sync::{Arc, Mutex, PoisonError};

use minato_runtime::spawn;
use minato_runtime::time::sleep;
use minato_service::retry::StandardPolicy;
use minato_service::{Backoff, BoxError, RetryBudget, ServiceBuilder, ServiceExt};

use super::{CAPACITY, draw, machine, millis, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::tally::Tally;
use crate::traffic::{Traffic, every, simulate};

const DURATION: u64 = 60;
const OUTAGE: (u64, u64) = (15, 20);
const LOAD: f64 = 0.7;

/// How often callers try.
#[derive(Clone, Copy)]
enum Tries {
    Once,
    Thrice,
    /// Up to three times, and no more than one retry for ten requests.
    WithBudget,
}

struct Run {
    tally: Tally,
    /// Attempts that reached the machine, by the second.
    attempts: Vec<(f64, f64)>,
}

fn run_with(tries: Tries) -> Run {
    simulate(super::SEED, async {
        let machine = machine();
        let server = ServiceBuilder::new().timeout(millis(500)).service(machine.serve(super::nothing()));
        let server = server.map_err(Into::into).boxed_clone_sync();
        let backoff = Backoff::new(millis(50), millis(500));
        let policy = StandardPolicy::new(backoff, |result: &Result<(), BoxError>| result.is_err());
        let client = match tries {
            Tries::Once => server,
            Tries::Thrice => ServiceBuilder::new().retry(policy).service(server).boxed_clone_sync(),
            Tries::WithBudget => {
                let policy = policy.budget(RetryBudget::new(10, 10));
                ServiceBuilder::new().retry(policy).service(server).boxed_clone_sync()
            }
        };
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let watch = {
            let (machine, attempts, mut before) = (machine.clone(), attempts.clone(), 0);
            every(seconds(1), DURATION as u32, move |at| {
                let now = machine.received();
                let point = (at.as_secs_f64() - 0.5, (now - before) as f64 / CAPACITY);
                attempts.lock().unwrap_or_else(PoisonError::into_inner).push(point);
                before = now;
            })
        };
        let watch = spawn(watch);
        let outage = spawn(async move {
            sleep(seconds(OUTAGE.0)).await;
            machine.set_speed(0.1);
            sleep(seconds(OUTAGE.1 - OUTAGE.0)).await;
            machine.set_speed(1.0);
        });
        let traffic = Traffic {
            draw: draw(9),
            rate: |_| LOAD * CAPACITY,
            duration: seconds(DURATION),
            patience: seconds(2),
        };
        let tally = traffic.run(&client, |_| {}).await;
        let _ = (watch.await, outage.await);
        let attempts = std::mem::take(&mut *attempts.lock().unwrap_or_else(PoisonError::into_inner));
        Run { tally, attempts }
    })
}

pub(super) fn run() -> Figure {
    let runs = [Tries::Once, Tries::Thrice, Tries::WithBudget].map(run_with);
    let answered = |run: &Run| run.tally.over_time(seconds(DURATION), seconds(1), Tally::answered);
    let late = |run: &Run| run.tally.between(seconds(DURATION - 20), seconds(DURATION)).answered();
    let most = |run: &Run| run.attempts.iter().map(|point| point.1).fold(0.0, f64::max);
    let numbers = vec![
        ("answered in the last 20 s, one attempt", late(&runs[0])),
        ("answered in the last 20 s, three attempts", late(&runs[1])),
        ("answered in the last 20 s, with budget", late(&runs[2])),
        ("most attempts in a second, of the capacity, one", most(&runs[0])),
        ("most attempts in a second, of the capacity, three", most(&runs[1])),
        ("most attempts in a second, of the capacity, budget", most(&runs[2])),
    ];
    let chart = Chart {
        title: "After an outage of five seconds, at 0.7 of the capacity",
        x: Axis::linear("time, s", 0.0, DURATION as f64, 10.0),
        y: Axis::linear("fraction that is answered in time", 0.0, 1.0, 0.2),
        lines: vec![
            Line { name: "one attempt", points: answered(&runs[0]) },
            Line { name: "three attempts", points: answered(&runs[1]) },
            Line { name: "three, with a budget of 10 %", points: answered(&runs[2]) },
        ],
        span: Some((OUTAGE.0 as f64, OUTAGE.1 as f64, "a tenth of the speed")),
    };
    Figure { name: "retries", chart, numbers }
}
