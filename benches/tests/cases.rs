//! The cases do what they say, so that their figures are about something.

use std::collections::HashSet;

use minato_benches::{CASES, find};

#[test]
fn every_case_runs_on_both_sides() {
    for case in CASES {
        for side in [case.ours, case.theirs] {
            // The work itself asserts that every message, answer and response has come, and is whole. 300 is not a
            // multiple of the batches, and more than one of them.
            let mut work = side.start(case.workers);
            work(300);
            work(1);
        }
        for other in case.others {
            let mut work = other.side.start(case.workers);
            work(300);
            work(1);
        }
    }
}

#[test]
fn every_case_is_found_by_its_name() {
    let names: HashSet<_> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), CASES.len());
    assert!(names.into_iter().all(|name| find(name).is_some_and(|case| case.name == name)));
    assert!(find("spawn").is_none());
}
