//! A pool of threads for tasks that stay where they began.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use minato_runtime::sync::oneshot;
use minato_runtime::task::{LocalPoolHandle, spawn_blocking, spawn_local, yield_now};
use minato_runtime::time::sleep;

#[minato_runtime::test]
async fn futures_are_made_run_and_dropped_on_one_thread() {
    let pool = LocalPoolHandle::new(3);
    assert_eq!(pool.num_threads(), 3);
    let tasks: Vec<_> = (0..30)
        .map(|n| {
            pool.spawn_pinned(move || {
                let (home, name) = (std::thread::current().id(), Rc::new(n));
                async move {
                    sleep(Duration::from_millis(1)).await;
                    let other = name.clone();
                    let inner = spawn_local(async move { *other });
                    assert_eq!(inner.await.unwrap() + spawn_blocking(|| 1).await.unwrap(), n + 1);
                    assert_eq!(std::thread::current().id(), home);
                    *name
                }
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!(sum, 29 * 30 / 2);
}

#[minato_runtime::test]
async fn the_thread_with_the_fewest_tasks_gets_the_next() {
    let pool = LocalPoolHandle::new(2);
    let (first, second) =
        (pool.spawn_pinned_by_idx(pending::<()>, 0), pool.spawn_pinned_by_idx(pending::<()>, 0));
    assert_eq!(pool.get_task_loads_for_each_thread(), [2, 0]);
    let elsewhere = pool.spawn_pinned(|| async { std::thread::current().name().map(str::to_owned) });
    assert_eq!(elsewhere.await.unwrap().as_deref(), Some("minato-pinned-1"));
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    second.abort();
    assert!(second.await.unwrap_err().is_cancelled());
    assert_eq!(pool.get_task_loads_for_each_thread(), [0, 0]);
}

#[minato_runtime::test]
async fn a_panic_of_the_closure_or_the_future_is_that_of_the_task() {
    let pool = LocalPoolHandle::new(1);
    let made = pool.spawn_pinned(|| -> std::future::Ready<()> { panic!("in the closure") }).await;
    assert!(made.unwrap_err().to_string().contains("in the closure"));
    let ran = pool.spawn_pinned(|| async { panic!("in the future") }).await.map(|(): ()| ());
    assert!(ran.unwrap_err().to_string().contains("in the future"));
    assert_eq!(pool.spawn_pinned(|| async { 1 }).await.unwrap(), 1);
    assert_eq!(pool.get_task_loads_for_each_thread(), [0]);
}

#[minato_runtime::test]
async fn dropping_the_last_handle_drops_the_tasks_on_their_threads() {
    struct Confined(std::thread::ThreadId, Rc<()>, Arc<AtomicUsize>);
    impl Drop for Confined {
        fn drop(&mut self) {
            assert_eq!(std::thread::current().id(), self.0);
            self.2.fetch_add(Rc::strong_count(&self.1), SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let pool = LocalPoolHandle::new(2);
    let clone = pool.clone();
    let (started, mut is_started) = minato_runtime::sync::mpsc::channel(4);
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (dropped, started) = (dropped.clone(), started.clone());
            pool.spawn_pinned(move || async move {
                let _guard = Confined(std::thread::current().id(), Rc::new(()), dropped);
                started.send(()).await.unwrap();
                pending::<()>().await;
            })
        })
        .collect();
    for _ in 0..4 {
        is_started.recv().await.unwrap();
    }
    drop(pool);
    yield_now().await;
    assert_eq!(dropped.load(SeqCst), 0);
    drop(clone);
    for task in tasks {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    assert_eq!(dropped.load(SeqCst), 4);
}

#[test]
fn a_task_that_was_never_polled_is_dropped_without_its_future() {
    let pool = LocalPoolHandle::new(1);
    let (release, wait_release) = mpsc::channel::<()>();
    let (started, wait_started) = mpsc::channel();
    drop(pool.spawn_pinned(move || async move {
        started.send(()).unwrap();
        let _ = wait_release.recv();
    }));
    wait_started.recv().unwrap();
    let (alive, gone) = oneshot::channel::<()>();
    let never = pool.spawn_pinned(move || {
        let _alive = &alive;
        unreachable!("the thread is busy until the pool is gone");
        #[expect(unreachable_code, reason = "says what the closure would give")]
        pending::<()>()
    });
    drop(pool);
    drop(release);
    let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
    assert!(rt.block_on(gone).is_err());
    assert!(rt.block_on(never).unwrap_err().is_cancelled());
}

#[test]
fn misuse_is_explained() {
    let message =
        |f: &dyn Fn()| *catch_unwind(AssertUnwindSafe(f)).unwrap_err().downcast::<String>().unwrap();
    let pool = LocalPoolHandle::new(2);
    let out_of_range = || drop(pool.spawn_pinned_by_idx(|| async {}, 2));
    assert_eq!(message(&out_of_range), "spawn_pinned_by_idx: no thread 2 in a pool of 2");
    let payload = catch_unwind(|| LocalPoolHandle::new(0)).unwrap_err();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "a local pool needs at least one thread");
}
