//! Readiness and calls on tasks of their own, and calls that are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use minato_runtime::task::yield_now;
use minato_runtime::time::sleep;
use minato_service::deadline::Deadline;
use minato_service::early_drop::{Dropped, EarlyDropLayer, Phase};
use minato_service::error::TaskLost;
use minato_service::offload::{OffloadLayer, blocking_fn};
use minato_service::spawn_ready::{SpawnReady, SpawnReadyLayer};
use minato_service::{BoxError, Layer, Rejection, Service, ServiceExt, service_fn};

use crate::support::{Act, Failed, Probe, Task, now, paused, poll_ready};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_service_becomes_ready_though_nobody_asks() {
    paused(async {
        let probe = Probe::new(&[Act::Wait], &[]);
        let observer = probe.observer();
        let mut service = SpawnReadyLayer::new().layer(probe);
        assert!(poll_ready::<_, u32>(&mut service).is_pending());
        yield_now().await;
        observer.release();
        sleep(SECOND).await;
        assert_eq!(observer.asked(), 3, "by us, and by the task until it was ready");
        assert!(poll_ready::<_, u32>(&mut service).is_ready());
        assert_eq!(service.call(1).await.unwrap(), 2);
    });
}

#[test]
fn the_task_ends_with_the_service() {
    paused(async {
        let probe = Probe::new(&[Act::Wait; 4], &[]);
        let observer = probe.observer();
        let mut service = SpawnReady::new(probe);
        assert!(poll_ready::<_, u32>(&mut service).is_pending());
        yield_now().await;
        let asked = observer.asked();
        drop(service);
        yield_now().await;
        observer.release();
        sleep(SECOND).await;
        assert_eq!(observer.asked(), asked, "nobody asks for what nobody holds");
    });
}

#[test]
fn an_error_of_readiness_is_told_and_the_service_kept() {
    paused(async {
        let probe = Probe::new(&[Act::Hang, Act::Fail, Act::Fail], &[]);
        let mut service = SpawnReady::new(probe);
        for _ in 0..2 {
            let error = service.ready().await.err().unwrap();
            assert_eq!(error.downcast_ref(), Some(&Failed("not ready")));
        }
        assert_eq!(service.oneshot(1).await.unwrap(), 2);
    });
}

#[test]
fn a_task_that_panics_is_an_error_from_then_on() {
    #[derive(Debug)]
    struct Panics(u32);
    impl Service<u32> for Panics {
        type Response = u32;
        type Error = Failed;
        type Future = std::future::Ready<Result<u32, Failed>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Failed>> {
            self.0 += 1;
            assert!(self.0 < 2, "the second question");
            Poll::Pending
        }

        fn call(&mut self, n: u32) -> Self::Future {
            std::future::ready(Ok(n))
        }
    }
    paused(async {
        let mut service = SpawnReady::new(Panics(0));
        for _ in 0..2 {
            let error = service.ready().await.err().unwrap();
            let lost = error.downcast_ref::<TaskLost>().unwrap();
            assert_eq!(lost.panic_message(), Some("the second question"));
            assert!(!Rejection::of(&*error).unwrap().is_retry_safe());
        }
    });
}

#[test]
fn offloaded_calls_run_on_tasks_end_with_them_and_keep_their_deadline() {
    paused(async {
        let layer = OffloadLayer::new();
        let probe = Probe::new(&[], &[Act::Hang]);
        let observer = probe.observer();
        let service = layer.layer(probe);
        let mut call = Task::new(service.clone().oneshot(1));
        assert!(call.poll().is_pending());
        yield_now().await;
        assert_eq!(observer.live(), 1);
        drop(call);
        yield_now().await;
        assert_eq!(observer.live(), 0, "the task is aborted");
        assert_eq!(service.oneshot(1).await, Ok(2));
        let deadline = Deadline::after(SECOND);
        let seen = layer.layer(service_fn(|()| async { Ok::<_, Failed>(Deadline::current()) }));
        assert_eq!(deadline.scope(seen.oneshot(())).await, Ok(Some(deadline)));
        let panics = layer.layer(service_fn(|()| async { panic!("inside") as Result<(), Failed> }));
        let error = panics.oneshot(()).await.unwrap_err();
        assert!(error.is_lost());
        assert_eq!(BoxError::from(error).to_string(), "the task of the call panicked: inside");
    });
}

#[test]
fn functions_that_block_are_services() {
    let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let here = std::thread::current().id();
        let service = blocking_fn(move |n: u32| {
            assert_ne!(std::thread::current().id(), here);
            if n == 0 { Err(Failed("zero")) } else { Ok((n, Deadline::current())) }
        });
        let deadline = Deadline::after(60 * SECOND);
        assert_eq!(deadline.scope(service.oneshot(1)).await, Ok((1, Some(deadline))));
        let error = BoxError::from(service.oneshot(0).await.unwrap_err());
        assert_eq!(error.downcast_ref(), Some(&Failed("zero")));
    });
}

#[test]
fn a_call_that_nobody_waits_for_is_told_and_others_are_not() {
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let tell = Arc::new(std::sync::Mutex::new(tell));
        let layer = EarlyDropLayer::new(move |dropped: Dropped| tell.lock().unwrap().send(dropped).unwrap());
        let service = layer.layer(Probe::new(&[], &[Act::Succeed, Act::Fail, Act::Hang, Act::Hang]));
        assert_eq!(service.clone().oneshot(1).await, Ok(2));
        assert!(service.clone().oneshot(1).await.is_err());
        assert!(told.try_recv().is_err());
        let mut call = Task::new(service.clone().oneshot(1));
        assert!(call.poll().is_pending());
        sleep(3 * SECOND).await;
        drop(call);
        let dropped = told.try_recv().unwrap();
        assert_eq!((dropped.phase, dropped.elapsed.as_secs()), (Phase::Answering, 3));
        let mut unpolled = service;
        assert!(poll_ready(&mut unpolled).is_ready());
        drop(unpolled.call(1));
        assert_eq!(told.try_recv().unwrap().elapsed, Duration::ZERO);
    });
}

#[test]
fn a_body_that_is_dropped_before_its_end_is_told() {
    use http_body::Body;
    use http_body_util::Full;
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    let layer = EarlyDropLayer::new(move |dropped: Dropped| {
        assert_eq!(dropped.phase, Phase::Sending);
        counted.fetch_add(1, Ordering::Relaxed);
    })
    .until_body_end();
    let service = layer.layer(service_fn(|text: &'static str| async move {
        Ok::<_, Failed>(http::Response::new(Full::new(bytes::Bytes::from(text))))
    }));
    drop(now(service.clone().oneshot("dropped")).unwrap());
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let mut body = Box::pin(now(service.clone().oneshot("sent")).unwrap().into_body());
    assert!(now(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx))).is_some());
    drop(body);
    drop(now(service.oneshot("")).unwrap());
    assert_eq!(count.load(Ordering::Relaxed), 1);
}
