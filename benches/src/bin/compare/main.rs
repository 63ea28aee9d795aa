//! Prints ours beside theirs.
//!
//! ```text
//! compare [names...]                 time of the processor and of the clock, in rounds that alternate
//! compare --count [names...]         allocations and system calls per operation
//! compare --instructions [names...]  instructions per operation, under valgrind
//! ```
//!
//! Names are parts of the names of cases; none means all.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]

mod allocations;
mod child;
mod count;
mod instructions;
mod table;
mod timing;

use std::process::ExitCode;

use minato_benches::{CASES, Case};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mode, names) = match arguments.split_first() {
        Some((mode, names)) if mode.starts_with("--") => (mode.as_str(), names),
        _ => ("", &arguments[..]),
    };
    match mode {
        "" => timing::run(&chosen(names)),
        "--count" => count::run(&chosen(names)),
        "--instructions" => instructions::run(&chosen(names)),
        child::MODE => return child::run(names),
        _ => {
            eprintln!("usage: compare [--count | --instructions] [parts of names...]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn chosen(names: &[String]) -> Vec<&'static Case> {
    let is_chosen =
        |case: &&Case| names.is_empty() || names.iter().any(|name| case.name.contains(name.as_str()));
    CASES.iter().filter(is_chosen).collect()
}
