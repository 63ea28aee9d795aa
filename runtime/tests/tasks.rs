//! Tasks: output, panics, aborts, detaching, budgets, ids.

mod support;

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::Poll;

use minato_runtime::task::{self, JoinHandle, yield_now};
use minato_runtime::{runtime::Handle, spawn};
use support::{Live, all_flavors, current_thread, multi_thread};

#[test]
fn a_task_gives_its_output_to_its_handle() {
    for rt in all_flavors() {
        assert_eq!(rt.block_on(async { spawn(async { 7 }).await.unwrap() }), 7);
    }
}

#[test]
fn a_thousand_tasks_all_finish() {
    for rt in all_flavors() {
        let sum = rt.block_on(async {
            let handles: Vec<_> = (0..1000_usize)
                .map(|i| {
                    spawn(async move {
                        yield_now().await;
                        i
                    })
                })
                .collect();
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 999 * 1000 / 2);
    }
}

#[test]
fn more_tasks_than_the_ring_holds_all_run_once() {
    let rt = current_thread();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    rt.block_on(async {
        let handles: Vec<_> = (0..2000)
            .map(|i| {
                let order = order.clone();
                spawn(async move { order.lock().unwrap().push(i) })
            })
            .collect();
        for handle in handles {
            handle.await.unwrap();
        }
    });
    let order = order.lock().unwrap();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..2000).collect::<Vec<_>>());
}

