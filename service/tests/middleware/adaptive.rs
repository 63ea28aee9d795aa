//! Limits that find their own number.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use minato_runtime::time::sleep;
use minato_service::limit::adaptive::{AdaptiveLimitLayer, Aimd, Algorithm, Gradient2, Vegas, Window};
use minato_service::limit::{ConcurrencyHandle, Wait};
use minato_service::{Layer, ServiceExt, service_fn};

use crate::support::{Failed, paused};

/// Forty clients ask without a pause, for half a minute, a service that does ten things at once and makes others wait.
async fn under_load(algorithm: impl Algorithm) -> (ConcurrencyHandle, usize) {
    let running = Arc::new(AtomicUsize::new(0));
    let service = service_fn(move |()| {
        let running = running.clone();
        async move {
            let others = running.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(10) * (1 + others as u32 / 10)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, Failed>(())
        }
    });
    let layer = AdaptiveLimitLayer::new(algorithm).between(2, 100).starting_at(4).mode(Wait::new());
    let handle = layer.handle();
    let service = layer.layer(service);
    let clients: Vec<_> = (0..40)
        .map(|_| {
            let service = service.clone();
            minato_runtime::spawn(async move {
                for _ in 0..500 {
                    assert_eq!(service.clone().oneshot(()).await, Ok(()));
                }
            })
        })
        .collect();
    let mut highest = 0;
    while !clients[0].is_finished() {
        sleep(Duration::from_millis(200)).await;
        highest = highest.max(handle.max());
    }
    for client in clients {
        client.await.unwrap();
    }
    (handle, highest)
}

#[test]
fn gradient2_settles_near_what_the_service_can_do_at_once() {
    paused(async {
        let (handle, highest) = under_load(Gradient2::new()).await;
        assert!((8..40).contains(&handle.max()), "{}", handle.max());
        assert!(highest < 60, "{highest}");
        assert_eq!((handle.in_flight(), handle.waiting()), (0, 0));
    });
}

#[test]
fn vegas_settles_near_what_the_service_can_do_at_once() {
    paused(async {
        let (handle, _) = under_load(Vegas::new()).await;
        assert!((6..40).contains(&handle.max()), "{}", handle.max());
    });
}

#[test]
fn aimd_stays_below_where_calls_take_too_long() {
    paused(async {
        let (handle, _) = under_load(Aimd::new().latency_max(Duration::from_millis(15))).await;
        assert!((6..30).contains(&handle.max()), "{}", handle.max());
    });
}

#[test]
fn dropped_calls_lower_the_limit_to_its_bound_and_nonsense_leaves_it() {
    struct Nonsense;
    impl Algorithm for Nonsense {
        fn next(&mut self, _: f64, _: &Window) -> f64 {
            f64::NAN
        }
    }
    paused(async {
        let refused = service_fn(|()| async {
            sleep(Duration::from_millis(10)).await;
            Err::<(), _>(Failed("full"))
        });
        let layer = AdaptiveLimitLayer::new(Aimd::new())
            .between(5, 50)
            .dropped_if(|result: &Result<(), Failed>| result.is_err());
        let service = layer.layer(refused);
        let nonsense = AdaptiveLimitLayer::new(Nonsense);
        let unmoved = nonsense.layer(refused);
        for _ in 0..400 {
            assert!(service.clone().oneshot(()).await.is_err());
            assert!(unmoved.clone().oneshot(()).await.is_err());
        }
        assert_eq!(layer.handle().max(), 5);
        assert_eq!(nonsense.handle().max(), 20);
    });
}

#[test]
#[should_panic(expected = "`min` is 5 and exceeds `max`")]
fn bounds_that_contradict_each_other_are_refused() {
    let _ = AdaptiveLimitLayer::new(Aimd::new()).between(5, 4);
}

#[test]
#[should_panic(expected = "`initial` is 7")]
fn a_start_outside_the_bounds_is_refused() {
    let _ = AdaptiveLimitLayer::new(Aimd::new()).between(1, 5).starting_at(7);
}
