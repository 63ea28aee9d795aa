use std::future::pending;
use std::pin::{Pin, pin};
use std::task::Context;

use super::*;
use crate::test_support::{CountingWaker, poll_once, ready};

/// How many entries the tree of a token has.
fn entries(token: &CancellationToken) -> usize {
    token.node.place().map_or(0, |place| place.tree.lock().len())
}

#[test]
fn dropped_generations_leave_nothing_behind() {
    let root = CancellationToken::new();
    let mut youngest = root.child_token();
    for _ in 0..100_000 {
        youngest = youngest.child_token();
        assert_eq!(entries(&root), 2);
    }
    root.cancel();
    assert!(youngest.is_cancelled());
}

#[test]
fn a_token_alone_has_no_tree() {
    let token = CancellationToken::new();
    assert_eq!(entries(&token), 0);
    token.cancel();
    assert!(token.is_cancelled() && token.child_token().is_cancelled());
    assert_eq!(entries(&token), 0);
}

#[test]
fn a_chain_outlives_its_beginning() {
    let mut youngest = CancellationToken::new();
    for _ in 0..1_000 {
        youngest = youngest.child_token();
    }
    assert_eq!(entries(&youngest), 1);
    let child = youngest.child_token();
    youngest.cancel();
    assert!(child.is_cancelled());
}

#[test]
fn there_are_fewer_joints_than_tokens() {
    let root = CancellationToken::new();
    let mut leaves = Vec::new();
    for _ in 0..100 {
        let middle = root.child_token();
        leaves.extend([middle.child_token(), middle.child_token()]);
    }
    assert_eq!(entries(&root), 1 + 100 + 200);
    // Of each pair one goes: what joined them goes too.
    leaves.retain({
        let mut number = 0;
        move |_| {
            number += 1;
            number % 2 == 0
        }
    });
    assert_eq!(entries(&root), 1 + 100);
    root.cancel();
    assert!(leaves.iter().all(CancellationToken::is_cancelled));
    assert_eq!(entries(&root), 0);
}

#[test]
fn many_children_under_one_root_take_no_more_room_than_there_were_at_once() {
    let root = CancellationToken::new();
    for _ in 0..200_000 {
        let child = root.child_token();
        drop((child.child_token(), child));
        assert_eq!(entries(&root), 1);
    }
    let rush: Vec<_> = (0..1_000).map(|_| root.child_token()).collect();
    assert_eq!(entries(&root), 1 + 1_000);
    drop(rush);
    assert_eq!(entries(&root), 1);
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_called() {
    struct Bomb;
    impl std::task::Wake for Bomb {
        fn wake(self: std::sync::Arc<Self>) {
            std::panic::resume_unwind(Box::new(()));
        }
    }
    let root = CancellationToken::new();
    let children = [root.child_token(), root.child_token()];
    let (count, waker) = CountingWaker::new();
    let bomb = std::sync::Arc::new(Bomb).into();
    let mut waiting: Vec<_> =
        children.iter().flat_map(|child| [child.cancelled(), child.cancelled()]).collect();
    for (number, waiting) in waiting.iter_mut().enumerate() {
        let waker = if number % 2 == 0 { &bomb } else { &waker };
        assert!(Pin::new(waiting).poll(&mut Context::from_waker(waker)).is_pending());
    }
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| root.cancel())).is_err());
    assert_eq!(count.count(), 2);
    assert!(children.iter().all(CancellationToken::is_cancelled));
}

#[test]
fn a_cancellation_goes_down_the_tree_and_not_up() {
    let root = CancellationToken::new();
    let child = root.child_token();
    let grandchild = child.child_token();
    let sibling = root.child_token();
    child.cancel();
    assert!(child.is_cancelled() && grandchild.is_cancelled());
    assert!(!root.is_cancelled() && !sibling.is_cancelled());
    root.cancel();
    assert!(root.is_cancelled() && sibling.is_cancelled());
}

#[test]
fn a_cancellation_goes_through_a_token_that_was_dropped() {
    let root = CancellationToken::new();
    let grandchild = root.child_token().child_token();
    root.cancel();
    assert!(grandchild.is_cancelled());
}

#[test]
fn a_child_of_a_cancelled_token_is_born_cancelled() {
    let token = CancellationToken::new();
    token.cancel();
    let child = token.child_token();
    assert!(child.is_cancelled());
    assert!(child.child_token().is_cancelled());
    ready(child.cancelled());
}

#[test]
fn a_cancellation_wakes_all_who_wait_once() {
    let token = CancellationToken::new();
    let child = token.child_token();
    let (count, waker) = CountingWaker::new();
    let mut cx = Context::from_waker(&waker);
    let mut borrowed = pin!(token.cancelled());
    let mut owned = pin!(child.clone().cancelled_owned());
    let unpolled = child.cancelled();
    assert!(borrowed.as_mut().poll(&mut cx).is_pending());
    assert!(owned.as_mut().poll(&mut cx).is_pending());
    token.clone().cancel();
    token.cancel();
    assert_eq!(count.count(), 2);
    ready(borrowed);
    ready(owned);
    ready(unpolled);
}

#[test]
fn a_dropped_token_cancels_nothing_and_leaves_nothing_behind() {
    let token = CancellationToken::new();
    let child = token.child_token();
    drop(token.child_token());
    assert_eq!(entries(&token), 2);
    let other = token.clone();
    assert_eq!(other, token);
    assert_ne!(child, token);
    drop((token, other));
    assert!(!child.is_cancelled());
}

#[test]
fn a_guard_cancels_unless_it_is_disarmed() {
    let token = CancellationToken::new();
    let same = token.clone().drop_guard().disarm();
    assert!(!same.is_cancelled());
    drop(same.drop_guard());
    assert!(token.is_cancelled());
}

#[test]
fn a_future_runs_until_the_token_is_cancelled() {
    let token = CancellationToken::new();
    assert_eq!(ready(token.run_until_cancelled(async { 1 })), Some(1));
    let mut running = pin!(token.clone().run_until_cancelled_owned(pending::<u8>()));
    assert!(poll_once(running.as_mut()).is_pending());
    token.cancel();
    assert_eq!(ready(running), None);
    assert_eq!(ready(token.run_until_cancelled(async { 1 })), None);
}

#[test]
fn a_deep_tree_is_cancelled_and_dropped_without_recursion() {
    let root = CancellationToken::new();
    let mut deepest = root.clone();
    for _ in 0..100_000 {
        deepest = deepest.child_token();
    }
    root.cancel();
    assert!(deepest.is_cancelled());
    drop(root);
    drop(deepest);
}

#[test]
fn a_borrowed_guard_cancels_unless_it_is_disarmed() {
    let token = CancellationToken::new();
    assert_eq!(token.drop_guard_ref().disarm(), &token);
    assert!(!token.is_cancelled());
    let guard = token.drop_guard_ref();
    assert_eq!(guard.token(), &token);
    drop(guard);
    assert!(token.is_cancelled());
    assert!(token.clone().drop_guard().token().is_cancelled());
}
