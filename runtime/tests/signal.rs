//! Signals, sent by the process to itself.

#![cfg(feature = "signal")]

mod support;

use minato_runtime::signal::unix::{SignalKind, signal};
use rustix::process::{Signal as Number, getpid, kill_process};
use support::all_flavors;

#[test]
fn every_listener_sees_an_arrival_and_sees_it_once() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut first = signal(SignalKind::user_defined1()).unwrap();
            let mut second = signal(SignalKind::user_defined1()).unwrap();
            kill_process(getpid(), Number::USR1).unwrap();
            assert!(first.recv().await.is_some());
            assert!(second.recv().await.is_some());
            assert!(futures_util::future::FutureExt::now_or_never(first.recv()).is_none());
            drop(second);
            kill_process(getpid(), Number::USR1).unwrap();
            assert!(first.recv().await.is_some());
        });
    }
}

#[test]
fn a_signal_that_cannot_be_caught_is_an_error() {
    assert!(signal(SignalKind::from_raw(9)).is_err());
    assert!(signal(SignalKind::from_raw(4000)).is_err());
}
