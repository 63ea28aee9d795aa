//! Attempts: how many, on which instance, and who pays.

use std::future::{Ready, ready};

use crate::support::{Act, Failed, Probe, now};
use minato_service::retry::{Policy, RetryLayer};
use minato_service::{Layer, RetryBudget, ServiceExt};

/// Retries every failure up to a number of times, and notes what it was asked about.
#[derive(Clone)]
struct UpTo(u32);

impl Policy<u32, u32, Failed> for UpTo {
    type Future = Ready<()>;

    fn retry(&mut self, request: &mut u32, result: &mut Result<u32, Failed>) -> Option<Ready<()>> {
        result.as_ref().err()?;
        self.0 = self.0.checked_sub(1)?;
        *request += 10;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        Some(*request)
    }
}

/// Never keeps a request.
#[derive(Clone)]
struct Once;

impl Policy<u32, u32, Failed> for Once {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u32, _: &mut Result<u32, Failed>) -> Option<Ready<()>> {
        panic!("asked about a request that was not kept");
    }

    fn clone_request(&mut self, _: &u32) -> Option<u32> {
        None
    }
}

#[test]
fn attempts_go_on_until_one_succeeds_and_carry_the_changed_request() {
    let probe = Probe::new(&[], &[Act::Fail, Act::Fail, Act::Succeed]);
    let observer = probe.observer();
    assert_eq!(now(RetryLayer::new(UpTo(5)).layer(probe).oneshot(1)), Ok(22));
    assert_eq!(observer.calls(), 3);
}

#[test]
fn the_last_error_is_the_outcome_when_the_policy_gives_up() {
    let probe = Probe::new(&[], &[Act::Fail; 9]);
    let observer = probe.observer();
    assert_eq!(now(RetryLayer::new(UpTo(2)).layer(probe).oneshot(1)), Err(Failed("call failed")));
    assert_eq!(observer.calls(), 3);
}

#[test]
fn a_readiness_error_between_attempts_is_the_policys_to_judge() {
    let probe = Probe::new(&[Act::Succeed, Act::Fail, Act::Succeed], &[Act::Fail, Act::Succeed]);
    let observer = probe.observer();
    assert_eq!(now(RetryLayer::new(UpTo(5)).layer(probe).oneshot(1)), Ok(22));
    assert_eq!(observer.calls(), 2);
}

#[test]
fn nothing_is_cloned_where_the_policy_keeps_no_request() {
    let probe = Probe::new(&[], &[Act::Fail]);
    let observer = probe.observer();
    assert_eq!(now(RetryLayer::new(Once).layer(probe).oneshot(1)), Err(Failed("call failed")));
    assert_eq!((observer.calls(), observer.clones()), (1, 0));
}

#[test]
fn clones_of_a_budget_share_it() {
    let budget = RetryBudget::new(50, 0);
    let clone = budget.clone();
    budget.deposit();
    clone.deposit();
    assert!(clone.try_withdraw());
    assert!(!budget.try_withdraw());
}
