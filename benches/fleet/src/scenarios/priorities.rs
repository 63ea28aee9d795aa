//! Three classes of requests, while the load rises.

use minato_service::limit::{ConcurrencyLimitLayer, Priority, QueueDelay, Wait};
use minato_service::{ServiceBuilder, ServiceExt};

use super::{CAPACITY, CORES, draw, machine, millis, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::job::Job;
use crate::tally::Tally;
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 25;
const WARM_UP: u64 = 5;

/// A fifth of the requests is critical, a half normal, and the rest can be shed.
fn class(id: u64) -> Priority {
    match draw(5).fraction(id) {
        fraction if fraction < 0.2 => Priority::CRITICAL,
        fraction if fraction < 0.7 => Priority::NORMAL,
        _ => Priority::SHEDDABLE,
    }
}

fn at_load(load: f64) -> Tally {
    let tally = simulate(super::SEED, async {
        let wait = Wait::new().queue_delay(QueueDelay::new(millis(50), millis(500)));
        let mode = wait.by_priority(|job: &Job| job.priority);
        let server = machine().serve(ConcurrencyLimitLayer::with_mode(CORES, mode));
        let client = ServiceBuilder::new().timeout(seconds(1)).service(server);
        let client = client.map_err(Into::into).boxed_clone_sync();
        let traffic = Traffic {
            draw: draw(6),
            rate: |_| load * CAPACITY,
            duration: seconds(DURATION),
            patience: seconds(1),
        };
        traffic.run(&client, |job| job.priority = class(job.id)).await
    });
    tally.between(seconds(WARM_UP), seconds(DURATION))
}

pub(super) fn run() -> Figure {
    let loads = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];
    let tallies = loads.map(|load| (load, at_load(load)));
    let answered = |priority: Priority| {
        let of = |tally: &Tally| tally.only(|outcome| outcome.priority == priority).answered();
        tallies.iter().map(|(load, tally)| (*load, of(tally))).collect::<Vec<_>>()
    };
    let lines = vec![
        Line { name: "critical, a fifth", points: answered(Priority::CRITICAL) },
        Line { name: "normal, half", points: answered(Priority::NORMAL) },
        Line { name: "sheddable", points: answered(Priority::SHEDDABLE) },
    ];
    let at = |line: usize, load: f64| {
        lines[line].points.iter().find(|point| point.0 == load).map_or(0.0, |point| point.1)
    };
    let numbers = vec![
        ("answered at 2x, critical", at(0, 2.0)),
        ("answered at 2x, normal", at(1, 2.0)),
        ("answered at 2x, sheddable", at(2, 2.0)),
        ("answered at 4x, critical", at(0, 4.0)),
    ];
    let chart = Chart {
        title: "Who is answered, with priorities",
        x: Axis::linear("offered load, as a multiple of the capacity", 0.0, 4.0, 0.5),
        y: Axis::linear("of the class, answered in time", 0.0, 1.0, 0.2),
        lines,
        span: None,
    };
    Figure { name: "priorities", chart, numbers }
}
