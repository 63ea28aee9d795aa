//! A fleet of clients and servers under overload, simulated: what the layers of `minato-service` do there.
//!
//! Machines, the wire and callers are models; the layers between them are the real ones, on the clock of a simulated
//! runtime. So a run of a minute takes a moment, and the same seed gives the same run.
//!
//! | file | what it holds |
//! |---|---|
//! | `machine.rs` | a machine with cores, and the wire to it |
//! | `fleet.rs` | several machines behind a balancer |
//! | `job.rs`, `traffic.rs` | a request; callers that send them |
//! | `tally.rs` | what became of them |
//! | `draw.rs` | random numbers that belong to a name |
//! | `scenarios/` | one question each |
//! | `figure.rs`, `chart.rs` | the answer, as numbers and as SVG |

#![forbid(unsafe_code)]

mod chart;
mod draw;
mod figure;
mod fleet;
mod job;
mod machine;
mod scenarios;
mod tally;
mod traffic;

pub use figure::Figure;
pub use scenarios::{SCENARIOS, Scenario};
