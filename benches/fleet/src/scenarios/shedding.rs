//! Goodput over offered load, with and without shedding.

use minato_service::limit::{
    ConcurrencyLimitLayer,
    adaptive::{AdaptiveLimitLayer, Gradient2},
};
use minato_service::{ServiceBuilder, ServiceExt};

use super::{CAPACITY, draw, machine, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::machine::{Machine, Serve};
use crate::tally::Tally;
use crate::traffic::{Traffic, simulate};
use std::sync::Arc;

const DURATION: u64 = 30;
/// Left out: what happens until the queue has the length that goes with the load.
const WARM_UP: u64 = 10;

fn loads() -> impl Iterator<Item = f64> {
    [0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0].into_iter()
}

/// One point: the answers in time per second, as a fraction of what the machine can do.
fn goodput(load: f64, serve: Serve) -> (f64, Tally) {
    let tally = simulate(super::SEED, async {
        let server = serve(&machine());
        let client = ServiceBuilder::new().timeout(seconds(1)).service(server);
        let client = client.map_err(Into::into).boxed_clone_sync();
        let traffic = Traffic {
            draw: draw(2),
            rate: |_| load * CAPACITY,
            duration: seconds(DURATION),
            patience: seconds(1),
        };
        traffic.run(&client, |_| {}).await
    });
    let tally = tally.between(seconds(WARM_UP), seconds(DURATION));
    let goodput = tally.answered() * tally.len() as f64 / (DURATION - WARM_UP) as f64 / CAPACITY;
    (goodput, tally)
}

pub(super) fn run() -> Figure {
    let unlimited = |machine: &Arc<Machine>| machine.serve(super::nothing());
    let limited = |machine: &Arc<Machine>| machine.serve(ConcurrencyLimitLayer::rejecting(16));
    let adaptive = |machine: &Arc<Machine>| {
        let layer = AdaptiveLimitLayer::new(Gradient2::new()).between(4, 200);
        machine.serve(layer)
    };
    let stacks: [(&str, Serve); 3] =
        [("no limit", unlimited), ("limit of 16, refusing", limited), ("adaptive limit", adaptive)];
    let mut numbers = Vec::new();
    let lines = stacks.map(|(name, serve)| {
        let points = loads().map(|load| (load, goodput(load, serve).0)).collect();
        Line { name, points }
    });
    for (line, name) in
        lines.iter().zip(["goodput at 2x, no limit", "goodput at 2x, limit", "goodput at 2x, adaptive"])
    {
        let at_two = line.points.iter().find(|(load, _)| *load == 2.0);
        numbers.push((name, at_two.map_or(0.0, |point| point.1)));
    }
    let (_, limited) = goodput(2.0, stacks[1].1);
    numbers.push(("99th percentile of the answered at 2x, limit, ms", limited.quantile(0.99)));
    let chart = Chart {
        title: "Answers in time, with and without shedding",
        x: Axis::linear("offered load, as a multiple of the capacity", 0.0, 3.0, 0.5),
        y: Axis::linear("answers in time, of the capacity", 0.0, 1.0, 0.2),
        lines: lines.into(),
        span: None,
    };
    Figure { name: "shedding", chart, numbers }
}
