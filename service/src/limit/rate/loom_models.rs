//! Every interleaving of two callers of a bucket.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::gcra::Gcra;

const NOW: u64 = 1_000_000_000_000;
const SECOND: u64 = 1_000_000_000;

fn take(gcra: &Gcra) -> u64 {
    u64::from(gcra.try_take_untimed() || gcra.try_take_at(NOW).is_ok())
}

#[test]
fn loom_the_last_place_goes_to_one() {
    loom::model(|| {
        let gcra = Arc::new(Gcra::new(1, Duration::from_secs(1)));
        let other = gcra.clone();
        let thread = thread::spawn(move || take(&other));
        let own = take(&gcra);
        assert_eq!(own + thread.join().unwrap(), 1);
    });
}

#[test]
fn loom_every_call_is_accounted_for_whether_it_looked_at_the_clock_or_not() {
    loom::model(|| {
        // One of two calls in a row is untimed.
        let gcra = Arc::new(Gcra::new(16, Duration::from_secs(16)));
        let other = gcra.clone();
        let thread = thread::spawn(move || take(&other) + take(&other));
        let own = take(&gcra) + take(&gcra);
        assert_eq!(own + thread.join().unwrap(), 4);
        assert_eq!(gcra.ahead(NOW), 4 * SECOND);
    });
}

#[test]
fn loom_a_place_given_back_is_there_again() {
    loom::model(|| {
        let gcra = Arc::new(Gcra::new(16, Duration::from_secs(16)));
        assert_eq!(take(&gcra), 1);
        let other = gcra.clone();
        let thread = thread::spawn(move || other.give_back());
        assert_eq!(take(&gcra), 1);
        thread.join().unwrap();
        assert_eq!(gcra.ahead(NOW), SECOND);
    });
}
