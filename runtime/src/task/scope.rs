//! Tasks that cannot outlive the call that started them.
//!
//! Invariants
//! 1. `live` counts the memberships. One is dropped after the future, the closure and the output it stands for.
//! 2. Children start only while the scope is open, which ends with the first failure or with the scope.
//! 3. A scope inside another is a member of it, through its owner and each of its own children: so the outer one waits
//!    for grandchildren even if the inner scope was dropped half-way.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;
use slab::Slab;

use super::{AbortHandle, Id, JoinError, spawn, spawn_blocking};
use crate::shim::Mutex;
use crate::sync::oneshot;

crate::task_local! {
    /// The scope that this task, or this body of a scope, belongs to.
    static ENCLOSING: Arc<dyn Enclosing>;
}

/// A scope, whatever its error.
trait Enclosing: Send + Sync {
    fn adopt(self: Arc<Self>) -> Arc<dyn Member>;
}

/// Keeps a scope from ending.
trait Member: Send + Sync {}

/// Runs `body` and waits for everything it starts on the [`Scope`] it is given.
///
/// Children return `Result<_, E>`. The first child, or the body, that gives an error or panics ends the scope: all
/// other children are aborted, the body is dropped where it stands, and once everything is gone the scope gives that
/// error, or goes on with that panic. When the scope returns, the futures of all children have been dropped, and so
/// has every output that nobody holds.
///
/// # What may be borrowed
///
/// The body runs inside the caller's own future and may borrow whatever the caller may. Children run in parallel as
/// tasks of their own, and are `'static`: they own what they use, or share it by [`Arc`]. Lending to them could
/// not be sound, because any future can be forgotten ([`std::mem::forget`]) and then no destructor of the scope runs to
/// stop the children before what they borrow is gone. As it is, a forgotten scope leaves its children running, with
/// nothing but what is theirs.
///
/// # Errors
///
/// The first that a child or the body gave.
///
/// # Panics
///
/// With the panic of the child or body that panicked first.
///
/// # Cancel safety
///
/// Dropping the future aborts all children, without waiting for them; inside another scope, that one waits for them.
/// Blocking jobs that have begun go on to their end.
///
/// # Examples
///
/// ```
/// use minato_runtime::task;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let name = String::from("minato");
/// let total = task::scope(|scope| {
///     let name = &name;
///     async move {
///         let one = scope.spawn(async { Ok(20) });
///         let two = scope.spawn(async { Ok(16) });
///         Ok::<_, std::io::Error>(one.await? + two.await? + name.len())
///     }
/// })
/// .await;
/// assert_eq!(total.unwrap(), 42);
/// # });
/// ```
pub async fn scope<B, F, T, E>(body: B) -> Result<T, E>
where
    B: FnOnce(Scope<E>) -> F,
    F: Future<Output = Result<T, E>>,
    E: Send + 'static,
{
    let outer = ENCLOSING.try_get().ok().map(Enclosing::adopt);
    let core = Arc::new(Core {
        outer: outer.as_ref().map(Arc::downgrade),
        state: Mutex::new(State { phase: Phase::Open, live: 0, children: Slab::new(), owner: None }),
    });
    // Declared after `outer`, so that it is dropped first.
    let _owner = Owner { core: core.clone() };
    let output = {
        let enclosing: Arc<dyn Enclosing> = core.clone();
        let scope = Scope { core: core.clone() };
        let mut body = pin!(ENCLOSING.scope(enclosing, async move { body(scope).await }));
        poll_fn(|cx| {
            if core.poll_ended(cx, |state| state.phase.has_failed()).is_ready() {
                return Poll::Ready(None);
            }
            let failure = match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(output))) => return Poll::Ready(Some(output)),
                Ok(Poll::Ready(Err(error))) => Failure::Error(error),
                Err(payload) => Failure::Panic(payload),
            };
            core.end(Phase::Failed(failure));
            Poll::Ready(None)
        })
        .await
    };
    poll_fn(|cx| core.poll_ended(cx, |state| state.live == 0)).await;
    let phase = std::mem::replace(&mut core.state.lock().phase, Phase::Ended);
    match (phase, output) {
        (Phase::Failed(Failure::Error(error)), _) => Err(error),
        (Phase::Failed(Failure::Panic(payload)), _) => resume_unwind(payload),
        (Phase::Open | Phase::Ended, Some(output)) => Ok(output),
        (Phase::Open | Phase::Ended, None) => {
            unreachable!("the body gave no output and the scope has not failed")
        }
    }
}

/// Starts children of a scope; see [`scope`]. Clones are the same scope, and may be given to children.
pub struct Scope<E> {
    core: Arc<Core<E>>,
}

struct Core<E> {
    /// The membership in the scope around this one, owned by this one's owner and children.
    outer: Option<Weak<dyn Member>>,
    state: Mutex<State<E>>,
}

struct State<E> {
    phase: Phase<E>,
    live: usize,
    children: Slab<Child>,
    /// The task that polls the scope.
    owner: Option<Waker>,
}

