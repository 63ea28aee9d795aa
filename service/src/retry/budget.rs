//! How many retries the traffic pays for.

use std::sync::Arc;

use crate::shim::{AtomicU64, Ordering};

use crate::limits::RETRY_TOKENS_MAX;

/// Hundredths of a retry.
const ONE: u64 = 100;

/// A budget that keeps retries a fraction of the requests.
///
/// When a service fails for everybody, retries multiply its load just when it can bear the least. Each request
/// deposits a fraction of a retry here and each retry takes a whole one, so in the long run there are no more retries
/// than that fraction of the requests. The reserve allows retries at low traffic.
///
/// Clones share the budget, whose state is one atomic word.
///
/// ```
/// use minato_service::RetryBudget;
///
/// let budget = RetryBudget::new(20, 1);
/// assert!(budget.try_withdraw());
/// assert!(!budget.try_withdraw());
/// (0..5).for_each(|_| budget.deposit());
/// assert!(budget.try_withdraw());
/// ```
#[derive(Debug, Clone)]
pub struct RetryBudget {
    /// Hundredths of a retry.
    balance: Arc<AtomicU64>,
    deposit: u64,
}

impl RetryBudget {
    /// A budget of `percent` retries per hundred requests, that starts with `reserve` retries.
    ///
    /// # Panics
    ///
    /// If both are zero.
    #[must_use]
    pub fn new(percent: u32, reserve: u32) -> Self {
        assert!(percent > 0 || reserve > 0, "`percent` and `reserve` are zero: nothing would be tried again");
        let balance = (u64::from(reserve) * ONE).min(u64::from(RETRY_TOKENS_MAX) * ONE);
        Self { balance: Arc::new(AtomicU64::new(balance)), deposit: u64::from(percent) }
    }

    /// How many whole retries it would pay for now.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.balance.load(Ordering::Relaxed) / ONE
    }

    /// Counts a request. The balance never exceeds a thousand retries.
    pub fn deposit(&self) {
        let max = u64::from(RETRY_TOKENS_MAX) * ONE;
        let _ = self.balance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |balance| {
            (balance < max).then(|| (balance + self.deposit).min(max))
        });
    }

    /// Pays for one retry, if there is enough for it.
    #[must_use]
    pub fn try_withdraw(&self) -> bool {
        self.balance
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |balance| balance.checked_sub(ONE))
            .is_ok()
    }
}

impl Default for RetryBudget {
    /// A retry for every five requests, and ten to start with.
    fn default() -> Self {
        Self::new(20, 10)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact() {
        let budget = RetryBudget::new(60, 0);
        (0..10).for_each(|_| budget.deposit());
        let granted = (0..10).filter(|_| budget.try_withdraw()).count();
        assert_eq!(granted, 6);
    }

    #[test]
    fn the_balance_is_bounded() {
        let budget = RetryBudget::new(100, 5000);
        (0..5000).for_each(|_| budget.deposit());
        let granted = (0..5000).filter(|_| budget.try_withdraw()).count();
        assert_eq!(granted, 1000);
    }

    #[test]
    fn threads_do_not_overdraw() {
        let budget = RetryBudget::new(0, 100);
        let granted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..100).filter(|_| budget.clone().try_withdraw()).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(granted, 100);
    }
}
