//! `select!`, `join!` and `try_join!` as their documentation, and tokio's, has them.

use std::cell::{Cell, RefCell};
use std::future::{IntoFuture, pending, poll_fn, ready};
use std::task::Poll;

use minato_runtime::sync::{Notify, mpsc, oneshot};
use minato_runtime::task::yield_now;
use minato_runtime::test_util::{block_on, task};
use minato_runtime::{assert_pending, assert_ready_eq, join, select, try_join};

#[test]
fn every_one_of_sixty_four_branches_may_win() {
    let calls: Vec<Notify> = (0..64).map(|_| Notify::new()).collect();
    for winner in (0..64).rev() {
        let mut selecting = task::spawn(async {
            select! {
            n = calls[0].notified(), if true => { let () = n; 0 }
            n = calls[1].notified(), if true => { let () = n; 1 }
            n = calls[2].notified(), if true => { let () = n; 2 }
            n = calls[3].notified(), if true => { let () = n; 3 }
            n = calls[4].notified(), if true => { let () = n; 4 }
            n = calls[5].notified(), if true => { let () = n; 5 }
            n = calls[6].notified(), if true => { let () = n; 6 }
            n = calls[7].notified(), if true => { let () = n; 7 }
            n = calls[8].notified(), if true => { let () = n; 8 }
            n = calls[9].notified(), if true => { let () = n; 9 }
            n = calls[10].notified(), if true => { let () = n; 10 }
            n = calls[11].notified(), if true => { let () = n; 11 }
            n = calls[12].notified(), if true => { let () = n; 12 }
            n = calls[13].notified(), if true => { let () = n; 13 }
            n = calls[14].notified(), if true => { let () = n; 14 }
            n = calls[15].notified(), if true => { let () = n; 15 }
            n = calls[16].notified(), if true => { let () = n; 16 }
            n = calls[17].notified(), if true => { let () = n; 17 }
            n = calls[18].notified(), if true => { let () = n; 18 }
            n = calls[19].notified(), if true => { let () = n; 19 }
            n = calls[20].notified(), if true => { let () = n; 20 }
            n = calls[21].notified(), if true => { let () = n; 21 }
            n = calls[22].notified(), if true => { let () = n; 22 }
            n = calls[23].notified(), if true => { let () = n; 23 }
            n = calls[24].notified(), if true => { let () = n; 24 }
            n = calls[25].notified(), if true => { let () = n; 25 }
            n = calls[26].notified(), if true => { let () = n; 26 }
            n = calls[27].notified(), if true => { let () = n; 27 }
            n = calls[28].notified(), if true => { let () = n; 28 }
            n = calls[29].notified(), if true => { let () = n; 29 }
            n = calls[30].notified(), if true => { let () = n; 30 }
            n = calls[31].notified(), if true => { let () = n; 31 }
            n = calls[32].notified(), if true => { let () = n; 32 }
            n = calls[33].notified(), if true => { let () = n; 33 }
            n = calls[34].notified(), if true => { let () = n; 34 }
            n = calls[35].notified(), if true => { let () = n; 35 }
            n = calls[36].notified(), if true => { let () = n; 36 }
            n = calls[37].notified(), if true => { let () = n; 37 }
            n = calls[38].notified(), if true => { let () = n; 38 }
            n = calls[39].notified(), if true => { let () = n; 39 }
            n = calls[40].notified(), if true => { let () = n; 40 }
            n = calls[41].notified(), if true => { let () = n; 41 }
            n = calls[42].notified(), if true => { let () = n; 42 }
            n = calls[43].notified(), if true => { let () = n; 43 }
            n = calls[44].notified(), if true => { let () = n; 44 }
            n = calls[45].notified(), if true => { let () = n; 45 }
            n = calls[46].notified(), if true => { let () = n; 46 }
            n = calls[47].notified(), if true => { let () = n; 47 }
            n = calls[48].notified(), if true => { let () = n; 48 }
            n = calls[49].notified(), if true => { let () = n; 49 }
            n = calls[50].notified(), if true => { let () = n; 50 }
            n = calls[51].notified(), if true => { let () = n; 51 }
            n = calls[52].notified(), if true => { let () = n; 52 }
            n = calls[53].notified(), if true => { let () = n; 53 }
            n = calls[54].notified(), if true => { let () = n; 54 }
            n = calls[55].notified(), if true => { let () = n; 55 }
            n = calls[56].notified(), if true => { let () = n; 56 }
            n = calls[57].notified(), if true => { let () = n; 57 }
            n = calls[58].notified(), if true => { let () = n; 58 }
            n = calls[59].notified(), if true => { let () = n; 59 }
            n = calls[60].notified(), if true => { let () = n; 60 }
            n = calls[61].notified(), if true => { let () = n; 61 }
            n = calls[62].notified(), if true => { let () = n; 62 }
            n = calls[63].notified(), if true => { let () = n; 63 }
            }
        });
        assert_pending!(selecting.poll());
        calls[winner].notify_one();
        assert!(selecting.is_woken());
        assert_ready_eq!(selecting.poll(), winner);
    }
}

