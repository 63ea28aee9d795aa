//! A waiting queue through a burst that lasts, with and without a bound on its delay.

use minato_service::limit::{ConcurrencyLimitLayer, QueueDelay, Wait};
use minato_service::{ServiceBuilder, ServiceExt};

use super::{CAPACITY, CORES, draw, machine, millis, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::tally::{Ending, Tally};
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 40;
const BURST: (u64, u64) = (10, 25);
/// As multiples of the capacity, outside of the burst and inside.
const LOADS: (f64, f64) = (0.7, 1.4);

fn through(wait: Wait) -> Tally {
    simulate(super::SEED, async {
        let server = machine().serve(ConcurrencyLimitLayer::waiting(CORES, wait));
        let client = ServiceBuilder::new().timeout(seconds(2)).service(server);
        let client = client.map_err(Into::into).boxed_clone_sync();
        let rate = |at: std::time::Duration| {
            let is_burst = (BURST.0..BURST.1).contains(&at.as_secs());
            CAPACITY * if is_burst { LOADS.1 } else { LOADS.0 }
        };
        let traffic = Traffic { draw: draw(4), rate, duration: seconds(DURATION), patience: seconds(2) };
        traffic.run(&client, |_| {}).await
    })
}

/// Median latency of what was answered, over time.
fn medians(tally: &Tally) -> Vec<(f64, f64)> {
    tally.over_time(seconds(DURATION), seconds(1), |tally| match tally.count(Ending::Answered) {
        0 => 2000.0,
        _ => tally.quantile(0.5),
    })
}

pub(super) fn run() -> Figure {
    let fifo = through(Wait::new());
    let codel = through(Wait::new().queue_delay(QueueDelay::new(millis(20), millis(200))));
    let during = |tally: &Tally| tally.between(seconds(BURST.0 + 5), seconds(BURST.1));
    let after = |tally: &Tally| tally.between(seconds(BURST.1), seconds(BURST.1 + 5));
    let numbers = vec![
        ("median during the burst, FIFO, ms", during(&fifo).quantile(0.5)),
        ("median during the burst, CoDel, ms", during(&codel).quantile(0.5)),
        ("answered within 5 s after the burst, FIFO", after(&fifo).answered()),
        ("answered within 5 s after the burst, CoDel", after(&codel).answered()),
        ("answered of all, FIFO", fifo.answered()),
        ("answered of all, CoDel", codel.answered()),
    ];
    let chart = Chart {
        title: "Latency through a burst, with a queue and with CoDel",
        x: Axis::linear("time, s", 0.0, DURATION as f64, 5.0),
        y: Axis::linear("median latency of the answered, ms", 0.0, 2000.0, 500.0),
        lines: vec![
            Line { name: "first in, first out", points: medians(&fifo) },
            Line { name: "CoDel, 20 ms and 200 ms", points: medians(&codel) },
        ],
        span: Some((BURST.0 as f64, BURST.1 as f64, "1.4 times the capacity")),
    };
    Figure { name: "queueing", chart, numbers }
}
