//! Instructions per operation, which do not depend on what else the machine does.

use std::io;
use std::process::Command;

use minato_benches::Case;

use crate::child::{Which, is_present, per_operation, under};
use crate::table::{Table, number, ratio};

/// Operations of the short and the long run.
pub(crate) const RUNS: [u64; 2] = [2_000, 12_000];

/// Prints the instructions of the process: of the server alone, where there is one.
pub(crate) fn run(cases: &[&Case]) {
    if !is_present("valgrind") {
        println!("Instructions are skipped: valgrind is not installed.");
        return;
    }
    per_side(cases, "Ir", instructions);
}

/// Prints a figure of every side of every case.
pub(crate) fn per_side(cases: &[&Case], unit: &str, figure: fn(&Case, Which) -> io::Result<f64>) {
    let table = Table::new(&["case", "peer", unit, "peer", "ratio", "smol", "monoio"]);
    for case in cases {
        let [ours, theirs] = Which::BOTH.map(|which| figure(case, which));
        let cell = |figure: &io::Result<f64>| match figure {
            Ok(figure) => number(*figure),
            Err(error) => error.to_string(),
        };
        let ratio = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => ratio(*ours, *theirs),
            _ => "-".to_owned(),
        };
        let other = |name| {
            let has_it = case.others.iter().any(|other| other.name == name);
            if has_it { cell(&figure(case, Which::Other(name))) } else { "-".to_owned() }
        };
        let (smol, monoio) = (other("smol"), other("monoio"));
        table.row(&[
            case.name.to_owned(),
            case.peer.to_owned(),
            cell(&ours),
            cell(&theirs),
            ratio,
            smol,
            monoio,
        ]);
    }
}

fn instructions(case: &Case, which: Which) -> io::Result<f64> {
    per_operation(RUNS, |operations| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--fair-sched=yes"]);
        let report = under(&mut valgrind, case, which, operations)?;
        // `==1== Collected : 12345`
        let collected = report
            .lines()
            .find_map(|line| line.split_once("Collected :"))
            .and_then(|(_, figure)| figure.trim().parse().ok());
        collected.ok_or_else(|| io::Error::other("callgrind told no total"))
    })
}