#[test]
fn conditions_come_first_then_all_futures_are_made_then_those_enabled_are_polled() {
    let log = RefCell::new(Vec::new());
    let note = |what: &'static str| log.borrow_mut().push(what);
    let condition = |what, answer: bool| {
        note(what);
        answer
    };
    let future = |made: &'static str, polled: &'static str| {
        note(made);
        poll_fn(move |_| {
            note(polled);
            Poll::<()>::Pending
        })
    };
    let mut selecting = task::spawn(async {
        select! {
            biased;
            _ = future("make a", "poll a"), if condition("condition a", true) => {}
            _ = future("make b", "poll b"), if condition("condition b", false) => {}
            _ = future("make c", "poll c") => {}
        }
    });
    assert_pending!(selecting.poll());
    drop(selecting);
    assert_eq!(
        log.into_inner(),
        ["condition a", "condition b", "make a", "make b", "make c", "poll a", "poll c"]
    );
}

#[test]
fn a_branch_that_does_not_match_is_through_and_the_rest_goes_on() {
    block_on(async {
        let (tx, mut rx) = mpsc::channel::<u8>(1);
        drop(tx);
        let late = async {
            yield_now().await;
            "late"
        };
        let output = select! {
            biased;
            Some(_) = rx.recv() => "message",
            text = late => text,
            else => "else",
        };
        assert_eq!(output, "late");
        let output = select! {
            Some(_) = rx.recv() => "message",
            Ok(()) = ready(Err::<(), ()>(())) => "ok",
            _ = pending::<()>(), if false => "disabled",
            else => "else",
        };
        assert_eq!(output, "else");
    });
}

#[test]
fn handlers_use_the_question_mark_break_continue_and_await() {
    async fn numbers(texts: &[&str]) -> Result<(u32, u32), std::num::ParseIntError> {
        let (tx, mut rx) = mpsc::unbounded_channel();
        texts.iter().for_each(|text| tx.send(text.to_string()).unwrap());
        let (mut sum, mut skipped) = (0, 0);
        let last = loop {
            select! {
                Some(text) = rx.recv() => {
                    if text.is_empty() {
                        skipped += 1;
                        continue;
                    }
                    if text == "end" {
                        break skipped;
                    }
                    yield_now().await;
                    sum += text.parse::<u32>()?;
                }
                () = pending() => unreachable!(),
            }
        };
        Ok((sum, last))
    }
    assert_eq!(block_on(numbers(&["1", "", "2", "end", "4"])), Ok((3, 1)));
    assert!(block_on(numbers(&["1", "x"])).is_err());
}

#[test]
fn handlers_may_move_and_borrow_what_other_branches_do_too() {
    block_on(async {
        let text = String::from("moved by one of two");
        let mut count = 0;
        let (tx, mut rx) = oneshot::channel();
        tx.send(()).unwrap();
        let moved = select! {
            _ = &mut rx => { count += 1; text }
            _ = pending::<()>() => { count += 2; drop(text); unreachable!("{count}") }
        };
        assert_eq!((moved.as_str(), count), ("moved by one of two", 1));
        // A pattern that binds by reference and by value, and one that takes apart.
        let output = select! {
            Ok((ref name, mut age)) = ready(Ok::<_, ()>((String::from("ship"), 1))) => {
                age += name.len();
                age
            }
        };
        assert_eq!(output, 5);
    });
}

#[test]
fn a_branch_may_borrow_a_temporary() {
    struct Later(u8);
    impl IntoFuture for Later {
        type Output = u8;
        type IntoFuture = std::future::Ready<u8>;
        fn into_future(self) -> Self::IntoFuture {
            ready(self.0)
        }
    }
    block_on(async {
        let one = select! {
            n = &mut ready(1) => n,
            _ = &mut Box::pin(pending::<()>()) => unreachable!(),
        };
        let both = join!(&mut ready(2), Later(3));
        let tried = try_join!(&mut ready(Ok::<_, ()>(4)), &mut ready(Ok(5)));
        let into = select! { n = Later(6) => n };
        assert_eq!((one, both, tried, into), (1, (2, 3), Ok((4, 5)), 6));
    });
}

#[test]
fn the_losers_are_dropped_before_the_handler_and_keep_what_is_polled_by_reference() {
    block_on(async {
        let mutex = minato_runtime::sync::Mutex::new(0);
        let held = mutex.try_lock().unwrap();
        select! {
            _ = mutex.lock() => unreachable!(),
            () = yield_now() => {
                drop(held);
                *mutex.lock().await += 1;
            }
        }
        assert_eq!(mutex.into_inner(), 1);

        let polls = Cell::new(0);
        let mut slow = Box::pin(async {
            for _ in 0..3 {
                polls.set(polls.get() + 1);
                yield_now().await;
            }
            "done"
        });
        let output = loop {
            select! {
                biased;
                output = &mut slow => break output,
                () = ready(()) => yield_now().await,
            }
        };
        assert_eq!((output, polls.get()), ("done", 3));
    });
}

#[test]
fn try_join_drops_the_rest_at_the_first_error() {
    let notify = Notify::new();
    let mut trying = task::spawn(async {
        try_join!(
            biased;
            async {
                notify.notified().await;
                Err::<(), _>("first")
            },
            pending::<Result<(), &str>>(),
        )
    });
    assert_pending!(trying.poll());
    notify.notify_one();
    assert_ready_eq!(trying.poll(), Err("first"));
}

#[test]
fn join_takes_many_futures_and_needs_them_not_to_be_unpin() {
    async fn number(n: u32) -> u32 {
        for _ in 0..n {
            yield_now().await;
        }
        n
    }
    block_on(async {
        let all = join!(number(5), number(0), number(3), number(1), number(4), number(2));
        assert_eq!(all, (5, 0, 3, 1, 4, 2));
        assert_eq!(join!(), ());
        assert_eq!(try_join!(async { Ok::<_, ()>(1) },), Ok((1,)));
    });
}
