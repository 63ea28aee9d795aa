//! Allocations and system calls per operation.

use std::io;
use std::process::Command;

use minato_benches::Case;

use crate::allocations::count;
use crate::child::{Which, is_present, per_operation, under};
use crate::table::{Table, number, ratio};

/// Operations before counting, and counted.
const WARM_UP: u64 = 20_000;
const COUNTED: u64 = 20_000;

/// Operations of the short and the long run under strace.
const TRACED: [u64; 2] = [1_000, 6_000];

/// Prints the counts.
pub(crate) fn run(cases: &[&Case]) {
    let has_strace = is_present("strace");
    if !has_strace {
        println!("System calls are skipped: strace is not installed.\n");
    }
    let head = ["case", "peer", "allocs", "peer", "ratio", "bytes", "peer", "syscalls", "peer"];
    let table = Table::new(&head);
    for case in cases {
        let [ours, theirs] = [case.ours, case.theirs].map(|side| {
            let mut work = side.start(case.workers);
            work(WARM_UP);
            let count = count(|| work(COUNTED));
            [count.allocations, count.bytes].map(|total| total as f64 / COUNTED as f64)
        });
        let calls = Which::BOTH.map(|which| match has_strace && case.ours.is_server() {
            true => syscalls(case, which).map_or_else(|error| error.to_string(), number),
            false => "-".to_owned(),
        });
        let [our_calls, their_calls] = calls;
        table.row(&[
            case.name.to_owned(),
            case.peer.to_owned(),
            number(ours[0]),
            number(theirs[0]),
            ratio(ours[0], theirs[0]),
            number(ours[1]),
            number(theirs[1]),
            our_calls,
            their_calls,
        ]);
    }
}

fn syscalls(case: &Case, which: Which) -> io::Result<f64> {
    per_operation(TRACED, |operations| {
        let report = under(Command::new("strace").args(["-f", "-c"]), case, which, operations)?;
        // The last line: `100.00 seconds usecs/call calls errors total`, errors only where there are any.
        let calls = report
            .lines()
            .rev()
            .find(|line| line.trim_end().ends_with("total"))
            .and_then(|line| line.split_ascii_whitespace().nth(3)?.parse().ok());
        calls.ok_or_else(|| io::Error::other("strace told no total"))
    })
}
