//! Meters that are not in use.
//!
//! A call keeps hold of the meter of its instance without counting references, which all calls of all threads would count in
//! one word. So a meter is never freed, but kept for the next instance when its own is gone and no call is under way.

use std::ops::Deref;

use super::load::Meter;

/// The meter of an instance, which goes back to the stock on drop.
#[derive(Debug)]
pub(super) struct Lease(&'static Meter);

impl Lease {
    pub(super) fn new() -> Self {
        let meter = shelf::pop().unwrap_or_else(|| Box::leak(Box::new(Meter::new())));
        meter.reset();
        Self(meter)
    }

    /// The meter, for a call that begins while the instance is there.
    pub(super) const fn meter(&self) -> &'static Meter {
        self.0
    }
}

impl Deref for Lease {
    type Target = Meter;

    fn deref(&self) -> &Meter {
        self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        shelf::push(self.0);
    }
}

#[cfg(not(loom))]
mod shelf {
    use std::collections::VecDeque;
    use std::sync::{Mutex, PoisonError};

    use super::Meter;

    /// Their number is the largest number of instances that ever existed at once, and of those that went while calls were
    /// under way.
    static SHELF: Mutex<VecDeque<&'static Meter>> = Mutex::new(VecDeque::new());

    /// How many are looked at before another is made.
    const LOOKS: usize = 8;

    /// A meter without calls under way. None begin on the shelf, so it stays so.
    pub(super) fn pop() -> Option<&'static Meter> {
        let mut shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..LOOKS {
            let meter = shelf.pop_front()?;
            if meter.pending() == 0 {
                return Some(meter);
            }
            shelf.push_back(meter);
        }
        None
    }

    pub(super) fn push(meter: &'static Meter) {
        SHELF.lock().unwrap_or_else(PoisonError::into_inner).push_back(meter);
    }
}

/// A model may not reach what belongs to another one.
#[cfg(loom)]
mod shelf {
    use super::Meter;

    pub(super) fn pop() -> Option<&'static Meter> {
        None
    }

    pub(super) fn push(_: &'static Meter) {}
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_meter_with_calls_under_way_is_nobody_elses() {
        let lease = Lease::new();
        let meter = lease.meter();
        let call = crate::stripe::Stripe::own();
        meter.begin(call);
        drop(lease);
        let others: Vec<_> = (0..20).map(|_| Lease::new()).collect();
        assert!(others.iter().all(|other| !std::ptr::eq(other.meter(), meter) && other.pending() == 0));
        meter.end(call);
        assert_eq!(meter.pending(), 0);
    }
}
