//! Runs the scenarios, prints their numbers, and writes their charts into the guide of `minato-service`.
//!
//! ```text
//! fleet [names...]         the numbers
//! fleet --write [names...] the numbers, and the charts
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]

use std::path::Path;
use std::process::ExitCode;

use minato_benches_fleet::SCENARIOS;

fn main() -> ExitCode {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let writes = names.iter().any(|name| name == "--write");
    names.retain(|name| name != "--write");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../service/src/guides/overload");
    for (name, run) in SCENARIOS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let figure = run();
        print!("{}", figure.table());
        if writes && let Err(error) = std::fs::write(folder.join(format!("{name}.svg")), figure.svg()) {
            eprintln!("{name}.svg: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