enum Phase<E> {
    Open,
    /// A child or the body failed first with this.
    Failed(Failure<E>),
    /// The scope has returned or was dropped.
    Ended,
}

enum Failure<E> {
    Error(E),
    Panic(Box<dyn Any + Send>),
}

/// A place of `children`, freed by whoever comes second: `spawn` with the handle, or the child that ends.
enum Child {
    Starting,
    Running(AbortHandle),
    Gone,
}

impl<E> Phase<E> {
    fn has_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl<E> Core<E> {
    fn poll_ended(&self, cx: &Context<'_>, has_ended: impl FnOnce(&State<E>) -> bool) -> Poll<()> {
        let mut state = self.state.lock();
        if has_ended(&state) {
            return Poll::Ready(());
        }
        let replaced = state.owner.replace(cx.waker().clone());
        drop(state);
        // Outside the lock, because dropping a waker may run any code.
        drop(replaced);
        Poll::Pending
    }

    /// Ends the open phase and aborts all children; a phase that came earlier stands.
    fn end(&self, phase: Phase<E>) {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Open) {
            drop(state);
            // A later failure has nowhere to go; its drop must not end the task that reports it.
            drop(catch_unwind(AssertUnwindSafe(|| drop(phase))));
            return;
        }
        state.phase = phase;
        let children = std::mem::take(&mut state.children);
        let owner = state.owner.take();
        drop(state);
        for (_, child) in children {
            if let Child::Running(handle) = child {
                handle.abort();
            }
        }
        if let Some(owner) = owner {
            owner.wake();
        }
    }

    /// A place among the children, if the scope is open.
    fn join(self: &Arc<Self>) -> Option<Membership<E>> {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Open) {
            return None;
        }
        state.live += 1;
        let slot = state.children.insert(Child::Starting);
        drop(state);
        let outer = self.outer.as_ref().and_then(Weak::upgrade);
        Some(Membership { core: self.clone(), slot: Some(slot), _outer: outer })
    }

    fn started(&self, slot: usize, handle: AbortHandle) {
        let mut state = self.state.lock();
        if !matches!(state.phase, Phase::Open) {
            drop(state);
            handle.abort();
        } else if matches!(state.children[slot], Child::Gone) {
            state.children.remove(slot);
        } else {
            state.children[slot] = Child::Running(handle);
        }
    }
}

impl<E: Send + 'static> Enclosing for Core<E> {
    fn adopt(self: Arc<Self>) -> Arc<dyn Member> {
        self.state.lock().live += 1;
        let outer = self.outer.as_ref().and_then(Weak::upgrade);
        Arc::new(Membership { core: self, slot: None, _outer: outer })
    }
}

/// Ends the scope when its future goes.
struct Owner<E> {
    core: Arc<Core<E>>,
}

impl<E> Drop for Owner<E> {
    fn drop(&mut self) {
        self.core.end(Phase::Ended);
    }
}

struct Membership<E> {
    core: Arc<Core<E>>,
    /// The place of a child; none for a scope inside.
    slot: Option<usize>,
    _outer: Option<Arc<dyn Member>>,
}

impl<E: Send> Member for Membership<E> {}

impl<E> Drop for Membership<E> {
    fn drop(&mut self) {
        let mut state = self.core.state.lock();
        let mut handle = None;
        if let (Phase::Open, Some(slot)) = (&state.phase, self.slot) {
            if matches!(state.children[slot], Child::Starting) {
                state.children[slot] = Child::Gone;
            } else {
                handle = Some(state.children.remove(slot));
            }
        }
        state.live -= 1;
        let owner = if state.live == 0 { state.owner.take() } else { None };
        drop(state);
        drop(handle);
        if let Some(owner) = owner {
            owner.wake();
        }
    }
}

impl<E: Send + 'static> Scope<E> {
    /// Starts a child; its output comes from the handle, its error or panic ends the scope.
    ///
    /// On a scope that has failed or returned, the future is dropped at once and the handle says that it was cancelled.
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime.
    #[track_caller]
    pub fn spawn<F, T>(&self, future: F) -> ScopedJoinHandle<T>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
    {
        let (tx, output) = oneshot::channel();
        let Some(membership) = self.core.join() else { return ScopedJoinHandle::refused(output) };
        let (core, slot) = (self.core.clone(), membership.slot);
        let enclosing: Arc<dyn Enclosing> = core.clone();
        let future = Some(ENCLOSING.scope(enclosing, future));
        let task = spawn(ChildFuture { future, output: Some(tx), membership });
        let handle = ScopedJoinHandle { output, id: task.id(), abort: Some(task.abort_handle()) };
        if let Some(slot) = slot {
            core.started(slot, task.abort_handle());
        }
        handle
    }

    /// Starts a blocking job as a child. One that has begun cannot be aborted: the scope waits for it.
    ///
    /// # Panics
    ///
    /// If this thread is in no runtime, or no thread can be started.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, job: F) -> ScopedJoinHandle<T>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + 'static,
    {
        let (tx, output) = oneshot::channel();
        let Some(membership) = self.core.join() else { return ScopedJoinHandle::refused(output) };
        let (core, slot) = (self.core.clone(), membership.slot);
        // One tuple, so that a job that is never run is dropped before its membership.
        let parts = (job, tx, membership);
        let task = spawn_blocking(move || {
            // Declared first, dropped last.
            let membership = parts.2;
            let (job, tx) = (parts.0, parts.1);
            match catch_unwind(AssertUnwindSafe(job)) {
                Ok(Ok(output)) => drop(tx.send(output)),
                Ok(Err(error)) => membership.core.end(Phase::Failed(Failure::Error(error))),
                Err(payload) => membership.core.end(Phase::Failed(Failure::Panic(payload))),
            }
        });
        let handle = ScopedJoinHandle { output, id: task.id(), abort: Some(task.abort_handle()) };
        if let Some(slot) = slot {
            core.started(slot, task.abort_handle());
        }
        handle
    }
}

