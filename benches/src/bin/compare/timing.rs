//! Time per operation.

use minato_benches::{Case, measure};

use crate::table::{Table, number, ratio};

/// Prints the medians of all rounds, in nanoseconds per operation.
pub(crate) fn run(cases: &[&Case]) {
    let table = Table::new(&["case", "peer", "cpu ns", "peer", "ratio", "wall ns", "peer", "ratio"]);
    for case in cases {
        let measured = measure(case);
        let (ours, theirs) = (measured.ours, measured.theirs);
        table.row(&[
            case.name.to_owned(),
            case.peer.to_owned(),
            number(ours.cpu),
            number(theirs.cpu),
            ratio(ours.cpu, theirs.cpu),
            number(ours.wall),
            number(theirs.wall),
            ratio(ours.wall, theirs.wall),
        ]);
    }
}
