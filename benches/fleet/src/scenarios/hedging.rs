//! Rare stalls, with and without a second request to another machine.

use minato_service::balance::{Load, P2c};
use minato_service::hedge::HedgeLayer;
use minato_service::{RetryBudget, ServiceBuilder, ServiceExt};

use super::{CAPACITY, CORES, MACHINES, QUANTILES, WORK, draw, millis, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::job::Job;
use crate::machine::Machine;
use crate::tally::Tally;
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 40;
const LOAD: f64 = 0.3;

/// What became of the requests, and how many more reached the machines.
fn run_with(is_hedged: bool) -> (Tally, f64) {
    simulate(super::SEED, async {
        let machine = |index| Machine::new(draw(100 + index), CORES, WORK).stalling(0.01, 20.0);
        let fleet = Fleet::new((0..MACHINES).map(machine));
        let balanced = fleet.balanced(draw(11), Load::Pending, P2c::new(), None);
        let client = if is_hedged {
            let hedge = HedgeLayer::percentile(95, millis(20)..=seconds(1), |job: &Job| Some(job.another()))
                .budget(RetryBudget::new(10, 10));
            ServiceBuilder::new().layer(hedge).service(balanced).boxed_clone_sync()
        } else {
            balanced
        };
        let traffic = Traffic {
            draw: draw(12),
            rate: |_| LOAD * CAPACITY * MACHINES as f64,
            duration: seconds(DURATION),
            patience: seconds(30),
        };
        let tally = traffic.run(&client, |_| {}).await;
        let extra = fleet.received() as f64 / tally.len() as f64 - 1.0;
        (tally, extra)
    })
}

pub(super) fn run() -> Figure {
    let (plain, _) = run_with(false);
    let (hedged, extra) = run_with(true);
    let line =
        |tally: &Tally| QUANTILES.map(|quantile| (Axis::rarity(quantile), tally.spent(quantile))).to_vec();
    let numbers = vec![
        ("median, plain, ms", plain.spent(0.5)),
        ("median, hedged, ms", hedged.spent(0.5)),
        ("99th percentile, plain, ms", plain.spent(0.99)),
        ("99th percentile, hedged, ms", hedged.spent(0.99)),
        ("99.9th percentile, plain, ms", plain.spent(0.999)),
        ("99.9th percentile, hedged, ms", hedged.spent(0.999)),
        ("extra load of hedging", extra),
    ];
    let chart = Chart {
        title: "Latency where one request in a hundred stalls",
        x: Axis::quantiles("fraction of the requests"),
        y: Axis::linear("answered within, ms", 0.0, 2500.0, 500.0),
        lines: vec![
            Line { name: "one request", points: line(&plain) },
            Line { name: "hedged at the 95th percentile", points: line(&hedged) },
        ],
        span: None,
    };
    Figure { name: "hedging", chart, numbers }
}
