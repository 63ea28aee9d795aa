//! Ten machines, one of which fails every request at once for a time.

use minato_runtime::spawn;
use minato_runtime::time::sleep;
use minato_service::balance::{Ejection, Load, P2c};

use super::{CAPACITY, CORES, MACHINES, WORK, draw, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::machine::Machine;
use crate::tally::Tally;
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 60;
const BROKEN: (u64, u64) = (10, 40);
const LOAD: f64 = 0.6;

fn run_with(load: Load, ejection: Option<Ejection>) -> Tally {
    simulate(super::SEED, async {
        let fleet = Fleet::new((0..MACHINES).map(|index| Machine::new(draw(100 + index), CORES, WORK)));
        let client = fleet.balanced(draw(15), load, P2c::new(), ejection);
        let machine = fleet.machines[0].clone();
        let outage = spawn(async move {
            sleep(seconds(BROKEN.0)).await;
            machine.set_broken(true);
            sleep(seconds(BROKEN.1 - BROKEN.0)).await;
            machine.set_broken(false);
        });
        let traffic = Traffic {
            draw: draw(16),
            rate: |_| LOAD * CAPACITY * MACHINES as f64,
            duration: seconds(DURATION),
            patience: seconds(30),
        };
        let tally = traffic.run(&client, |_| {}).await;
        let _ = outage.await;
        tally
    })
}

pub(super) fn run() -> Figure {
    let pending = run_with(Load::Pending, None);
    let ewma = run_with(Load::peak_ewma(), None);
    let ejecting = Ejection::new().duration(seconds(5)..=seconds(30));
    let ejected = run_with(Load::Pending, Some(ejecting));
    let failed = |tally: &Tally| 1.0 - tally.answered();
    let during = |tally: &Tally| failed(&tally.between(seconds(BROKEN.0), seconds(BROKEN.1)));
    let numbers = vec![
        ("failed while one is broken, p2c by calls", during(&pending)),
        ("failed while one is broken, p2c by peak EWMA", during(&ewma)),
        ("failed while one is broken, p2c by calls, ejection", during(&ejected)),
        ("failed in the last 10 s, ejection", failed(&ejected.between(seconds(50), seconds(60)))),
    ];
    let line =
        |name, tally: &Tally| Line { name, points: tally.over_time(seconds(DURATION), seconds(1), failed) };
    let chart = Chart {
        title: "One of ten machines fails at once, and so looks idle",
        x: Axis::linear("time, s", 0.0, DURATION as f64, 10.0),
        y: Axis::linear("fraction of the requests that fail", 0.0, 0.5, 0.1),
        lines: vec![
            line("p2c by calls", &pending),
            line("p2c by peak EWMA", &ewma),
            line("p2c by calls, with ejection", &ejected),
        ],
        span: Some((BROKEN.0 as f64, BROKEN.1 as f64, "one machine is broken")),
    };
    Figure { name: "ejection", chart, numbers }
}
