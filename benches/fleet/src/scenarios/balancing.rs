//! Ten machines, one of which is slow, and four ways to pick one.

use minato_service::balance::{LeastLoaded, Load, P2c, Picker, RoundRobin};
use minato_service::{ServiceBuilder, ServiceExt};

use super::{CAPACITY, CORES, MACHINES, QUANTILES, WORK, draw, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::job::Job;
use crate::machine::Machine;
use crate::tally::Tally;
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 30;
const WARM_UP: u64 = 10;
const LOAD: f64 = 0.5;

/// What became of the requests, and which part of them the slow machine got.
fn run_with<P>(load: Load, picker: P) -> (Tally, f64)
where
    P: Picker<Job> + Clone + Send + Sync + 'static,
{
    simulate(super::SEED, async {
        let fleet = Fleet::new((0..MACHINES).map(|index| Machine::new(draw(100 + index), CORES, WORK)));
        fleet.machines[0].set_speed(0.2);
        let balanced = fleet.balanced(draw(13), load, picker, None);
        let client = ServiceBuilder::new().timeout(seconds(2)).service(balanced);
        let client = client.map_err(Into::into).boxed_clone_sync();
        let traffic = Traffic {
            draw: draw(14),
            rate: |_| LOAD * CAPACITY * MACHINES as f64,
            duration: seconds(DURATION),
            patience: seconds(2),
        };
        let tally = traffic.run(&client, |_| {}).await;
        let share = fleet.machines[0].received() as f64 / tally.len() as f64;
        (tally.between(seconds(WARM_UP), seconds(DURATION)), share)
    })
}

pub(super) fn run() -> Figure {
    let (round_robin, round_robin_share) = run_with(Load::Pending, RoundRobin::new());
    let (pending, pending_share) = run_with(Load::Pending, P2c::new());
    let (ewma, ewma_share) = run_with(Load::peak_ewma(), P2c::new());
    let (least, _) = run_with(Load::Pending, LeastLoaded::new());
    let line = |name, tally: &Tally| {
        let points = QUANTILES.map(|quantile| (Axis::rarity(quantile), tally.spent(quantile))).to_vec();
        Line { name, points }
    };
    let numbers = vec![
        ("99th percentile, round robin, ms", round_robin.spent(0.99)),
        ("99th percentile, p2c by calls, ms", pending.spent(0.99)),
        ("99th percentile, p2c by peak EWMA, ms", ewma.spent(0.99)),
        ("99th percentile, least loaded, ms", least.spent(0.99)),
        ("not answered in time, round robin", 1.0 - round_robin.answered()),
        ("not answered in time, p2c by calls", 1.0 - pending.answered()),
        ("share of the slow machine, round robin", round_robin_share),
        ("share of the slow machine, p2c by calls", pending_share),
        ("share of the slow machine, p2c by peak EWMA", ewma_share),
    ];
    let chart = Chart {
        title: "Latency over ten machines, one with a fifth of the speed",
        x: Axis::quantiles("fraction of the requests"),
        y: Axis::linear("answered or given up within, ms", 0.0, 2000.0, 500.0),
        lines: vec![
            line("round robin", &round_robin),
            line("p2c by calls", &pending),
            line("p2c by peak EWMA", &ewma),
            line("least loaded", &least),
        ],
        span: None,
    };
    Figure { name: "balancing", chart, numbers }
}