impl<E> Clone for Scope<E> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone() }
    }
}

impl<E> fmt::Debug for Scope<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("live", &self.core.state.lock().live).finish_non_exhaustive()
    }
}

pin_project! {
    struct ChildFuture<F, T, E: 'static> {
        #[pin]
        future: Option<super::TaskLocalFuture<Arc<dyn Enclosing>, F>>,
        output: Option<oneshot::Sender<T>>,
        // The last field, dropped after what it stands for.
        membership: Membership<E>,
    }

    impl<F, T, E: 'static> PinnedDrop for ChildFuture<F, T, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // A panic of the future's own drop is a failure like another.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
                this.membership.core.end(Phase::Failed(Failure::Panic(payload)));
            }
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E: Send> Future for ChildFuture<F, T, E> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let future = this.future.as_pin_mut().expect("only the drop takes the future out");
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(output))) => {
                if let Some(tx) = this.output.take() {
                    drop(tx.send(output));
                }
            }
            Ok(Poll::Ready(Err(error))) => this.membership.core.end(Phase::Failed(Failure::Error(error))),
            Err(payload) => this.membership.core.end(Phase::Failed(Failure::Panic(payload))),
        }
        Poll::Ready(())
    }
}

/// The output of a child of a [`Scope`]; a future of it. Dropping it changes nothing for the child.
///
/// # Cancel safety
///
/// Dropping a pending `&mut` future loses nothing.
pub struct ScopedJoinHandle<T> {
    output: oneshot::Receiver<T>,
    id: Id,
    /// `None` if the child was never started.
    abort: Option<AbortHandle>,
}

impl<T> ScopedJoinHandle<T> {
    fn refused(output: oneshot::Receiver<T>) -> Self {
        Self { output, id: Id::next(), abort: None }
    }

    /// Asks this child to stop, which is no failure of the scope.
    pub fn abort(&self) {
        if let Some(handle) = &self.abort {
            handle.abort();
        }
    }

    /// The id of the child.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }
}

impl<T> Future for ScopedJoinHandle<T> {
    /// A child without output is said to be cancelled: its error or panic, if it had one, is the scope's.
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = ready!(Pin::new(&mut self.output).poll(cx));
        Poll::Ready(output.map_err(|_| JoinError::cancelled(self.id)))
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::thread;

    fn open() -> Arc<Core<&'static str>> {
        let state = State { phase: Phase::Open, live: 0, children: Slab::new(), owner: None };
        Arc::new(Core { outer: None, state: Mutex::new(state) })
    }

    fn wait_for_all(core: &Core<&'static str>) {
        loom::future::block_on(poll_fn(|cx| core.poll_ended(cx, |state| state.live == 0)));
    }

    #[test]
    fn loom_the_owner_learns_of_the_last_member_whatever_ends_the_scope_meanwhile() {
        loom::model(|| {
            let core = open();
            let child = core.join().unwrap();
            let member = thread::spawn(move || drop(child));
            let failing = {
                let core = core.clone();
                thread::spawn(move || core.end(Phase::Failed(Failure::Error("ran aground"))))
            };
            loom::future::block_on(poll_fn(|cx| core.poll_ended(cx, |state| state.phase.has_failed())));
            wait_for_all(&core);
            member.join().unwrap();
            failing.join().unwrap();
        });
    }

    #[test]
    fn loom_a_child_that_comes_while_the_scope_ends_is_refused_or_waited_for() {
        loom::model(|| {
            let core = open();
            let late = {
                let core = core.clone();
                thread::spawn(move || core.join().map(drop).is_some())
            };
            core.end(Phase::Ended);
            // Whoever got in before the end has left before this returns; nobody gets in after it.
            wait_for_all(&core);
            late.join().unwrap();
            assert!(core.join().is_none());
            assert_eq!(core.state.lock().live, 0);
        });
    }

    #[test]
    fn loom_of_two_failures_one_is_kept() {
        loom::model(|| {
            let core = open();
            let other = {
                let core = core.clone();
                thread::spawn(move || core.end(Phase::Failed(Failure::Error("second"))))
            };
            core.end(Phase::Failed(Failure::Error("first")));
            other.join().unwrap();
            assert!(core.state.lock().phase.has_failed());
        });
    }
}
