//! Three algorithms that find the limit, while the machine becomes slower and fast again.

use std::sync::{Arc, Mutex, PoisonError};

use minato_service::ServiceExt;
use minato_service::limit::adaptive::{AdaptiveLimitLayer, Aimd, Algorithm, Gradient2, Vegas};

use super::{CAPACITY, draw, machine, millis, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::tally::Tally;
use crate::traffic::{Traffic, every, simulate};

const DURATION: u64 = 90;
/// The machine has half of its speed in between.
const SLOW: (u64, u64) = (30, 60);
/// As a multiple of the capacity.
const LOAD: f64 = 1.5;

fn trace(algorithm: impl Algorithm) -> (Vec<(f64, f64)>, Tally) {
    simulate(super::SEED, async {
        let layer = AdaptiveLimitLayer::new(algorithm).between(2, 100);
        let handle = layer.handle();
        let machine = machine();
        let server = machine.serve(layer);
        let limits = Arc::new(Mutex::new(Vec::new()));
        let watch = {
            let limits = limits.clone();
            every(seconds(1), DURATION as u32, move |at| {
                let point = (at.as_secs_f64(), handle.max() as f64);
                limits.lock().unwrap_or_else(PoisonError::into_inner).push(point);
            })
        };
        let watch = minato_runtime::spawn(watch);
        let slowness = minato_runtime::spawn(async move {
            minato_runtime::time::sleep(seconds(SLOW.0)).await;
            machine.set_speed(0.5);
            minato_runtime::time::sleep(seconds(SLOW.1 - SLOW.0)).await;
            machine.set_speed(1.0);
        });
        let client = minato_service::ServiceBuilder::new().timeout(seconds(1)).service(server);
        let client = client.map_err(Into::into).boxed_clone_sync();
        let traffic = Traffic {
            draw: draw(3),
            rate: |_| LOAD * CAPACITY,
            duration: seconds(DURATION),
            patience: seconds(1),
        };
        let tally = traffic.run(&client, |_| {}).await;
        let _ = (watch.await, slowness.await);
        let limits = std::mem::take(&mut *limits.lock().unwrap_or_else(PoisonError::into_inner));
        (limits, tally)
    })
}

/// Answers in time per second while the machine is slow.
fn goodput_while_slow(tally: &Tally) -> f64 {
    let tally = tally.between(seconds(SLOW.0 + 5), seconds(SLOW.1));
    tally.answered() * tally.len() as f64 / (SLOW.1 - SLOW.0 - 5) as f64 / (CAPACITY / 2.0)
}

/// The average limit between two times.
fn mean(limits: &[(f64, f64)], from: u64, to: u64) -> f64 {
    let within: Vec<f64> = limits
        .iter()
        .filter(|(at, _)| *at >= from as f64 && *at < to as f64)
        .map(|(_, limit)| *limit)
        .collect();
    within.iter().sum::<f64>() / within.len() as f64
}

pub(super) fn run() -> Figure {
    let (aimd, aimd_tally) = trace(Aimd::new().latency_max(millis(150)));
    let (vegas, vegas_tally) = trace(Vegas::new());
    let (gradient, gradient_tally) = trace(Gradient2::new());
    let p99 = |tally: &Tally| tally.quantile(0.99);
    let numbers = vec![
        ("limit before, AIMD", mean(&aimd, 10, SLOW.0)),
        ("limit while slow, AIMD", mean(&aimd, SLOW.0 + 5, SLOW.1)),
        ("limit before, Vegas", mean(&vegas, 10, SLOW.0)),
        ("limit before, Gradient2", mean(&gradient, 10, SLOW.0)),
        ("goodput while slow, AIMD", goodput_while_slow(&aimd_tally)),
        ("goodput while slow, Vegas", goodput_while_slow(&vegas_tally)),
        ("goodput while slow, Gradient2", goodput_while_slow(&gradient_tally)),
        ("99th percentile of the answered, AIMD, ms", p99(&aimd_tally)),
        ("99th percentile of the answered, Vegas, ms", p99(&vegas_tally)),
        ("99th percentile of the answered, Gradient2, ms", p99(&gradient_tally)),
    ];
    let chart = Chart {
        title: "Limits that find themselves, at 1.5 times the capacity",
        x: Axis::linear("time, s", 0.0, DURATION as f64, 10.0),
        y: Axis::linear("limit, calls at once", 0.0, 40.0, 10.0),
        lines: vec![
            Line { name: "AIMD, up to 150 ms", points: aimd },
            Line { name: "Vegas", points: vegas },
            Line { name: "Gradient2", points: gradient },
        ],
        span: Some((SLOW.0 as f64, SLOW.1 as f64, "the machine has half its speed")),
    };
    Figure { name: "adaptive", chart, numbers }
}
