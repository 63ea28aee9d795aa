//! Time per operation.

use minato_benches::{Case, measure};

use crate::table::{Table, number, ratio};

/// Prints the medians of all rounds, in nanoseconds per operation.
pub(crate) fn run(cases: &[&Case]) {
    let head = ["case", "peer", "cpu ns", "peer", "ratio", "smol", "monoio", "wall ns", "peer", "ratio"];
    let table = Table::new(&head);
    for case in cases {
        let measured = measure(case);
        let (ours, theirs) = (measured.ours, measured.theirs);
        let other = |name| {
            let of_name = measured.others.iter().find(|other| other.0 == name);
            of_name.map_or_else(|| "-".to_owned(), |(_, sample)| number(sample.cpu))
        };
        table.row(&[
            case.name.to_owned(),
            case.peer.to_owned(),
            number(ours.cpu),
            number(theirs.cpu),
            ratio(ours.cpu, theirs.cpu),
            other("smol"),
            other("monoio"),
            number(ours.wall),
            number(theirs.wall),
            ratio(ours.wall, theirs.wall),
        ]);
    }
}
