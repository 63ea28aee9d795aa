//! One connection for many clones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use minato_runtime::time::{Instant, sleep};
use minato_service::observe::Event;
use minato_service::reconnect::{Reconnect, ReconnectError, SharedReconnect};
use minato_service::retry::Jitter;
use minato_service::{Backoff, BoxError, Service, ServiceExt, service_fn};

use crate::support::{Act, Failed, Probe, Task, paused};

const SECOND: Duration = Duration::from_secs(1);

type Making = std::pin::Pin<Box<dyn Future<Output = Result<Probe, Failed>> + Send>>;
type Times = Arc<Mutex<Vec<u64>>>;

/// Makes what the script says, a second each; notes when it was asked.
fn maker(
    script: Vec<Result<Probe, Failed>>,
) -> (impl Service<(), Response = Probe, Error = Failed, Future = Making> + Clone, Times) {
    let start = Instant::now();
    let times = Times::default();
    let noted = times.clone();
    let script = Arc::new(Mutex::new(script.into_iter()));
    let make = service_fn(move |()| -> Making {
        noted.lock().unwrap().push(start.elapsed().as_secs());
        let next = script.lock().unwrap().next().expect("no more than the script has");
        Box::pin(async {
            sleep(SECOND).await;
            next
        })
    });
    (make, times)
}

fn seconds() -> Backoff {
    Backoff::new(SECOND, 60 * SECOND).jitter(Jitter::None)
}

#[test]
fn clones_wait_for_one_attempt_and_share_its_connection() {
    paused(async {
        let (make, times) = maker(vec![Ok(Probe::well())]);
        let service = Reconnect::new(make, ()).shared();
        let calls: Vec<_> = (0..5).map(|n| minato_runtime::spawn(service.clone().oneshot(n))).collect();
        for (n, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await.unwrap().ok(), Some(n as u32 + 1));
        }
        assert_eq!(service.clone().oneshot(1).await.ok(), Some(2));
        assert_eq!(*times.lock().unwrap(), [0]);
        assert_eq!((service.handle().connections(), service.handle().failures()), (1, 0));
    });
}

#[test]
fn who_goes_away_leaves_the_attempt_to_the_others() {
    paused(async {
        let (make, times) = maker(vec![Ok(Probe::well())]);
        let service = Reconnect::new(make, ()).shared();
        let mut first = Task::new(service.clone().oneshot(1));
        assert!(first.poll().is_pending());
        let other = minato_runtime::spawn(service.clone().oneshot(2));
        minato_runtime::task::yield_now().await;
        drop(first);
        assert_eq!(other.await.unwrap().ok(), Some(3));
        assert_eq!(*times.lock().unwrap(), [0]);
        // Also when there is no other just then.
        let (make, times) = maker(vec![Ok(Probe::well())]);
        let service = Reconnect::new(make, ()).shared();
        let mut alone = Task::new(service.clone().oneshot(1));
        assert!(alone.poll().is_pending());
        drop(alone);
        assert_eq!(service.oneshot(2).await.ok(), Some(3));
        assert_eq!(times.lock().unwrap().len(), 1);
    });
}

#[test]
fn a_failed_attempt_is_told_to_all_who_waited_and_the_next_waits_its_turn() {
    paused(async {
        let (make, times) = maker(vec![Err(Failed("refused")), Err(Failed("again")), Ok(Probe::well())]);
        let service = Reconnect::new(make, ()).backoff(seconds()).shared();
        let calls: Vec<_> = (0..3).map(|n| minato_runtime::spawn(service.clone().oneshot(n))).collect();
        for call in calls {
            let error = call.await.unwrap().unwrap_err();
            assert!(error.is_connect());
            let ReconnectError::Connect(error) = error else { panic!("{error:?}") };
            assert_eq!(error.get_ref().downcast_ref(), Some(&Failed("refused")));
        }
        let error = BoxError::from(service.clone().oneshot(1).await.unwrap_err());
        assert_eq!(error.to_string(), "again");
        assert_eq!(service.clone().oneshot(1).await.ok(), Some(2));
        // A second each, a pause of one second, and one of two.
        assert_eq!(*times.lock().unwrap(), [0, 2, 5]);
        assert_eq!((service.handle().connections(), service.handle().failures()), (1, 2));
    });
}

