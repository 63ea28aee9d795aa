//! The scenarios, one file each.
//!
//! Each machine has four cores and jobs of 40 ms on average, exponentially distributed, so it does a hundred in a
//! second; where there are others the scenario says so. Callers come at random and do not care how slow the answers
//! are.

mod adaptive;
mod balancing;
mod breaking;
mod deadlines;
mod ejection;
mod hedging;
mod priorities;
mod queueing;
mod retries;
mod shedding;

use std::sync::Arc;
use std::time::Duration;

use minato_service::Identity;

use crate::draw::Draw;
use crate::figure::Figure;
use crate::machine::Machine;

/// The seed of everything that is drawn.
const SEED: u64 = 20_240_229;

/// Jobs that a machine does in a second.
const CAPACITY: f64 = 100.0;

const CORES: usize = 4;
const WORK: Duration = Duration::from_millis(40);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn draw(purpose: u64) -> Draw {
    Draw::new(SEED).purpose(purpose)
}

/// A machine of the usual size.
fn machine() -> Arc<Machine> {
    Arc::new(Machine::new(draw(1), CORES, WORK))
}

/// A scenario: its name, and what runs it.
pub type Scenario = (&'static str, fn() -> Figure);

/// All of them, in the order of the guide.
pub const SCENARIOS: &[Scenario] = &[
    ("shedding", shedding::run),
    ("adaptive", adaptive::run),
    ("queueing", queueing::run),
    ("priorities", priorities::run),
    ("deadlines", deadlines::run),
    ("retries", retries::run),
    ("breaking", breaking::run),
    ("hedging", hedging::run),
    ("balancing", balancing::run),
    ("ejection", ejection::run),
];

/// Machines of a fleet.
const MACHINES: u64 = 10;

/// Where latencies are looked at, up to one request in a thousand.
const QUANTILES: [f64; 11] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975, 0.999];

/// No layers before the machine.
pub(crate) const fn nothing() -> Identity {
    Identity::new()
}
