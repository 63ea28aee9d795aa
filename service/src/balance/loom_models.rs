//! Every interleaving of two calls of an instance.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::load::{Load, Meter};

#[test]
fn loom_a_peak_is_not_lost() {
    loom::model(|| {
        let kind = Load::peak_ewma();
        let meter = Arc::new(Meter::new());
        let other = meter.clone();
        let thread = thread::spawn(move || {
            other.begin();
            other.note(kind, Duration::from_millis(500), false, 0);
            other.end();
        });
        meter.begin();
        meter.note(kind, Duration::from_millis(10), false, 0);
        meter.end();
        thread.join().unwrap();
        assert_eq!(meter.pending(), 0);
        assert!(meter.load(kind, 0) > 499_000.0);
    });
}