#[test]
fn a_connection_that_breaks_is_made_again_once() {
    paused(async {
        let first = Probe::new(&[Act::Succeed, Act::Succeed, Act::Fail, Act::Fail], &[]);
        let (make, times) = maker(vec![Ok(first), Ok(Probe::well())]);
        let service = Reconnect::new(make, ()).backoff(seconds()).shared();
        let mut clones = [service.clone(), service.clone()];
        for clone in &mut clones {
            assert_eq!(clone.ready().await.unwrap().call(1).await.ok(), Some(2));
        }
        // Both find it broken, one after the other.
        for clone in &mut clones {
            assert_eq!(clone.ready().await.unwrap().call(1).await.ok(), Some(2));
        }
        assert_eq!(*times.lock().unwrap(), [0, 2]);
    });
}

#[test]
fn a_connection_is_given_up_when_it_is_old_and_when_a_handle_says_so() {
    paused(async {
        let (make, times) = maker(vec![Ok(Probe::well()), Ok(Probe::well()), Ok(Probe::well())]);
        let service = Reconnect::new(make, ()).shared().age_max(60 * SECOND);
        let mut held = service.clone();
        assert_eq!(held.ready().await.unwrap().call(1).await.ok(), Some(2));
        sleep(30 * SECOND).await;
        assert_eq!(held.ready().await.unwrap().call(1).await.ok(), Some(2));
        assert_eq!(times.lock().unwrap().len(), 1);
        sleep(31 * SECOND).await;
        assert_eq!(service.clone().oneshot(1).await.ok(), Some(2));
        assert_eq!(held.ready().await.unwrap().call(1).await.ok(), Some(2));
        assert_eq!(times.lock().unwrap().len(), 2);
        service.handle().reconnect();
        assert_eq!(held.ready().await.unwrap().call(1).await.ok(), Some(2));
        assert_eq!(service.clone().oneshot(1).await.ok(), Some(2));
        assert_eq!(times.lock().unwrap().len(), 3, "once for all clones");
    });
}

#[test]
fn the_service_with_a_connection_of_its_own_obeys_its_handle_too() {
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let (make, times) = maker(vec![Err(Failed("refused")), Ok(Probe::well())]);
        let mut service = Reconnect::with_connection(Probe::well(), make, ())
            .observer(move |event: Event| tell.send(event).unwrap());
        let handle = service.handle();
        assert_eq!(service.ready().await.unwrap().call(1).await.ok(), Some(2));
        assert!(times.lock().unwrap().is_empty());
        handle.reconnect();
        assert!(service.ready().await.unwrap().call(1).await.is_err_and(|error| error.is_connect()));
        assert_eq!(service.ready().await.unwrap().call(1).await.ok(), Some(2));
        assert_eq!((handle.connections(), handle.failures()), (1, 1));
        assert_eq!(told.try_iter().collect::<Vec<_>>(), [Event::ConnectFailed, Event::Connected]);
    });
}

#[test]
fn a_panic_while_a_connection_is_made_is_told_to_one_and_the_next_makes_another() {
    paused(async {
        let attempts = Arc::new(Mutex::new(0));
        let make = service_fn(move |()| {
            let attempts = attempts.clone();
            async move {
                sleep(SECOND).await;
                *attempts.lock().unwrap() += 1;
                assert!(*attempts.lock().unwrap() > 1, "the first attempt panics");
                Ok::<_, Failed>(Probe::well())
            }
        });
        let service = Reconnect::new(make, ()).backoff(seconds()).shared();
        let mut task = Task::new(service.clone().oneshot(1));
        assert!(task.poll().is_pending());
        sleep(2 * SECOND).await;
        let payload = catch_unwind(AssertUnwindSafe(|| task.poll())).expect_err("told");
        assert!(payload.downcast_ref::<&str>().is_some());
        assert_eq!(service.oneshot(1).await.ok(), Some(2));
    });
}

#[test]
fn an_age_of_nothing_is_refused() {
    let (make, _) = maker(vec![]);
    let service: SharedReconnect<_, ()> = Reconnect::new(make, ()).shared();
    let refused = catch_unwind(AssertUnwindSafe(|| drop(service.age_max(Duration::ZERO))));
    assert!(refused.expect_err("refused").downcast_ref::<&str>().unwrap().contains("`age_max`"));
}
