//! Every interleaving of two users of a budget.

use loom::thread;

use super::RetryBudget;

#[test]
fn loom_a_budget_is_not_overdrawn() {
    loom::model(|| {
        let budget = RetryBudget::new(50, 1);
        let other = budget.clone();
        let thread = thread::spawn(move || {
            other.deposit();
            u32::from(other.try_withdraw())
        });
        budget.deposit();
        let own = u32::from(budget.try_withdraw());
        let granted = own + thread.join().unwrap() + u32::from(budget.try_withdraw());
        assert_eq!(granted, 2, "one in reserve and two halves");
        assert_eq!(budget.balance(), 0);
    });
}
