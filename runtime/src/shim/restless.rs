//! Atomics that give the processor away now and then, right before they do what they are for.
//!
//! Most orders of events that a scheduler never shows are a pause at an unlucky instruction away. One operation in
//! [`CALM`], chosen by a generator of each thread, is such a pause.

pub(crate) use std::sync::atomic::Ordering;

use std::cell::Cell;
use std::sync::atomic as real;

/// Operations between two pauses, on average.
const CALM: u64 = 64;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

fn pause_now_and_then() {
    // A thread whose locals are gone goes on without pauses.
    let _ = STATE.try_with(|state| {
        let mut x = state.get();
        if x == 0 {
            x = std::ptr::from_ref(state).addr() as u64 | 1;
        }
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        state.set(x);
        if x % CALM == 0 {
            std::thread::yield_now();
        }
    });
}

macro_rules! restless {
    ($($name:ident($value:ty) { $($operation:ident),* })*) => { $(
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub(crate) struct $name(real::$name);

        #[allow(dead_code, reason = "the operations of std, of which this crate uses some")]
        impl $name {
            pub(crate) const fn new(value: $value) -> Self {
                Self(real::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                pause_now_and_then();
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                pause_now_and_then();
                self.0.store(value, order);
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                pause_now_and_then();
                self.0.compare_exchange(current, new, success, failure)
            }

            pub(crate) fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                pause_now_and_then();
                self.0.compare_exchange_weak(current, new, success, failure)
            }

            $(pub(crate) fn $operation(&self, value: $value, order: Ordering) -> $value {
                pause_now_and_then();
                self.0.$operation(value, order)
            })*
        }
    )* };
}

restless! {
    AtomicBool(bool) { swap, fetch_and, fetch_or }
    AtomicU8(u8) { swap, fetch_add, fetch_and, fetch_or, fetch_sub, fetch_xor }
    AtomicU32(u32) { swap, fetch_add, fetch_and, fetch_max, fetch_or, fetch_sub, fetch_xor }
    AtomicU64(u64) { swap, fetch_add, fetch_and, fetch_max, fetch_or, fetch_sub, fetch_xor }
    AtomicUsize(usize) { swap, fetch_add, fetch_and, fetch_max, fetch_or, fetch_sub, fetch_xor }
}

/// See the module.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct AtomicPtr<T>(real::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    pub(crate) const fn new(value: *mut T) -> Self {
        Self(real::AtomicPtr::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> *mut T {
        pause_now_and_then();
        self.0.load(order)
    }

    pub(crate) fn store(&self, value: *mut T, order: Ordering) {
        pause_now_and_then();
        self.0.store(value, order);
    }

    pub(crate) fn swap(&self, value: *mut T, order: Ordering) -> *mut T {
        pause_now_and_then();
        self.0.swap(value, order)
    }

    pub(crate) fn compare_exchange(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        pause_now_and_then();
        self.0.compare_exchange(current, new, success, failure)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        pause_now_and_then();
        self.0.compare_exchange_weak(current, new, success, failure)
    }
}
