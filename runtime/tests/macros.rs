//! The macros, as a user writes them.
#![cfg(all(feature = "macros", not(loom)))]

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::io;
use std::time::Duration;

use minato_runtime::sync::{mpsc, oneshot};
use minato_runtime::task::yield_now;
use minato_runtime::time::{Instant, sleep};
use minato_runtime::{join, pin, select, try_join};

#[minato_runtime::test]
async fn select_takes_the_branch_that_is_ready() {
    let (tx, mut rx) = oneshot::channel();
    tx.send(3).unwrap();
    let chosen = select! {
        value = &mut rx => value.unwrap(),
        () = pending() => unreachable!(),
    };
    assert_eq!(chosen, 3);
}

#[minato_runtime::test]
async fn select_tries_every_branch_first_some_time_and_the_top_one_if_biased() {
    let mut first = [0; 3];
    for _ in 0..300 {
        let chosen = select! {
            _ = ready(()) => 0,
            _ = ready(()) => 1,
            _ = ready(()) => 2,
        };
        first[chosen] += 1;
    }
    assert!(first.iter().all(|&times| times > 30), "{first:?}");
    for _ in 0..50 {
        select! {
            biased;
            _ = ready(()) => {}
            _ = ready(()) => unreachable!(),
        }
    }
}

#[minato_runtime::test]
async fn select_passes_over_disabled_branches_and_those_that_do_not_match() {
    let (tx, mut rx) = mpsc::channel::<u8>(1);
    drop(tx);
    let enabled = false;
    let chosen = select! {
        _ = ready(()), if enabled => "disabled",
        Some(_) = rx.recv() => "ended",
        Ok(mut text) = ready(Ok::<_, ()>(String::from("matched"))), if !enabled => {
            text.push('!');
            assert_eq!(text, "matched!");
            "matched"
        }
    };
    assert_eq!(chosen, "matched");
    let fallback = select! {
        Some(_) = rx.recv() => "ended",
        1 | 2 = ready(3) => "another number",
        else => "else",
    };
    assert_eq!(fallback, "else");
}

#[minato_runtime::test]
#[should_panic(expected = "all branches are disabled")]
async fn select_without_a_branch_left_panics() {
    select! {
        _ = pending::<()>(), if false => {}
    }
}

#[minato_runtime::test]
async fn select_drops_the_losers_before_the_handler_runs() {
    let log = RefCell::new(Vec::new());
    struct Logs<'a>(&'a RefCell<Vec<&'static str>>);
    impl Drop for Logs<'_> {
        fn drop(&mut self) {
            self.0.borrow_mut().push("dropped");
        }
    }
    let loser = async {
        let _logs = Logs(&log);
        pending::<()>().await;
    };
    select! {
        biased;
        () = loser => {}
        () = ready(()) => log.borrow_mut().push("handler"),
    }
    assert_eq!(*log.borrow(), ["dropped", "handler"]);
}

#[minato_runtime::test]
async fn select_handlers_may_leave_the_loop_and_borrow_what_the_futures_did() {
    let (tx, mut rx) = mpsc::channel(4);
    for number in 0..4 {
        tx.try_send(number).unwrap();
    }
    let mut sum = 0;
    loop {
        select! {
            Some(number) = rx.recv() => {
                sum += number;
                if number == 3 {
                    rx.close();
                    continue;
                }
            }
            else => break,
        }
    }
    assert_eq!(sum, 6);
}

