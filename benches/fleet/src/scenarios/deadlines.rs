//! Callers with little and with much patience in front of one queue, with and without deadlines.

use std::sync::Arc;

use minato_service::deadline::DeadlineLayer;
use minato_service::limit::{ConcurrencyLimitLayer, Wait};
use minato_service::timeout::RequestTimeout;
use minato_service::{Deadline, ServiceBuilder, ServiceExt};

use super::{CAPACITY, CORES, draw, machine, millis, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::job::Job;
use crate::machine::{Machine, Serve};
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 30;
const WARM_UP: u64 = 10;

fn goodput(load: f64, serve: Serve) -> f64 {
    let tally = simulate(super::SEED, async {
        let server = serve(&machine());
        let client = RequestTimeout::new(server, |job: &Job| Some(job.patience));
        let client = client.map_err(Into::into).boxed_clone_sync();
        let traffic = Traffic {
            draw: draw(7),
            rate: |_| load * CAPACITY,
            duration: seconds(DURATION),
            patience: seconds(1),
        };
        // From a fifth of a second to two seconds.
        let patience = |id| millis(200) + millis(1800).mul_f64(draw(8).fraction(id));
        traffic.run(&client, |job| job.patience = patience(job.id)).await
    });
    let tally = tally.between(seconds(WARM_UP), seconds(DURATION));
    tally.answered() * tally.len() as f64 / (DURATION - WARM_UP) as f64 / CAPACITY
}

pub(super) fn run() -> Figure {
    let plain = |machine: &Arc<Machine>| machine.serve(ConcurrencyLimitLayer::waiting(CORES, Wait::new()));
    let deadlined = |machine: &Arc<Machine>| {
        let deadline = DeadlineLayer::from_fn(|job: &Job| Some(Deadline::at(job.start + job.patience)));
        let limit = ConcurrencyLimitLayer::waiting(CORES, Wait::new());
        machine.serve(ServiceBuilder::new().layer(deadline).layer(limit).into_inner())
    };
    let stacks: [(&str, Serve); 2] = [("queue", plain), ("queue with deadlines", deadlined)];
    let loads = [0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0];
    let lines = stacks.map(|(name, serve)| {
        let points = loads.map(|load| (load, goodput(load, serve))).to_vec();
        Line { name, points }
    });
    let at_two = |line: usize| lines[line].points.iter().find(|point| point.0 == 2.0).map_or(0.0, |at| at.1);
    let numbers =
        vec![("goodput at 2x, queue", at_two(0)), ("goodput at 2x, queue with deadlines", at_two(1))];
    let chart = Chart {
        title: "Answers in time from a queue, with and without deadlines",
        x: Axis::linear("offered load, as a multiple of the capacity", 0.0, 3.0, 0.5),
        y: Axis::linear("answers in time, of the capacity", 0.0, 1.0, 0.2),
        lines: lines.into(),
        span: None,
    };
    Figure { name: "deadlines", chart, numbers }
}
