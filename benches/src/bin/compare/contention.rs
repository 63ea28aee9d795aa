//! What a call costs while another thread makes the same.

use minato_benches::CONTENDED;

use crate::table::{Table, number, ratio};

/// Rounds of each; the median of an odd number is one of them.
const ROUNDS: usize = 9;
const CALLS: u64 = 100_000;

/// Prints medians, in nanoseconds of a call from beginning to end. It wants two processors that do nothing else.
pub(crate) fn run() {
    let table = Table::new(&["layer", "one thread, ns", "two threads, ns", "ratio"]);
    for contended in CONTENDED {
        let [mut alone, mut beside] = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            alone.push((contended.cost)(1, CALLS));
            beside.push((contended.cost)(2, CALLS));
        }
        let [alone, beside] = [alone, beside].map(|mut costs| {
            costs.sort_by(f64::total_cmp);
            costs[ROUNDS / 2]
        });
        table.row(&[contended.name.to_owned(), number(alone), number(beside), ratio(beside, alone)]);
    }
}
