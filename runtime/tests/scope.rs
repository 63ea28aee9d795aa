//! Structured concurrency.

mod support;

use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::Poll;

use futures_util::FutureExt;
use minato_runtime::sync::oneshot;
use minato_runtime::task::{Scope, scope, yield_now};
use support::{Live, all_flavors};

fn stuck(scope: &Scope<&'static str>, live: &Arc<AtomicUsize>) {
    let guard = Live::new(live);
    scope.spawn(async move {
        let _guard = guard;
        pending::<()>().await;
        Ok(())
    });
}

#[test]
fn the_scope_waits_for_children_and_for_what_they_start() {
    for rt in all_flavors() {
        rt.block_on(async {
            let live = Arc::new(AtomicUsize::new(0));
            let counted = live.clone();
            let result = scope(|s| async move {
                for _ in 0..20 {
                    let (guard, inner, counted) = (Live::new(&counted), s.clone(), counted.clone());
                    s.spawn(async move {
                        yield_now().await;
                        let child = Live::new(&counted);
                        inner.spawn(async move {
                            yield_now().await;
                            drop(child);
                            Ok(())
                        });
                        drop(guard);
                        Ok(())
                    });
                }
                Ok::<_, &str>(9)
            })
            .await;
            assert_eq!(result, Ok(9));
            assert_eq!(live.load(SeqCst), 0);
        });
    }
}

#[test]
fn the_first_error_cancels_the_rest_and_is_the_result() {
    for rt in all_flavors() {
        rt.block_on(async {
            let live = Arc::new(AtomicUsize::new(0));
            let counted = live.clone();
            let result = scope(|s| async move {
                (0..10).for_each(|_| stuck(&s, &counted));
                s.spawn(async {
                    yield_now().await;
                    Err::<(), _>("ran aground")
                });
                pending::<()>().await;
                Ok(())
            })
            .await;
            assert_eq!(result, Err("ran aground"));
            assert_eq!(live.load(SeqCst), 0);
        });
    }
}

#[test]
fn a_panic_of_a_child_or_of_the_body_goes_on_in_the_caller_after_all_are_gone() {
    for rt in all_flavors() {
        rt.block_on(async {
            for in_body in [true, false] {
                let live = Arc::new(AtomicUsize::new(0));
                let counted = live.clone();
                let running = scope(|s| async move {
                    stuck(&s, &counted);
                    assert!(!in_body, "ran aground");
                    s.spawn::<_, ()>(async { panic!("ran aground") });
                    pending::<Result<(), _>>().await
                });
                let payload = AssertUnwindSafe(running).catch_unwind().await.unwrap_err();
                assert_eq!(*payload.downcast::<&str>().unwrap(), "ran aground");
                assert_eq!(live.load(SeqCst), 0);
            }
        });
    }
}

#[test]
fn an_outer_scope_waits_for_grandchildren_of_an_inner_one_that_was_dropped() {
    for rt in all_flavors() {
        rt.block_on(async {
            let live = Arc::new(AtomicUsize::new(0));
            let counted = live.clone();
            let result = scope(|s| async move {
                let (ready, is_ready) = oneshot::channel();
                s.spawn(async move {
                    scope(|inner| async move {
                        (0..50).for_each(|_| stuck(&inner, &counted));
                        ready.send(()).unwrap();
                        pending::<Result<(), _>>().await
                    })
                    .await
                });
                is_ready.await.unwrap();
                Err::<(), _>("enough")
            })
            .await;
            assert_eq!(result, Err("enough"));
            assert_eq!(live.load(SeqCst), 0);
        });
    }
}

#[test]
fn a_dropped_scope_aborts_its_children_and_refuses_new_ones() {
    for rt in all_flavors() {
        rt.block_on(async {
            let (alive, gone) = oneshot::channel::<()>();
            let (leak, mut leaked) = oneshot::channel();
            {
                let mut running = pin!(scope(|s| async move {
                    s.spawn(async move {
                        let _alive = alive;
                        pending::<Result<(), &str>>().await
                    });
                    assert!(leak.send(s).is_ok());
                    pending::<Result<(), &str>>().await
                }));
                assert!(poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx).is_pending())).await);
            }
            assert!(gone.await.is_err());
            let s = (&mut leaked).await.unwrap();
            assert!(s.spawn(async { Ok(()) }).await.unwrap_err().is_cancelled());
        });
    }
}

#[test]
fn blocking_children_are_waited_for_and_one_aborted_child_is_no_failure() {
    for rt in all_flavors() {
        rt.block_on(async {
            let (release, wait_release) = mpsc::channel::<()>();
            let result = scope(|s| async move {
                let job = s.spawn_blocking(move || wait_release.recv().map(|()| 3).map_err(|_| "gone"));
                let idle = s.spawn(pending::<Result<(), _>>());
                idle.abort();
                assert!(idle.await.unwrap_err().is_cancelled());
                release.send(()).unwrap();
                Ok::<_, &str>(job.await.unwrap())
            })
            .await;
            assert_eq!(result, Ok(3));
        });
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

fn armed(scope: &Scope<&'static str>, live: &Arc<AtomicUsize>) -> minato_runtime::task::ScopedJoinHandle<()> {
    let parts = (Bomb, Live::new(live));
    scope.spawn(async move {
        let _parts = parts;
        pending::<()>().await;
        Ok(())
    })
}

#[test]
fn a_panic_while_an_aborted_child_is_dropped_is_a_failure_only_if_it_is_the_first() {
    for rt in all_flavors() {
        rt.block_on(async {
            let live = Arc::new(AtomicUsize::new(0));
            let counted = live.clone();
            let later = scope(|s| async move {
                drop(armed(&s, &counted));
                yield_now().await;
                Err::<(), _>("first")
            })
            .await;
            assert_eq!((later, live.load(SeqCst)), (Err("first"), 0));

            let counted = live.clone();
            let first = AssertUnwindSafe(scope(|s| async move {
                let child = armed(&s, &counted);
                stuck(&s, &counted);
                yield_now().await;
                child.abort();
                pending::<Result<(), &str>>().await
            }))
            .catch_unwind()
            .await;
            assert_eq!(*first.unwrap_err().downcast::<&str>().unwrap(), "in drop");
            assert_eq!(live.load(SeqCst), 0);
        });
    }
}

#[test]
fn children_started_while_the_scope_is_cancelled_are_gone_when_it_returns() {
    for rt in all_flavors() {
        rt.block_on(async {
            for _ in 0..50 {
                let live = Arc::new(AtomicUsize::new(0));
                let counted = live.clone();
                let result = scope(|s| async move {
                    for _ in 0..4 {
                        let (inner, counted) = (s.clone(), counted.clone());
                        s.spawn(async move {
                            loop {
                                stuck(&inner, &counted);
                                yield_now().await;
                            }
                            #[expect(unreachable_code, reason = "says what the child would give")]
                            Ok(())
                        });
                    }
                    yield_now().await;
                    yield_now().await;
                    Err::<(), _>("enough")
                })
                .await;
                assert_eq!((result, live.load(SeqCst)), (Err("enough"), 0));
            }
        });
    }
}
