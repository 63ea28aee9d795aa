//! Prints ours beside theirs.
//!
//! ```text
//! compare [names...]                 time of the processor and of the clock, in rounds that alternate
//! compare --count [names...]         allocations and system calls per operation
//! compare --instructions [names...]  instructions per operation, under valgrind
//! compare --atomics [names...]       atomic read-modify-writes per operation, under valgrind
//! compare --contention               nanoseconds of calls of middleware beside another thread's
//! compare --sizes                    bytes of tasks, handles and channels, wake-ups of an idle runtime, small programs
//! compare --all [names...]           all of it
//! ```
//!
//! Names are parts of the names of cases; none means all.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this program is for")]

mod allocations;
mod atomics;
mod child;
mod contention;
mod count;
mod instructions;
mod programs;
mod sizes;
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
        "--atomics" => atomics::run(&chosen(names)),
        "--contention" => contention::run(),
        "--sizes" => sizes_of_all(),
        "--all" => {
            let cases = chosen(names);
            let tables: [(&str, &dyn Fn()); 6] = [
                ("Time", &|| timing::run(&cases)),
                ("Instructions", &|| instructions::run(&cases)),
                ("Atomic operations", &|| atomics::run(&cases)),
                ("Allocations and system calls", &|| count::run(&cases)),
                ("Contention", &contention::run),
                ("Sizes", &sizes_of_all),
            ];
            for (title, print) in tables {
                println!("\n{title}:\n");
                print();
            }
        }
        child::MODE => return child::run(names),
        sizes::RESIDENT_MODE => return sizes::hold(names),
        sizes::IDLE_MODE => return sizes::idle(names),
        _ => {
            eprintln!(
                "usage: compare [--all | --count | --instructions | --atomics | --contention | --sizes] \
                 [parts of names...]"
            );
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn sizes_of_all() {
    sizes::run();
    println!();
    programs::run();
}

fn chosen(names: &[String]) -> Vec<&'static Case> {
    let is_chosen =
        |case: &&Case| names.is_empty() || names.iter().any(|name| case.name.contains(name.as_str()));
    CASES.iter().filter(is_chosen).collect()
}
