//! Sleep, timeout and interval, on a clock that is held and on one that runs.

mod support;

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::spawn;
use minato_runtime::task::{spawn_blocking, yield_now};
use minato_runtime::time::{self, Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use support::{all_flavors, current_thread};

fn paused() -> Runtime {
    Builder::new_current_thread().start_paused(true).build().unwrap()
}

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn a_held_clock_moves_to_the_next_timer_when_nothing_can_run() {
    let before = std::time::Instant::now();
    paused().block_on(async {
        let start = Instant::now();
        sleep(Duration::from_secs(86_400)).await;
        assert!(start.elapsed() >= Duration::from_secs(86_400));
        assert!(start.elapsed() < Duration::from_secs(86_400) + ms(2));
    });
    assert!(before.elapsed() < Duration::from_secs(60));
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    paused().block_on(async {
        let (tx, rx) = std::sync::mpsc::channel();
        let handles: Vec<_> = [50_u64, 10, 4000, 30, 100_000, 20]
            .map(|n| {
                let tx = tx.clone();
                spawn(async move {
                    sleep(ms(n)).await;
                    tx.send(n).unwrap();
                })
            })
            .into_iter()
            .collect();
        for handle in handles {
            handle.await.unwrap();
        }
        assert_eq!(rx.try_iter().collect::<Vec<_>>(), [10, 20, 30, 50, 4000, 100_000]);
    });
}

#[test]
fn a_real_sleep_is_never_early() {
    for rt in all_flavors() {
        rt.block_on(async {
            for micros in [1, 300, 999, 1000, 1001, 2500] {
                let start = std::time::Instant::now();
                sleep(Duration::from_micros(micros)).await;
                assert!(start.elapsed() >= Duration::from_micros(micros));
            }
        });
    }
}

#[test]
fn timeout_gives_the_output_or_the_time() {
    paused().block_on(async {
        assert_eq!(timeout(ms(5), async { 1 }).await, Ok(1));
        assert_eq!(timeout(ms(5), async { sleep(ms(3)).await }).await, Ok(()));
        assert!(timeout(ms(5), pending::<()>()).await.is_err());
        let start = Instant::now();
        assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
        assert!(start.elapsed() <= ms(1));
    });
}

#[test]
fn the_duration_of_a_timeout_counts_from_the_first_poll() {
    paused().block_on(async {
        let late = timeout(ms(10), async { sleep(ms(8)).await });
        sleep(ms(100)).await;
        assert!(late.await.is_ok());
    });
}

#[test]
fn a_future_that_always_spends_its_budget_still_times_out() {
    paused().block_on(async {
        let greedy = poll_fn(|cx| -> Poll<()> {
            while minato_runtime::task::coop::poll_proceed(cx).spend() {}
            Poll::Pending
        });
        let ticker = spawn(async {
            for _ in 0..50 {
                time::advance(ms(1)).await;
            }
        });
        assert!(timeout(ms(5), greedy).await.is_err());
        ticker.await.unwrap();
    });
}

trait Spend {
    fn spend(self) -> bool;
}

impl Spend for Poll<minato_runtime::task::coop::RestoreOnPending> {
    fn spend(self) -> bool {
        match self {
            Poll::Ready(unit) => {
                unit.made_progress();
                true
            }
            Poll::Pending => false,
        }
    }
}

#[test]
fn reset_moves_a_sleep_both_ways_and_revives_it() {
    paused().block_on(async {
        let start = Instant::now();
        let mut timer = sleep(ms(100));
        poll_fn(|cx| {
            assert!(timer.poll_elapsed(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        timer.reset(start + ms(300));
        (&mut timer).await;
        assert!(start.elapsed() >= ms(300) && start.elapsed() < ms(302));
        timer.reset(start + ms(1000));
        poll_fn(|cx| {
            assert!(timer.poll_elapsed(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        timer.reset(start + ms(400));
        Pin::new(&mut timer).await;
        assert!(start.elapsed() >= ms(400) && start.elapsed() < ms(402));
    });
}

#[test]
fn an_interval_keeps_its_schedule_and_does_what_it_is_told_about_missed_ticks() {
    paused().block_on(async {
        let start = Instant::now();
        let mut ticks = interval(ms(10));
        assert_eq!(ticks.tick().await, start);
        assert_eq!(ticks.tick().await, start + ms(10));
        for (behavior, wanted) in [
            (MissedTickBehavior::Burst, [20, 30]),
            (MissedTickBehavior::Delay, [45, 55]),
            (MissedTickBehavior::Skip, [40, 50]),
        ] {
            let start = Instant::now();
            let mut ticks = interval(ms(10));
            ticks.set_missed_tick_behavior(behavior);
            ticks.tick().await;
            time::advance(ms(35)).await;
            // The tick of 10 ms comes late; the next ones follow the behaviour.
            let late = ticks.tick().await;
            assert_eq!(late, start + ms(10));
            let mut next = Vec::new();
            for _ in 0..2 {
                next.push((ticks.tick().await - start).as_millis());
            }
            assert_eq!(next, wanted, "{behavior:?}");
        }
    });
}

#[test]
fn a_blocking_job_holds_the_clock() {
    paused().block_on(async {
        let start = Instant::now();
        let job = spawn_blocking(|| 9);
        let answer = timeout(Duration::from_secs(1), job).await;
        assert_eq!(answer.unwrap().unwrap(), 9);
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn pause_and_resume_join_on() {
    current_thread().block_on(async {
        let start = Instant::now();
        time::pause();
        time::advance(Duration::from_secs(100)).await;
        time::resume();
        sleep(ms(1)).await;
        let elapsed = start.elapsed();
        assert!(elapsed >= Duration::from_secs(100) && elapsed < Duration::from_secs(160));
    });
}

#[test]
fn a_dropped_sleep_leaves_the_wheel() {
    paused().block_on(async {
        let start = Instant::now();
        for _ in 0..1000 {
            let mut timer = sleep(Duration::from_secs(5));
            poll_fn(|cx| {
                assert!(timer.poll_elapsed(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        // Only the last timer is left, so the clock moves there and not to the dropped ones.
        sleep(Duration::from_secs(10)).await;
        assert!(start.elapsed() >= Duration::from_secs(10));
    });
}

#[test]
fn timers_move_between_workers() {
    for rt in all_flavors() {
        rt.block_on(async {
            let tasks: Vec<_> = (0..200_u64)
                .map(|i| {
                    spawn(async move {
                        let mut timer = sleep(ms(1 + i % 7));
                        poll_fn(|cx| {
                            let _ = timer.poll_elapsed(cx);
                            Poll::Ready(())
                        })
                        .await;
                        for _ in 0..i % 5 {
                            yield_now().await;
                        }
                        if i % 3 == 0 {
                            // Dropped by whichever worker runs this now.
                            drop(timer);
                        } else {
                            timer.await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
}

#[test]
fn a_thread_that_is_no_worker_can_sleep_in_an_entered_runtime() {
    for rt in all_flavors() {
        let handle = rt.handle().clone();
        let (tx, rx) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _guard = handle.enter();
            let start = Instant::now();
            block_on_thread(sleep_until(start + ms(5)));
            tx.send(()).unwrap();
            start.elapsed()
        });
        // A current-thread runtime serves timers while somebody is in block_on.
        rt.block_on(async {
            while rx.try_recv().is_err() {
                sleep(ms(1)).await;
            }
        });
        assert!(thread.join().unwrap() >= ms(5));
    }
}

/// Polls a future on this thread, which sleeps in between.
fn block_on_thread<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        std::thread::park();
    }
}

#[test]
fn timers_of_a_worker_that_is_held_up_are_served_by_another() {
    let rt = support::multi_thread(2);
    rt.block_on(async {
        // Both on one worker: the sleeper is armed there before its neighbour blocks.
        let held_up = spawn(async {
            let sleeper = spawn(async {
                let start = std::time::Instant::now();
                sleep(ms(20)).await;
                start.elapsed()
            });
            for _ in 0..3 {
                yield_now().await;
            }
            let start = std::time::Instant::now();
            while !sleeper.is_finished() && start.elapsed() < Duration::from_secs(20) {
                std::hint::spin_loop();
            }
            assert!(sleeper.is_finished(), "the timer waited for the worker");
            sleeper.await.unwrap()
        });
        assert!(held_up.await.unwrap() >= ms(20));
    });
}

#[test]
fn precise_timers_are_never_early_and_wait_for_less_than_a_millisecond() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let rt = builder.worker_threads(2).precise_timers(true).build().unwrap();
        rt.block_on(async {
            let mut shortest = Duration::MAX;
            for micros in (0..200).map(|n| n * 3) {
                let wanted = Duration::from_micros(micros);
                let start = std::time::Instant::now();
                sleep(wanted).await;
                let slept = start.elapsed();
                assert!(slept >= wanted, "{slept:?} instead of {wanted:?}");
                shortest = shortest.min(slept.max(wanted + Duration::from_micros(1)) - wanted);
            }
            // The wait after a tick of a millisecond ends at the next one, a whole one later at least.
            assert!(shortest < Duration::from_micros(900), "{shortest:?}");
        });
    }
}

#[test]
fn a_precise_clock_that_is_held_moves_by_microseconds() {
    let rt = Builder::new_current_thread().precise_timers(true).start_paused(true).build().unwrap();
    rt.block_on(async {
        let start = Instant::now();
        sleep(Duration::from_micros(250)).await;
        let elapsed = start.elapsed();
        assert!(
            elapsed >= Duration::from_micros(250) && elapsed <= Duration::from_micros(251),
            "{elapsed:?}"
        );
        sleep(Duration::from_secs(100_000)).await;
        assert!(start.elapsed() >= Duration::from_secs(100_000));
    });
}
