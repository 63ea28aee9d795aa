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

/// Listeners share a pipe. What one of them reads from it, before the driver of another has looked, is told to that one too.
#[test]
fn a_listener_that_is_read_past_hears_all_the_same() {
    let kind = SignalKind::from_raw(Number::URG.as_raw());
    let [quick, slow] = [support::current_thread(), support::current_thread()];
    let mut first = quick.block_on(async { signal(kind) }).unwrap();
    let mut second = slow.block_on(async { signal(kind) }).unwrap();
    let waits = slow.spawn(async move { second.recv().await });
    // It waits by the time this ends.
    slow.block_on(minato_runtime::task::yield_now());
    quick.block_on(async {
        kill_process(getpid(), Number::URG).unwrap();
        assert!(first.recv().await.is_some());
        // Looks for the next one, which reads what there is in the pipe.
        let next = minato_runtime::time::timeout(std::time::Duration::from_millis(1), first.recv());
        assert!(next.await.is_err());
    });
    let told = slow.block_on(minato_runtime::time::timeout(std::time::Duration::from_secs(10), waits));
    assert!(told.expect("it is told").unwrap().is_some());
}

#[test]
fn a_signal_that_cannot_be_caught_is_an_error() {
    assert!(signal(SignalKind::from_raw(9)).is_err());
    assert!(signal(SignalKind::from_raw(4000)).is_err());
}

/// The signals that this process catches, as the kernel says.
#[cfg(target_os = "linux")]
fn is_caught(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
    u64::from_str_radix(mask, 16).unwrap() & 1 << (kind.as_raw_value() - 1) != 0
}

#[test]
#[cfg(target_os = "linux")]
fn the_default_comes_back_with_the_last_listener() {
    support::current_thread().block_on(async {
        let kind = SignalKind::quit();
        assert!(!is_caught(kind));
        for _ in 0..3 {
            let first = signal(kind).unwrap();
            let mut second = signal(kind).unwrap();
            drop(first);
            assert!(is_caught(kind));
            kill_process(getpid(), Number::QUIT).unwrap();
            assert!(second.recv().await.is_some());
            drop(second);
            assert!(!is_caught(kind));
        }
    });
}

#[test]
fn a_set_tells_which_and_hides_none() {
    use minato_runtime::signal::unix::signals;

    for rt in all_flavors() {
        rt.block_on(async {
            let kinds = [SignalKind::alarm(), SignalKind::window_change(), SignalKind::io()];
            let mut set = signals(kinds).unwrap();
            for number in [Number::IO, Number::ALARM, Number::WINCH] {
                kill_process(getpid(), number).unwrap();
            }
            let mut seen = Vec::new();
            for _ in 0..3 {
                seen.push(set.recv().await.unwrap());
            }
            seen.sort_by_key(SignalKind::as_raw_value);
            let mut expected = kinds.to_vec();
            expected.sort_by_key(SignalKind::as_raw_value);
            assert_eq!(seen, expected);
            assert!(futures_util::future::FutureExt::now_or_never(set.recv()).is_none());
            assert!(signals([SignalKind::hangup(), SignalKind::from_raw(9)]).is_err());
            assert_eq!(signals([]).unwrap().recv().await, None);
        });
    }
}

#[test]
fn a_burst_is_never_lost_whoever_listens() {
    // The last signals may arrive when the tasks have ended; the default would end the process.
    std::mem::forget(signal(SignalKind::user_defined2()).unwrap());
    for rt in all_flavors() {
        rt.block_on(async {
            let listeners: Vec<_> = (0..8)
                .map(|_| {
                    let mut listener = signal(SignalKind::user_defined2()).unwrap();
                    minato_runtime::spawn(async move {
                        // The last arrival is always told, whatever came before.
                        for _ in 0..50 {
                            listener.recv().await.unwrap();
                        }
                    })
                })
                .collect();
            while !listeners.iter().all(minato_runtime::task::JoinHandle::is_finished) {
                kill_process(getpid(), Number::USR2).unwrap();
                minato_runtime::task::yield_now().await;
            }
        });
    }
}

#[test]
fn handlers_of_other_libraries_go_on() {
    use tokio::signal::unix as theirs;

    let kind = SignalKind::child();
    let rt = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let theirs_first = rt.block_on(async { theirs::signal(theirs::SignalKind::child()) });
    let mut theirs_first = theirs_first.unwrap();
    support::current_thread().block_on(async {
        // Over theirs, which is still called.
        let mut ours = signal(kind).unwrap();
        kill_process(getpid(), Number::CHILD).unwrap();
        ours.recv().await.unwrap();
    });
    rt.block_on(async { theirs_first.recv().await.unwrap() });
    // Theirs is back, as it was.
    kill_process(getpid(), Number::CHILD).unwrap();
    rt.block_on(async { theirs_first.recv().await.unwrap() });
}

#[test]
fn a_handler_that_another_library_buried_works_again() {
    use tokio::signal::unix as theirs;

    let kind = SignalKind::pipe();
    let number = Number::PIPE;
    let rt = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    support::current_thread().block_on(async {
        let mut ours = signal(kind).unwrap();
        let mut over = {
            let _entered = rt.enter();
            theirs::signal(theirs::SignalKind::pipe()).unwrap()
        };
        kill_process(getpid(), number).unwrap();
        ours.recv().await.unwrap();
        drop(ours);
        let mut again = signal(kind).unwrap();
        kill_process(getpid(), number).unwrap();
        again.recv().await.unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| rt.block_on(async { over.recv().await.unwrap() }));
        });
    });
}
