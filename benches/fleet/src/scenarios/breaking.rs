//! An outage with and without a breaker before it.

use minato_runtime::spawn;
use minato_runtime::time::sleep;
use minato_service::breaker::{BreakerLayer, WindowKind};
use minato_service::{ServiceBuilder, ServiceExt};

use super::{CAPACITY, draw, machine, seconds};
use crate::chart::{Axis, Chart, Line};
use crate::figure::Figure;
use crate::tally::Tally;
use crate::traffic::{Traffic, simulate};

const DURATION: u64 = 80;
const OUTAGE: (u64, u64) = (10, 30);
const LOAD: f64 = 0.8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaker {
    None,
    Present,
}

fn run_with(breaker: Breaker) -> Tally {
    simulate(super::SEED, async {
        let machine = machine();
        let server = ServiceBuilder::new().timeout(seconds(1)).service(machine.serve(super::nothing()));
        let client = if breaker == Breaker::Present {
            let layer =
                BreakerLayer::new(0.5).window(WindowKind::Calls(100)).open_for(seconds(1)..=seconds(4));
            ServiceBuilder::new().layer(layer).service(server).map_err(Into::into).boxed_clone_sync()
        } else {
            server.map_err(Into::into).boxed_clone_sync()
        };
        let outage = spawn(async move {
            sleep(seconds(OUTAGE.0)).await;
            machine.set_speed(0.05);
            sleep(seconds(OUTAGE.1 - OUTAGE.0)).await;
            machine.set_speed(1.0);
        });
        let traffic = Traffic {
            draw: draw(10),
            rate: |_| LOAD * CAPACITY,
            duration: seconds(DURATION),
            patience: seconds(1),
        };
        let tally = traffic.run(&client, |_| {}).await;
        let _ = outage.await;
        tally
    })
}

/// How long after the outage half of the requests of a second are answered again.
fn recovery(tally: &Tally) -> f64 {
    let over_time = tally.over_time(seconds(DURATION), seconds(1), Tally::answered);
    let end = OUTAGE.1 as f64;
    let recovered = over_time.iter().find(|(at, answered)| *at > end && *answered > 0.5);
    recovered.map_or(f64::INFINITY, |(at, _)| at - end)
}

pub(super) fn run() -> Figure {
    let without = run_with(Breaker::None);
    let with = run_with(Breaker::Present);
    let during = |tally: &Tally| tally.between(seconds(OUTAGE.0 + 5), seconds(OUTAGE.1));
    let numbers = vec![
        ("seconds from the end of the outage to half answered, no breaker", recovery(&without)),
        ("seconds from the end of the outage to half answered, breaker", recovery(&with)),
        ("median wait for a failure in the outage, no breaker, ms", during(&without).spent(0.5)),
        ("median wait for a failure in the outage, breaker, ms", during(&with).spent(0.5)),
        ("answered in the first 10 s, breaker", with.between(seconds(0), seconds(10)).answered()),
    ];
    let answered = |tally: &Tally| tally.over_time(seconds(DURATION), seconds(1), Tally::answered);
    let chart = Chart {
        title: "Through an outage of twenty seconds, at 0.8 of the capacity",
        x: Axis::linear("time, s", 0.0, DURATION as f64, 10.0),
        y: Axis::linear("fraction that is answered in time", 0.0, 1.0, 0.2),
        lines: vec![
            Line { name: "timeout alone", points: answered(&without) },
            Line { name: "timeout and breaker", points: answered(&with) },
        ],
        span: Some((OUTAGE.0 as f64, OUTAGE.1 as f64, "a twentieth of the speed")),
    };
    Figure { name: "breaking", chart, numbers }
}
