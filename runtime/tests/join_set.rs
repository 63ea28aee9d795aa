//! Owning tasks: sets, and handles that abort.

mod support;

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};

use minato_runtime::spawn;
use minato_runtime::sync::oneshot;
use minato_runtime::task::{AbortHandle, AbortOnDropHandle, JoinSet, yield_now};
use support::{Live, all_flavors, current_thread, multi_thread};

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_set_gives_every_output_once() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set: JoinSet<usize> = (0..1000)
                .map(|n| async move {
                    if n % 3 == 0 {
                        yield_now().await;
                    }
                    n
                })
                .collect();
            assert_eq!(set.len(), 1000);
            let mut seen = Vec::new();
            while let Some(output) = set.join_next().await {
                seen.push(output.unwrap());
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..1000).collect::<Vec<_>>());
            assert!(set.is_empty());
        });
    }
}

#[test]
fn tasks_are_joined_in_the_order_in_which_they_end() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let gates: Vec<_> = (0..5)
                .map(|n| {
                    let (gate, opened) = oneshot::channel::<()>();
                    set.spawn(async move {
                        opened.await.unwrap();
                        n
                    });
                    Some(gate)
                })
                .collect();
            let mut gates = gates;
            for n in [3, 0, 4, 1, 2] {
                gates[n].take().unwrap().send(()).unwrap();
                assert_eq!(set.join_next().await.unwrap().unwrap(), n);
            }
        });
    }
}

#[test]
fn joining_polls_no_task_that_is_not_over_and_wakes_once_per_end() {
    let rt = current_thread();
    rt.block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..100 {
            set.spawn(pending());
        }
        let (gate, opened) = oneshot::channel::<()>();
        set.spawn(async move { opened.await.unwrap() });
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        assert!(set.poll_join_next(&mut Context::from_waker(&waker)).is_pending());
        yield_now().await;
        assert_eq!(wakes.0.load(SeqCst), 0);
        gate.send(()).unwrap();
        // How many tasks run between two polls of this one is for the runtime to choose.
        for _ in 0..100 {
            yield_now().await;
        }
        assert_eq!(wakes.0.load(SeqCst), 1);
        assert!(set.try_join_next().unwrap().is_ok());
        assert!(set.try_join_next().is_none());
        assert_eq!(set.len(), 100);
    });
}

#[test]
fn an_empty_set_has_no_next() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::<()>::default();
            assert!(set.join_next().await.is_none());
            assert!(set.try_join_next().is_none());
            assert!(set.join_next_with_id().await.is_none());
            set.shutdown().await;
            assert!(set.join_all().await.is_empty());
        });
    }
}

#[test]
fn ids_come_with_outputs_and_with_errors() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let fine = set.spawn(async { 1 }).id();
            assert_eq!(set.join_next_with_id().await.unwrap().unwrap(), (fine, 1));
            let stuck = set.spawn(pending());
            stuck.abort();
            let error = set.join_next_with_id().await.unwrap().unwrap_err();
            assert!(error.is_cancelled());
            assert_eq!(error.id(), stuck.id());
            let broken = set.spawn(async { panic!("ran aground") }).id();
            let error = set.join_next_with_id().await.unwrap().unwrap_err();
            assert!(error.is_panic());
            assert_eq!(error.id(), broken);
        });
    }
}

#[test]
fn a_dropped_set_aborts_its_tasks() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let gone: Vec<_> = (0..10)
                .map(|_| {
                    let (alive, gone) = oneshot::channel::<()>();
                    set.spawn(async move {
                        let _alive = alive;
                        pending::<()>().await;
                    });
                    gone
                })
                .collect();
            drop(set);
            for gone in gone {
                assert!(gone.await.is_err());
            }
        });
    }
}

#[test]
fn shutdown_returns_when_every_future_is_dropped() {
    for rt in all_flavors() {
        let live = Arc::new(AtomicUsize::new(0));
        rt.block_on(async {
            let mut set = JoinSet::new();
            for _ in 0..50 {
                let guard = Live::new(&live);
                set.spawn(async move {
                    let _guard = guard;
                    pending::<()>().await;
                });
            }
            yield_now().await;
            set.shutdown().await;
            assert_eq!(live.load(SeqCst), 0);
            assert!(set.is_empty());
        });
    }
}

