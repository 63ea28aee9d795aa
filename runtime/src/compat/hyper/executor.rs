//! hyper's tasks as ours.

use std::future::Future;

use crate::task::spawn;

/// Spawns hyper's tasks on the runtime that is entered.
///
/// # Panics
///
/// Executing a future panics outside a runtime.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HyperExecutor;

impl HyperExecutor {
    /// The executor.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<F> ::hyper::rt::Executor<F> for HyperExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(spawn(future));
    }
}
