//! The races between a cancellation, those who wait for it and those who make or drop tokens.

use loom::future::block_on;

use super::CancellationToken;
use crate::shim::thread;

#[test]
fn loom_a_cancellation_reaches_one_who_waits() {
    loom::model(|| {
        let token = CancellationToken::new();
        let cancelling = token.clone();
        let thread = thread::spawn(move || cancelling.cancel());
        block_on(token.cancelled());
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_cancellation_reaches_a_child_made_meanwhile() {
    loom::model(|| {
        let token = CancellationToken::new();
        let parent = token.clone();
        let thread = thread::spawn(move || block_on(parent.child_token().cancelled()));
        token.cancel();
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_cancellation_meets_a_child_that_goes_away() {
    loom::model(|| {
        let token = CancellationToken::new();
        let going = token.child_token();
        let staying = token.child_token();
        let thread = thread::spawn(move || drop(going));
        token.cancel();
        assert!(staying.is_cancelled());
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_cancellation_passes_a_generation_that_goes_away() {
    loom::model(|| {
        let token = CancellationToken::new();
        let middle = token.child_token();
        let youngest = middle.child_token();
        let thread = thread::spawn(move || drop(middle));
        token.cancel();
        assert!(youngest.is_cancelled());
        thread.join().unwrap();
    });
}

#[test]
fn loom_a_grandchild_is_made_while_the_generation_between_goes_away() {
    loom::model(|| {
        let token = CancellationToken::new();
        let middle = token.child_token();
        let sibling = middle.clone();
        let thread = thread::spawn(move || sibling.child_token());
        drop(middle);
        token.cancel();
        assert!(thread.join().unwrap().is_cancelled());
    });
}

#[test]
fn loom_two_first_children_and_a_cancellation_of_their_parent() {
    loom::model(|| {
        let token = CancellationToken::new();
        let threads = [(); 2].map(|()| {
            let parent = token.clone();
            thread::spawn(move || parent.child_token())
        });
        token.cancel();
        assert!(token.is_cancelled());
        assert!(threads.into_iter().all(|thread| thread.join().unwrap().is_cancelled()));
    });
}

#[test]
fn loom_a_lone_token_that_is_cancelled_twice_calls_who_waits() {
    loom::model(|| {
        let token = CancellationToken::new();
        let cancelling = token.clone();
        let thread = thread::spawn(move || cancelling.cancel());
        token.cancel();
        assert!(token.is_cancelled());
        block_on(token.cancelled());
        thread.join().unwrap();
    });
}