#[test]
fn detached_tasks_go_on_and_the_set_can_be_used_again() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let (gate, opened) = oneshot::channel::<()>();
            let (done, wait_done) = oneshot::channel();
            set.spawn(async move {
                opened.await.unwrap();
                done.send(7).unwrap();
                0
            });
            set.detach_all();
            assert!(set.is_empty());
            // The new task stands in the place of the old; the end of the old must not be taken for its.
            let (second_gate, second_opened) = oneshot::channel::<()>();
            set.spawn(async move {
                second_opened.await.unwrap();
                1
            });
            gate.send(()).unwrap();
            assert_eq!(wait_done.await.unwrap(), 7);
            yield_now().await;
            assert!(set.try_join_next().is_none());
            second_gate.send(()).unwrap();
            assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
        });
    }
}

#[test]
fn a_dropped_join_next_takes_nothing_out() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let (gate, opened) = oneshot::channel::<()>();
            set.spawn(async move {
                opened.await.unwrap();
                5
            });
            {
                let mut next = pin!(set.join_next());
                poll_fn(|cx| {
                    assert!(next.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                gate.send(()).unwrap();
            }
            assert_eq!(set.len(), 1);
            assert_eq!(set.join_next().await.unwrap().unwrap(), 5);
        });
    }
}

#[test]
fn join_all_gives_the_outputs_or_the_panic_and_aborts_the_rest() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut outputs = (0..10).map(|n| async move { n }).collect::<JoinSet<_>>().join_all().await;
            outputs.sort_unstable();
            assert_eq!(outputs, (0..10).collect::<Vec<_>>());

            let (alive, gone) = oneshot::channel::<()>();
            let joining = spawn(async move {
                let mut set = JoinSet::new();
                set.spawn(async move {
                    let _alive = alive;
                    pending::<()>().await;
                });
                set.spawn(async { panic!("ran aground") });
                set.join_all().await;
            });
            let payload = joining.await.unwrap_err().into_panic();
            assert_eq!(*payload.downcast::<&str>().unwrap(), "ran aground");
            assert!(gone.await.is_err());
        });
    }
}

#[test]
fn blocking_jobs_and_tasks_of_another_runtime_are_joined_too() {
    let other = multi_thread(1);
    for rt in all_flavors() {
        rt.block_on(async {
            let mut set = JoinSet::new();
            let (release, wait_release) = mpsc::channel::<()>();
            set.spawn_blocking(move || {
                wait_release.recv().unwrap();
                1
            });
            set.spawn_blocking_on(|| 2, other.handle());
            assert_eq!(set.join_next().await.unwrap().unwrap(), 2);
            release.send(()).unwrap();
            assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
            set.spawn_on(async { 3 }, other.handle());
            assert_eq!(set.join_next().await.unwrap().unwrap(), 3);
        });
    }
}

#[test]
fn a_greedy_joiner_gives_way() {
    let rt = current_thread();
    rt.block_on(async {
        let mut set = JoinSet::new();
        let tasks: Vec<_> = (0..1000).map(|_| set.spawn(async {})).collect();
        while !tasks.iter().all(AbortHandle::is_finished) {
            yield_now().await;
        }
        // One poll of a task joins as much as its budget allows.
        let joined = spawn(poll_fn(move |cx| {
            let mut joined = 0;
            while let Poll::Ready(Some(_)) = set.poll_join_next(cx) {
                joined += 1;
            }
            Poll::Ready(joined)
        }));
        let joined = joined.await.unwrap();
        assert!(0 < joined && joined < 1000, "{joined}");
    });
}

#[test]
fn an_owned_task_ends_with_its_handle_unless_detached() {
    for rt in all_flavors() {
        rt.block_on(async {
            assert_eq!(AbortOnDropHandle::new(spawn(async { 4 })).await.unwrap(), 4);

            let (alive, gone) = oneshot::channel::<()>();
            let owned = AbortOnDropHandle::new(spawn(async move {
                let _alive = alive;
                pending::<()>().await;
            }));
            yield_now().await;
            assert!(!owned.is_finished());
            drop(owned);
            assert!(gone.await.is_err());

            let (gate, opened) = oneshot::channel::<()>();
            let owned = AbortOnDropHandle::new(spawn(async move { opened.await.is_ok() }));
            let detached = owned.detach();
            gate.send(()).unwrap();
            assert!(detached.await.unwrap());
        });
    }
}
