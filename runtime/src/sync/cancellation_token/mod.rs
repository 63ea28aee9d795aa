//! A signal to stop, for a tree of tasks.
//!
//! Each token has a node. A node keeps its parent alive and is known to it by a weak link, so that a cancellation goes
//! down the tree and dropping a token cancels nothing.
//!
//! Invariants
//! 1. `is_cancelled` is turned on under the lock of the children, and never off. The children of a cancelled node are
//!    taken out in the same critical section. A child is added, or born cancelled, under the same lock. So none is
//!    missed.
//! 2. Everybody is called after `is_cancelled` was turned on. A waiter makes its `Notified` before it looks.
//! 3. No two locks are held at once; the tree is walked and dropped in loops, so its depth costs no stack.

mod future;
mod guard;

#[cfg(all(test, loom))]
mod loom_models;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};

use slab::Slab;

use super::Notify;
use crate::shim::Mutex;
use crate::shim::atomic::AtomicBool;
use crate::shim::atomic::Ordering::{Acquire, Release};

use future::RunUntilCancelled;
pub use future::{WaitForCancellationFuture, WaitForCancellationFutureOwned};
pub use guard::{DropGuard, DropGuardRef};

/// A signal to stop, which can be waited for and goes down to the tokens made from this one.
///
/// Clones are the same token.
///
/// # Examples
///
/// ```
/// use minato_runtime::sync::CancellationToken;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let token = CancellationToken::new();
/// let child = token.child_token();
/// let task = minato_runtime::spawn(async move {
///     child.run_until_cancelled(std::future::pending::<()>()).await
/// });
/// token.cancel();
/// assert_eq!(task.await.unwrap(), None);
/// # });
/// ```
#[derive(Clone)]
pub struct CancellationToken {
    node: Arc<Node>,
}

struct Node {
    is_cancelled: AtomicBool,
    cancelled: Arc<Notify>,
    children: Mutex<Slab<Weak<Node>>>,
    parent: Option<Parent>,
}

struct Parent {
    node: Arc<Node>,
    /// Where the parent keeps its link to this child, until it is cancelled.
    key: usize,
}

impl Node {
    fn new(is_cancelled: bool, parent: Option<Parent>) -> Self {
        Self {
            is_cancelled: AtomicBool::new(is_cancelled),
            cancelled: Arc::new(Notify::new()),
            children: Mutex::new(Slab::new()),
            parent,
        }
    }

    fn is_cancelled(&self) -> bool {
        // ORDERING: Acquire [cancel]: what whoever cancelled did before.
        self.is_cancelled.load(Acquire)
    }

    /// Marks this node and calls those who wait; answers the children, which are to be cancelled too.
    fn cancel(&self) -> Slab<Weak<Self>> {
        let mut children = self.children.lock();
        if self.is_cancelled() {
            return Slab::new();
        }
        // ORDERING: Release [cancel].
        self.is_cancelled.store(true, Release);
        let taken = std::mem::take(&mut *children);
        drop(children);
        self.cancelled.notify_waiters();
        taken
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(Parent { node, key }) = parent {
            let link = {
                let mut children = node.children.lock();
                // A cancelled node has given its links away.
                if node.is_cancelled() { None } else { children.try_remove(key) }
            };
            drop(link);
            parent = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

impl CancellationToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self { node: Arc::new(Node::new(false, None)) }
    }

    /// A token that is cancelled with this one, and can be cancelled alone.
    #[must_use]
    pub fn child_token(&self) -> Self {
        let mut children = self.node.children.lock();
        if self.is_cancelled() {
            drop(children);
            return Self { node: Arc::new(Node::new(true, None)) };
        }
        let entry = children.vacant_entry();
        let parent = Parent { node: Arc::clone(&self.node), key: entry.key() };
        let node = Arc::new(Node::new(false, Some(parent)));
        entry.insert(Arc::downgrade(&node));
        Self { node }
    }

    /// Cancels this token and all that were made from it, and calls those who wait.
    pub fn cancel(&self) {
        let mut cancelled = vec![self.node.cancel()];
        while let Some(links) = cancelled.pop() {
            for (_, link) in links {
                if let Some(child) = link.upgrade() {
                    cancelled.push(child.cancel());
                }
            }
        }
    }

    /// Whether this token, or one it was made from, was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.node.is_cancelled()
    }

    /// Waits until this token is cancelled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture::new(self)
    }

    /// As [`cancelled`](Self::cancelled), with a future that owns the token.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        WaitForCancellationFutureOwned::new(self)
    }

    /// Cancels this token when the guard is dropped.
    pub fn drop_guard(self) -> DropGuard {
        DropGuard::new(self)
    }

    /// As [`drop_guard`](Self::drop_guard), with a guard that borrows the token.
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef::new(self)
    }

    /// Runs `future` until it is ready or this token is cancelled; `None` when it was cancelled, which drops the future
    /// with the one returned here.
    ///
    /// A token that is cancelled already does not poll it. If both happen at once later, its output wins.
    ///
    /// # Cancel safety
    ///
    /// As safe as `future` is.
    pub async fn run_until_cancelled<F: Future>(&self, future: F) -> Option<F::Output> {
        if self.is_cancelled() {
            return None;
        }
        RunUntilCancelled::new(self, future).await
    }

    /// As [`run_until_cancelled`](Self::run_until_cancelled), with a future that owns the token.
    ///
    /// # Cancel safety
    ///
    /// As safe as `future` is.
    pub async fn run_until_cancelled_owned<F: Future>(self, future: F) -> Option<F::Output> {
        self.run_until_cancelled(future).await
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for CancellationToken {
    /// Whether both are the same token.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }
}

impl Eq for CancellationToken {}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken").field("is_cancelled", &self.is_cancelled()).finish()
    }
}
