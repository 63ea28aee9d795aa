//! Values that belong to a task.

mod support;

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use minato_runtime::task::yield_now;
use minato_runtime::{spawn, task_local};
use support::all_flavors;

task_local! {
    /// Which request the task serves.
    static REQUEST: u32;
    static NAME: RefCell<String>
}

#[test]
fn each_task_keeps_its_own_value_across_polls() {
    for rt in all_flavors() {
        rt.block_on(async {
            let tasks: Vec<_> = (0..100)
                .map(|n| {
                    spawn(REQUEST.scope(n, async move {
                        for _ in 0..10 {
                            assert_eq!(REQUEST.get(), n);
                            yield_now().await;
                        }
                        REQUEST.with(|request| *request)
                    }))
                })
                .collect();
            for (n, task) in (0..).zip(tasks) {
                assert_eq!(task.await.unwrap(), n);
            }
            assert!(REQUEST.try_get().is_err());
        });
    }
}

#[test]
fn scopes_nest_and_spawned_tasks_do_not_inherit() {
    for rt in all_flavors() {
        rt.block_on(REQUEST.scope(1, async {
            REQUEST
                .scope(2, async {
                    yield_now().await;
                    assert_eq!(REQUEST.get(), 2);
                    assert_eq!(REQUEST.sync_scope(3, || REQUEST.get()), 3);
                    assert_eq!(REQUEST.get(), 2);
                })
                .await;
            assert_eq!(REQUEST.get(), 1);
            assert!(spawn(async { REQUEST.try_get().is_err() }).await.unwrap());
        }));
    }
}

#[test]
fn a_future_that_panics_leaves_no_value_behind() {
    for rt in all_flavors() {
        rt.block_on(async {
            let mut scope = pin!(REQUEST.scope(5, async { panic!("ran aground") }));
            let caught = poll_fn(|cx| {
                Poll::Ready(catch_unwind(AssertUnwindSafe(|| {
                    let _: Poll<()> = scope.as_mut().poll(cx);
                })))
            });
            assert!(caught.await.is_err());
            assert!(REQUEST.try_get().is_err());
            assert!(catch_unwind(|| REQUEST.sync_scope(5, || panic!("ran aground"))).is_err());
            assert!(REQUEST.try_get().is_err());
        });
    }
}

#[test]
fn a_future_is_dropped_with_the_value_in_place() {
    struct Report(mpsc::Sender<u32>);
    impl Drop for Report {
        fn drop(&mut self) {
            self.0.send(REQUEST.get()).unwrap();
        }
    }
    for rt in all_flavors() {
        rt.block_on(async {
            let (tx, rx) = mpsc::channel();
            let waits = Report(tx.clone());
            drop(REQUEST.scope(6, async move {
                let _waits = waits;
                pending::<()>().await;
            }));
            assert_eq!(rx.try_recv(), Ok(6));
            let ends = Report(tx);
            let mut scope = pin!(REQUEST.scope(
                7,
                poll_fn(move |_| {
                    let _owned = &ends;
                    Poll::Ready(())
                })
            ));
            scope.as_mut().await;
            assert_eq!(rx.try_recv(), Ok(7));
            assert_eq!(scope.as_mut().take_value(), Some(7));
            assert_eq!(scope.take_value(), None);
        });
    }
}

#[test]
fn values_may_be_changed_inside_and_taken_out() {
    task_local! {
        static COUNT: Cell<u32>;
    }
    for rt in all_flavors() {
        rt.block_on(async {
            let mut scope = pin!(COUNT.scope(Cell::new(1), async {
                yield_now().await;
                COUNT.with(|count| count.set(count.get() + 1));
            }));
            scope.as_mut().await;
            assert_eq!(scope.take_value().unwrap().get(), 2);
            let name = NAME.sync_scope(RefCell::default(), || {
                NAME.with(|name| name.borrow_mut().push_str("minato"));
                NAME.with(|name| name.borrow().clone())
            });
            assert_eq!(name, "minato");
        });
    }
}

#[test]
fn access_outside_a_scope_and_entering_inside_with_say_what_is_wrong() {
    let message = |f: fn()| *catch_unwind(f).unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message(|| REQUEST.with(|_| ())), "the task-local value was not set");
    assert_eq!(message(|| drop(NAME.with(|name| name.borrow().clone()))), "the task-local value was not set");
    let entering = catch_unwind(|| REQUEST.sync_scope(1, || REQUEST.with(|_| REQUEST.sync_scope(2, || ()))));
    let message = *entering.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("inside `with`"), "{message}");
    assert!(REQUEST.try_get().is_err());
}