#[minato_runtime::test(start_paused = true)]
async fn select_resumes_a_future_that_is_awaited_by_reference() {
    let start = Instant::now();
    let mut ticks = 0;
    let deadline = sleep(Duration::from_millis(100));
    pin!(deadline);
    loop {
        select! {
            () = deadline.as_mut() => break,
            () = sleep(Duration::from_millis(30)) => ticks += 1,
        }
    }
    assert_eq!(ticks, 3);
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[minato_runtime::test]
async fn the_users_names_mean_what_they_meant() {
    let (through, start, index, is_pending, output, first, future0, cx) = (1, 2, 4, 8, 16, 32, 64, 128);
    enum Output {
        All(u8),
    }
    let Output::All(sum) = select! {
        number = ready(through + start + index), if is_pending == 8 && through == 1 => {
            Output::All(number + is_pending + output + first + future0 + cx)
        }
        () = pending(), if output == 0 => Output::All(0),
    };
    assert_eq!(sum, 255);
    assert_eq!(join!(ready(first + start), ready(index + future0)), (34, 68));
    assert_eq!(try_join!(async { Ok::<_, ()>(is_pending + cx) }, async { Ok(first) }), Ok((136, 32)));
}

#[minato_runtime::test]
async fn join_waits_for_all_in_one_task() {
    let turns = Cell::new(0);
    let turn = async || {
        for _ in 0..3 {
            turns.set(turns.get() + 1);
            yield_now().await;
        }
        turns.get()
    };
    let (a, b, c) = join!(turn(), turn(), async { "plain" },);
    assert!(a >= 5 && b >= 5);
    assert_eq!((turns.get(), c), (6, "plain"));
    let (only,) = join!(biased; ready(1));
    assert_eq!(only, 1);
    assert_eq!(join!(), ());
}

#[minato_runtime::test]
async fn try_join_answers_the_values_or_the_first_error() {
    let both: Result<(u8, &str), io::Error> = try_join!(async { Ok(1) }, async { Ok("two") });
    assert_eq!(both.unwrap(), (1, "two"));
    let failed: Result<(u8, ()), &str> = try_join!(
        async {
            yield_now().await;
            Err("late")
        },
        pending(),
    );
    assert_eq!(failed, Err("late"));
    let question_mark = async {
        let (x,) = try_join!(async { Ok::<_, io::Error>(5) })?;
        io::Result::Ok(x)
    };
    assert_eq!(question_mark.await.unwrap(), 5);
}

#[minato_runtime::test]
async fn pin_has_three_forms() {
    async fn one() -> u8 {
        1
    }
    let (a, b) = (one(), one());
    pin!(a, b);
    pin! {
        let c = one();
        let d = one();
    }
    let mut sum = 0;
    for future in [a, b, c, d] {
        sum += future.await;
    }
    assert_eq!(sum + pin!(one()).await, 5);
}

#[minato_runtime::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_may_run_on_several_workers() -> io::Result<()> {
    assert_eq!(minato_runtime::runtime::Handle::current().worker_count(), 2);
    minato_runtime::spawn(async {}).await.map_err(io::Error::other)?;
    std::str::from_utf8(b"text").map_err(io::Error::other)?;
    Ok(())
}

mod named {
    pub(crate) use minato_runtime as other;
}

#[minato_runtime::test(crate = "named::other")]
async fn the_runtime_may_have_another_name() {
    yield_now().await;
}

#[minato_runtime::main(flavor = "current_thread", crate = minato_runtime)]
async fn entry(number: u8) -> u8 {
    yield_now().await;
    number + 1
}

#[test]
fn main_passes_arguments_and_results_through() {
    assert_eq!(entry(1), 2);
}

#[test]
fn the_branches_select_takes_follow_from_the_seed() {
    use std::future::ready;
    let choices = |seed| {
        let rt = minato_runtime::runtime::Builder::new_current_thread().rng_seed(seed).build().unwrap();
        rt.block_on(async {
            let mut taken = Vec::new();
            for _ in 0..64 {
                taken.push(minato_runtime::select! {
                    () = ready(()) => 0,
                    () = ready(()) => 1,
                    () = ready(()) => 2,
                });
            }
            taken
        })
    };
    assert_eq!(choices(1), choices(1));
    assert_ne!(choices(1), choices(2));
}

#[minato_runtime::test(flavor = "local", name = "quay", unhandled_panic = "ignore")]
async fn a_test_may_have_a_local_runtime_with_a_name() {
    assert_eq!(minato_runtime::runtime::Handle::current().name(), Some("quay"));
    let berth = std::rc::Rc::new(7);
    assert_eq!(minato_runtime::task::spawn_local(async move { *berth }).await.unwrap(), 7);
}

#[minato_runtime::test(unhandled_panic = "shutdown_runtime")]
#[should_panic]
async fn a_panic_of_a_task_may_end_the_test() {
    drop(minato_runtime::spawn(async { panic!("ran aground") }));
    std::future::pending::<()>().await;
}
