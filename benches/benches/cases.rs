//! Every case under criterion, each side beside the other in a group of the case's name.
//!
//! `cargo bench -p minato-benches -- spawn` runs those whose name has `spawn` in it.

use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use minato_benches::{CASES, Side, Work};

fn cases(criterion: &mut Criterion) {
    for case in CASES {
        let mut group = criterion.benchmark_group(case.name);
        for (name, side) in [("minato", case.ours), (case.peer, case.theirs)] {
            // Criterion skips what its filter leaves out without calling the closure, so servers start only if needed.
            let mut work = Lazy { side, work: None };
            group.bench_function(name, |bencher| {
                let work = work.get(case.workers);
                bencher.iter_custom(|operations| {
                    let start = Instant::now();
                    work(operations);
                    start.elapsed()
                });
            });
        }
        for other in case.others {
            let mut work = None;
            group.bench_function(other.name, |bencher| {
                let work = work.get_or_insert_with(|| other.side.start(case.workers));
                bencher.iter_custom(|operations| {
                    let start = Instant::now();
                    work(operations);
                    start.elapsed()
                });
            });
        }
        group.finish();
    }
}

struct Lazy {
    side: Side,
    work: Option<Work>,
}

impl Lazy {
    fn get(&mut self, workers: minato_benches::Workers) -> &mut Work {
        self.work.get_or_insert_with(|| self.side.start(workers))
    }
}

criterion_group!(benches, cases);
criterion_main!(benches);