#[test]
fn tasks_that_yield_for_ever_do_not_starve_others_or_the_driver() {
    for rt in all_flavors() {
        rt.block_on(async {
            let stop = Arc::new(AtomicBool::new(false));
            let spinners: Vec<_> = (0..600)
                .map(|_| {
                    let stop = stop.clone();
                    spawn(async move {
                        while !stop.load(SeqCst) {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            // A timer and a task from another thread must still get through.
            minato_runtime::time::sleep(std::time::Duration::from_millis(3)).await;
            let handle = Handle::current();
            let remote = std::thread::spawn(move || handle.spawn(async { 5 })).join().unwrap();
            assert_eq!(remote.await.unwrap(), 5);
            stop.store(true, SeqCst);
            for spinner in spinners {
                spinner.await.unwrap();
            }
        });
    }
}

#[test]
fn a_panic_becomes_an_error_and_the_runtime_goes_on() {
    for rt in all_flavors() {
        rt.block_on(async {
            let error = spawn(async { panic!("ran aground") }).await.map(|(): ()| ()).unwrap_err();
            assert!(error.is_panic());
            assert!(error.to_string().contains("ran aground"));
            assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "ran aground");
            assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
        });
    }
}

#[test]
fn a_panic_while_the_future_is_dropped_is_reported_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let rt = current_thread();
    rt.block_on(async {
        let handle = spawn(async {
            let _bomb = Bomb;
            pending::<()>().await;
        });
        yield_now().await;
        handle.abort();
        assert!(handle.await.unwrap_err().is_panic());
    });
}

#[test]
fn abort_before_the_first_poll_while_waiting_and_after_the_end() {
    for rt in all_flavors() {
        rt.block_on(async {
            let live = Arc::new(AtomicUsize::new(0));
            let guard = Live::new(&live);
            let unpolled = spawn(async move { drop(guard) });
            unpolled.abort();
            let _ = unpolled.await;

            let guard = Live::new(&live);
            let waiting = spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            yield_now().await;
            waiting.abort();
            assert!(waiting.await.unwrap_err().is_cancelled());

            let done = spawn(async { 3 });
            while !done.is_finished() {
                yield_now().await;
            }
            done.abort();
            assert_eq!(done.await.unwrap(), 3);
            assert_eq!(live.load(SeqCst), 0);
        });
    }
}

#[test]
fn dropping_the_handle_detaches() {
    for rt in all_flavors() {
        let (tx, rx) = mpsc::channel();
        rt.block_on(async {
            drop(spawn(async move {
                yield_now().await;
                tx.send(()).unwrap();
            }));
            for _ in 0..1000 {
                yield_now().await;
            }
        });
        // A multi-thread runtime goes on after block_on; a current-thread one has run it by now.
        rx.recv().unwrap();
    }
}

#[test]
fn spawning_from_outside_wakes_a_worker() {
    let rt = multi_thread(2);
    let (tx, rx) = mpsc::channel();
    for i in 0..100 {
        let tx = tx.clone();
        drop(rt.spawn(async move { tx.send(i).unwrap() }));
    }
    let mut got: Vec<_> = rx.iter().take(100).collect();
    got.sort_unstable();
    assert_eq!(got, (0..100).collect::<Vec<_>>());
}

#[test]
fn two_threads_block_on_one_current_thread_runtime() {
    let rt = Arc::new(current_thread());
    let threads: Vec<_> = (0..4)
        .map(|i| {
            let rt = rt.clone();
            std::thread::spawn(move || {
                rt.block_on(async move {
                    let mut sum = 0;
                    for _ in 0..100 {
                        sum += spawn(async move {
                            yield_now().await;
                            i
                        })
                        .await
                        .unwrap();
                    }
                    sum
                })
            })
        })
        .collect();
    let sums: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(sums, [0, 100, 200, 300]);
}

#[test]
fn more_threads_block_on_a_runtime_than_it_has_workers() {
    let rt = Arc::new(multi_thread(2));
    let threads: Vec<_> = (0..6)
        .map(|i| {
            let rt = rt.clone();
            std::thread::spawn(move || {
                rt.block_on(async move {
                    for _ in 0..50 {
                        minato_runtime::time::sleep(std::time::Duration::from_micros(1)).await;
                        assert_eq!(spawn(async move { i }).await.unwrap(), i);
                    }
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn work_behind_a_long_poll_is_taken_over() {
    let rt = multi_thread(2);
    rt.block_on(async {
        let (started, wait_started) = mpsc::channel();
        let (release, wait_release) = mpsc::channel::<()>();
        let (done, wait_done) = mpsc::channel();
        // The first task blocks its worker until the second, queued behind it, has run elsewhere.
        let first = spawn(async move {
            drop(spawn(async move { done.send(()).unwrap() }));
            started.send(()).unwrap();
            wait_release.recv().unwrap();
        });
        let watcher = std::thread::spawn(move || {
            wait_started.recv().unwrap();
            wait_done.recv().unwrap();
            release.send(()).unwrap();
        });
        first.await.unwrap();
        watcher.join().unwrap();
    });
}

#[test]
fn the_io_and_the_woken_task_of_a_blocked_worker_are_served_by_another() {
    use minato_runtime::io::{Interest, PollEvented};
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    let rt = multi_thread(2);
    rt.block_on(async {
        let (mut near, far) = UnixStream::pair().unwrap();
        far.set_nonblocking(true).unwrap();
        let far = PollEvented::new(far);
        let (done, wait_done) = mpsc::channel();
        let reader = spawn(async move {
            far.async_io(Interest::READABLE, |mut io| io.read(&mut [0; 1])).await.unwrap();
            done.send(()).unwrap();
        });
        yield_now().await;
        // Block whichever worker this is: if it is the one the socket is registered with, another must serve it.
        near.write_all(b"x").unwrap();
        wait_done.recv().unwrap();
        reader.await.unwrap();
    });
}

#[test]
fn a_task_that_is_always_ready_gives_way() {
    let rt = current_thread();
    rt.block_on(async {
        let ran = Arc::new(AtomicBool::new(false));
        let flag = ran.clone();
        drop(spawn(async move { flag.store(true, SeqCst) }));
        let greedy = spawn(poll_fn(move |cx| {
            loop {
                if ran.load(SeqCst) {
                    return Poll::Ready(());
                }
                match task::coop::poll_proceed(cx) {
                    Poll::Ready(unit) => unit.made_progress(),
                    Poll::Pending => return Poll::Pending,
                }
            }
        }));
        greedy.await.unwrap();
    });
}

#[test]
fn ids_differ_and_are_known_inside() {
    let rt = multi_thread(2);
    rt.block_on(async {
        assert!(task::try_id().is_none());
        let a: JoinHandle<_> = spawn(async { task::id() });
        let b = spawn(async { task::id() });
        let (ida, idb) = (a.id(), b.id());
        assert_ne!(ida, idb);
        assert_eq!(a.await.unwrap(), ida);
        assert_eq!(b.await.unwrap(), idb);
    });
}

#[test]
fn block_on_inside_a_runtime_says_what_to_do() {
    let rt = current_thread();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        rt.block_on(async { Handle::current().block_on(async {}) });
    }));
    let message = *caught.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("spawn_blocking"), "{message}");
    // The core came back although the future panicked.
    assert_eq!(rt.block_on(async { spawn(async { 2 }).await.unwrap() }), 2);
}

#[test]
fn spawn_outside_a_runtime_says_what_to_do() {
    let caught = std::panic::catch_unwind(|| drop(spawn(async {})));
    let message = *caught.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("Handle::enter"), "{message}");
}

#[test]
fn a_task_woken_by_the_last_poll_of_block_on_still_runs() {
    let rt = multi_thread(2);
    for _ in 0..20 {
        let (started, wait_started) = mpsc::channel();
        let (wake, woken) = minato_runtime::sync::oneshot::channel();
        let (done, wait_done) = mpsc::channel();
        drop(rt.spawn(async move {
            started.send(()).unwrap();
            woken.await.unwrap();
            done.send(()).unwrap();
        }));
        wait_started.recv().unwrap();
        // The wake puts the task into the queue of this thread's core, which the thread then gives back.
        rt.block_on(async { wake.send(()).unwrap() });
        wait_done.recv().unwrap();
    }
}

#[test]
fn a_task_in_the_mailbox_of_a_blocked_worker_is_taken_over() {
    for _ in 0..20 {
        let rt = multi_thread(2);
        // Both workers are blocked while tasks come from outside, some for each of them.
        let [first, second] = [(); 2].map(|()| {
            let (started, wait_started) = mpsc::channel();
            let (release, wait_release) = mpsc::channel::<()>();
            drop(rt.spawn(async move {
                started.send(()).unwrap();
                let _ = wait_release.recv();
            }));
            wait_started.recv().unwrap();
            release
        });
        let (done, wait_done) = mpsc::channel();
        for _ in 0..4 {
            let done = done.clone();
            drop(rt.spawn(async move { done.send(()).unwrap() }));
        }
        drop(second);
        assert_eq!(wait_done.iter().take(4).count(), 4);
        drop(first);
    }
}

#[test]
fn guards_dropped_out_of_order_leave_no_runtime_that_is_gone() {
    let (outer, inner) = (current_thread(), current_thread());
    let outer_guard = outer.enter();
    let inner_guard = inner.enter();
    drop(outer_guard);
    drop(outer);
    assert!(Handle::try_current().is_ok());
    drop(inner_guard);
    assert!(Handle::try_current().is_err());
}

#[test]
fn a_job_that_comes_while_the_last_blocking_thread_ends_is_run() {
    let (ending, wait_ending) = mpsc::channel();
    let (go_on, wait_go_on) = mpsc::channel::<()>();
    let hook = std::sync::Mutex::new((ending, wait_go_on));
    let rt = minato_runtime::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .thread_keep_alive(std::time::Duration::from_millis(1))
        .on_thread_stop(move || {
            let hook = hook.lock().unwrap();
            let _ = hook.0.send(());
            let _ = hook.1.recv();
        })
        .build()
        .unwrap();
    drop(rt.spawn_blocking(|| ()));
    wait_ending.recv().unwrap();
    let job = rt.spawn_blocking(|| 8);
    go_on.send(()).unwrap();
    drop(go_on);
    assert_eq!(rt.block_on(job).unwrap(), 8);
}

#[test]
fn a_joiner_whose_waker_panics_does_not_keep_the_task_or_the_runtime() {
    struct Bomb;
    impl std::task::Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }
    for rt in all_flavors() {
        let (release, wait) = minato_runtime::sync::oneshot::channel::<()>();
        let mut task = rt.spawn(async move { wait.await.is_ok() });
        let waker = std::task::Waker::from(Arc::new(Bomb));
        let polled = std::pin::Pin::new(&mut task).poll(&mut std::task::Context::from_waker(&waker));
        assert!(polled.is_pending());
        release.send(()).unwrap();
        rt.block_on(async {
            while !task.is_finished() {
                yield_now().await;
            }
        });
        assert!(rt.block_on(task).unwrap());
    }
}
