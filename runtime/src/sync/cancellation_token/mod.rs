//! A signal to stop, for a tree of tasks.
//!
//! Each token has a node, and tokens that come from one another share a tree, which knows them by weak links: a
//! cancellation goes down the tree, dropping a token cancels nothing, and no token keeps another alive. A token that had no
//! children yet and comes from no other needs no tree.
//!
//! - this file: the tokens
//! - `tree`: which comes from which
//! - `future`, `guard`: waiting for a cancellation, and cancelling on drop
//!
//! Invariants
//! 1. A node goes from `LONE` to `RELATED` to `CANCELLED`, or to the last from either, and never back. It has its place in a tree
//!    before it becomes `RELATED`.
//! 2. A related node is cancelled under the lock of the tree, and all that is below is marked and taken out in the same critical
//!    section. A child is added, or born cancelled, under the same lock, and its parent is related by then. So none is missed.
//! 3. Everybody is called after all were marked. A waiter makes its `Waiting` before it looks.
//! 4. No node is dropped under the lock, and nobody is called under it; the tree is walked in loops, so its depth costs
//!    no stack.

mod future;
mod guard;
mod tree;

#[cfg(all(test, loom))]
mod loom_models;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use super::Notify;
use super::wait_queue::Wakers;
use crate::shim::Mutex;
use crate::shim::atomic::AtomicU8;
use crate::shim::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use future::RunUntilCancelled;
pub use future::{WaitForCancellationFuture, WaitForCancellationFutureOwned};
pub use guard::{DropGuard, DropGuardRef};
use tree::{Key, Tree};

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

/// It comes from no other, and none comes from it.
const LONE: u8 = 0;
/// It is in a tree.
const RELATED: u8 = 1;
const CANCELLED: u8 = 2;

struct Node {
    state: AtomicU8,
    cancelled: Notify,
    origin: Origin,
}

/// What a node comes from.
enum Origin {
    /// Nothing. It has a place once it has had a child.
    Own(OnceLock<Place>),
    /// A node that was not cancelled.
    Parent(Place),
    /// A node that was.
    Cancelled,
}

/// Where a node stands, until it is cancelled.
struct Place {
    tree: Arc<Mutex<Tree<Node>>>,
    key: Key,
}

impl Node {
    fn new(state: u8, origin: Origin) -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(state), cancelled: Notify::new(), origin })
    }

    fn place(&self) -> Option<&Place> {
        match &self.origin {
            Origin::Own(place) => place.get(),
            Origin::Parent(place) => Some(place),
            Origin::Cancelled => None,
        }
    }

    fn is_cancelled(&self) -> bool {
        // ORDERING: Acquire [cancel]: what whoever cancelled did before.
        self.state.load(Acquire) == CANCELLED
    }

    /// The node's place in a tree, which it gets if it has none; none either if it was born cancelled.
    fn relate(self: &Arc<Self>) -> Option<&Place> {
        match &self.origin {
            Origin::Own(place) => {
                let place = place.get_or_init(|| {
                    let (tree, key) = Tree::rooted(Arc::downgrade(self));
                    Place { tree: Arc::new(Mutex::new(tree)), key }
                });
                if self.state.load(Relaxed) == LONE {
                    // ORDERING: AcqRel [relate]: Release publishes the place. If a cancellation came first, it stays.
                    let _ = self.state.compare_exchange(LONE, RELATED, AcqRel, Acquire);
                }
                Some(place)
            }
            Origin::Parent(place) => Some(place),
            Origin::Cancelled => None,
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nobody can cancel it for itself any more: what is lone stays so. A cancellation of those above that has marked this
        // node has removed its entry.
        if self.is_cancelled() {
            return;
        }
        if let Some(Place { tree, key }) = self.place() {
            let mut entries = tree.lock();
            if !self.is_cancelled() {
                entries.remove(*key);
            }
        }
    }
}

impl CancellationToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self { node: Node::new(LONE, Origin::Own(OnceLock::new())) }
    }

    /// A token that is cancelled with this one, and can be cancelled alone.
    ///
    /// It keeps nothing of this one alive: however many tokens come and go between a first one and the last, what is kept
    /// is in proportion to those that are still there.
    #[must_use]
    pub fn child_token(&self) -> Self {
        if !self.is_cancelled()
            && let Some(Place { tree, key }) = self.node.relate()
        {
            let mut entries = tree.lock();
            if !self.is_cancelled() {
                let place = Place { tree: Arc::clone(tree), key: entries.next_key() };
                let node = Node::new(RELATED, Origin::Parent(place));
                entries.insert(Arc::downgrade(&node), Some(*key));
                return Self { node };
            }
        }
        Self { node: Node::new(CANCELLED, Origin::Cancelled) }
    }

    /// Cancels this token and all that were made from it, and calls those who wait.
    ///
    /// # Panics
    ///
    /// If a waker panics; the others are called all the same.
    pub fn cancel(&self) {
        let mut wakers = Wakers::default();
        // ORDERING: AcqRel [cancel] [relate]: Release publishes what the caller did, Acquire sees the place.
        match self.node.state.compare_exchange(LONE, CANCELLED, AcqRel, Acquire) {
            Ok(_) => self.node.cancelled.collect_waiters(&mut wakers),
            Err(_) => self.cancel_related(&mut wakers),
        }
        wakers.wake();
    }

    fn cancel_related(&self, wakers: &mut Wakers) {
        let Some(Place { tree, key }) = self.node.place() else { return };
        let mut entries = tree.lock();
        if self.is_cancelled() {
            return;
        }
        let cancelled = entries.take_out(*key);
        for node in cancelled.iter() {
            // ORDERING: Release [cancel].
            node.state.store(CANCELLED, Release);
        }
        drop(entries);
        for node in cancelled.iter() {
            node.cancelled.collect_waiters(wakers);
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
