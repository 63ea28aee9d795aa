//! Second attempts beside slow first ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use minato_runtime::time::{Instant, sleep};
use minato_service::deadline::Deadline;
use minato_service::hedge::HedgeLayer;
use minato_service::{Layer, RetryBudget, Service, ServiceExt, service_fn};

use crate::support::{Failed, paused};

const SECOND: Duration = Duration::from_secs(1);

/// Each call takes as long, and ends as, the script says; counts the calls and those that ran to their end.
fn script(
    steps: &'static [(u64, Result<u32, Failed>)],
) -> (impl Service<(), Response = u32, Error = Failed, Future: Send> + Clone + Send, Arc<[AtomicU32; 2]>) {
    let counts = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let counted = counts.clone();
    let service = service_fn(move |()| {
        let counts = counted.clone();
        let step = steps[counts[0].fetch_add(1, Ordering::Relaxed) as usize];
        async move {
            sleep(SECOND * step.0 as u32).await;
            counts[1].fetch_add(1, Ordering::Relaxed);
            step.1
        }
    });
    (service, counts)
}

fn count(counts: &[AtomicU32; 2]) -> (u32, u32) {
    (counts[0].load(Ordering::Relaxed), counts[1].load(Ordering::Relaxed))
}

#[test]
fn the_first_good_answer_wins_and_the_loser_is_dropped() {
    paused(async {
        let (service, counts) = script(&[(10, Ok(1)), (1, Ok(2))]);
        let start = Instant::now();
        let hedged = HedgeLayer::after(2 * SECOND, |()| Some(())).layer(service);
        assert_eq!(hedged.oneshot(()).await, Ok(2));
        assert_eq!(start.elapsed().as_secs(), 3);
        sleep(20 * SECOND).await;
        assert_eq!(count(&counts), (2, 1));
    });
}

#[test]
fn an_error_does_not_win_while_the_other_attempt_runs() {
    paused(async {
        let (service, _) = script(&[(3, Err(Failed("first"))), (2, Ok(2))]);
        assert_eq!(HedgeLayer::after(2 * SECOND, |()| Some(())).layer(service).oneshot(()).await, Ok(2));
        let (service, _) = script(&[(5, Ok(1)), (1, Err(Failed("second")))]);
        assert_eq!(HedgeLayer::after(2 * SECOND, |()| Some(())).layer(service).oneshot(()).await, Ok(1));
        let (service, _) = script(&[(3, Err(Failed("first"))), (2, Err(Failed("second")))]);
        let hedged = HedgeLayer::after(2 * SECOND, |()| Some(())).layer(service);
        assert_eq!(hedged.oneshot(()).await, Err(Failed("second")));
    });
}

#[test]
fn a_quick_answer_and_a_request_without_a_copy_are_not_hedged() {
    paused(async {
        let (service, counts) = script(&[(1, Ok(1)), (9, Ok(2))]);
        let layer = HedgeLayer::after(2 * SECOND, |()| None);
        assert_eq!(layer.layer(service.clone()).oneshot(()).await, Ok(1));
        assert_eq!(layer.layer(service).oneshot(()).await, Ok(2));
        assert_eq!(count(&counts), (2, 2));
        assert_eq!(layer.handle().hedged(), 0);
    });
}

#[test]
fn hedges_stay_within_their_budget_and_the_deadline() {
    paused(async {
        let (service, counts) = script(&[(5, Ok(0)); 10]);
        let layer = HedgeLayer::after(SECOND, |()| Some(())).budget(RetryBudget::new(50, 0));
        let handle = layer.handle();
        let hedged = layer.layer(service);
        for _ in 0..4 {
            assert_eq!(hedged.clone().oneshot(()).await, Ok(0));
        }
        assert_eq!((count(&counts).0, handle.hedged()), (6, 2));
        let (service, counts) = script(&[(5, Ok(0)); 2]);
        let hedged = HedgeLayer::after(2 * SECOND, |()| Some(())).layer(service);
        assert_eq!(Deadline::after(SECOND).scope(hedged.oneshot(())).await, Ok(0));
        assert_eq!(count(&counts).0, 1);
    });
}

#[test]
fn the_delay_follows_the_percentile() {
    paused(async {
        let service = service_fn(|()| async {
            sleep(Duration::from_millis(20)).await;
            Ok::<_, Failed>(())
        });
        let within = Duration::from_millis(1)..=10 * SECOND;
        let layer = HedgeLayer::percentile(90, within, |()| Some(()));
        let handle = layer.handle();
        assert_eq!(handle.delay(), 10 * SECOND);
        let hedged = layer.layer(service);
        for _ in 0..256 {
            assert_eq!(hedged.clone().oneshot(()).await, Ok(()));
        }
        let delay = handle.delay();
        assert!((Duration::from_millis(20)..Duration::from_millis(26)).contains(&delay), "{delay:?}");
    });
}

#[test]
#[should_panic(expected = "`percent` is 100")]
fn a_percentile_of_all_is_refused() {
    drop(HedgeLayer::percentile(100, SECOND..=SECOND, |n: &u32| Some(*n)));
}
