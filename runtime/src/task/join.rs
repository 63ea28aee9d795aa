//! Waiting for a task, and stopping it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::header::{Header, TaskRef};
use super::join_waker::JoinWaker;
use super::{Id, JoinError, WaitSite, coop};
use crate::isolated::isolated;
use crate::scheduler;

/// Owns the right to the output of a task; a future of it.
///
/// Dropping the handle detaches the task: it goes on, and its output is dropped.
///
/// # Cancel safety
///
/// Dropping a pending `&mut JoinHandle` future loses nothing.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// let handle = minato_runtime::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// ```
#[must_use = "dropping a JoinHandle detaches its task; say so with `drop` or await it"]
pub struct JoinHandle<T> {
    /// Owns one reference.
    task: Joined,
    output: PhantomData<T>,
}

/// A task, and in the lowest bit of its address whether the output was taken out of it.
struct Joined(NonNull<Header>);

impl Joined {
    const TAKEN: usize = 1;

    fn is_taken(&self) -> bool {
        self.0.addr().get() & Self::TAKEN != 0
    }

    fn take(&mut self) {
        self.0 = self.0.map_addr(|addr| addr | Self::TAKEN);
    }

    #[inline]
    fn task(&self) -> TaskRef {
        // SAFETY: the reference of the handle keeps the task valid.
        unsafe { TaskRef::from_ptr(self.0.as_ptr().map_addr(|addr| addr & !Self::TAKEN)) }
    }
}

const _: () = assert!(align_of::<Header>() > Joined::TAKEN);

// SAFETY: the handle moves a `T` between threads at most; the task is guarded by its state word.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives no access to `T`.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// `task` is new, its output is `T`, and the caller hands over its `JoinHandle` reference.
    pub(crate) unsafe fn new(task: TaskRef) -> Self {
        // SAFETY: the address of a task is not null.
        let task = Joined(unsafe { NonNull::new_unchecked(task.as_ptr()) });
        Self { task, output: PhantomData }
    }

    /// Asks the task to stop at its next await point. Awaiting the handle then gives a cancelled [`JoinError`],
    /// unless the task finished first.
    ///
    /// A blocking job that has begun is not stopped.
    pub fn abort(&self) {
        abort(self.task.task());
    }

    /// Aborts the task and waits until it is over and its future dropped. The output, if the task was ready first.
    ///
    /// # Errors
    ///
    /// A cancelled [`JoinError`], or that of a panic, in the task or in the drop of its future.
    ///
    /// # Cancel safety
    ///
    /// The task is aborted by the first poll; dropping the future afterwards only means not to wait.
    ///
    /// ```
    /// # let rt = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
    /// # rt.block_on(async {
    /// use std::sync::Arc;
    /// let cargo = Arc::new(());
    /// let held = cargo.clone();
    /// let ship = minato_runtime::spawn(async move {
    ///     let _held = held;
    ///     std::future::pending::<()>().await;
    /// });
    /// assert!(ship.cancel().await.unwrap_err().is_cancelled());
    /// assert_eq!(Arc::strong_count(&cargo), 1);
    /// # });
    /// ```
    pub async fn cancel(self) -> Result<T, JoinError> {
        self.abort();
        self.await
    }

    /// A handle that can only abort, and does not keep the output.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.task.task().header().state.add_reference();
        AbortHandle { task: self.task.task() }
    }

    /// Whether the task is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.task().header().state.load().is_complete()
    }

    /// The id of the task.
    #[must_use]
    pub fn id(&self) -> Id {
        self.task.task().header().id
    }

    /// Stores the waker; true if the task is complete instead, and the waker is then not called.
    ///
    /// A stored waker is called exactly once, by the task that completes, unless it is replaced or the handle dropped.
    pub(super) fn poll_complete(&self, cx: &Context<'_>) -> bool {
        let task = self.task.task();
        let header = task.header();
        let snapshot = header.state.load();
        if snapshot.is_complete() {
            return true;
        }
        // Taken back even to be only looked at: a task that completes takes the waker out.
        if snapshot.has_join_waker() && !header.state.retract_join_waker() {
            return true;
        }
        // SAFETY: JOIN_WAKER is off, so the slot is ours (invariant 4 of the state).
        let take = || header.join_waker.with_mut(|slot| unsafe { (*slot).take() });
        // INVARIANT: the slot is empty while somebody else's code runs, so that a panic in it leaves nothing there:
        // whoever drops a handle of a task that nobody has touched does not look.
        let mut before = Replaced(take());
        let is_same = before.0.will_wake(cx.waker());
        let waker = if is_same { before.0.take() } else { JoinWaker::of(cx.waker()) };
        // SAFETY: as above; nothing is overwritten.
        header.join_waker.with_mut(|slot| unsafe { slot.write(waker) });
        if header.state.publish_join_waker() {
            return false;
        }
        // The task completed with JOIN_WAKER off: the slot is still ours.
        drop(Replaced(take()));
        true
    }

    /// The output, if the task is complete.
    ///
    /// # Panics
    ///
    /// If it was taken already.
    pub(super) fn try_output(&mut self) -> Poll<Result<T, JoinError>> {
        let mut output = Poll::Pending;
        if self.is_finished() {
            assert!(!self.task.is_taken(), "JoinHandle polled after it returned the output of its task");
            self.task.take();
            let task = self.task.task();
            // SAFETY: complete, so the output is ours, and it is there; `T` is its type.
            unsafe { (task.header().vtable.read_output)(task, (&raw mut output).cast()) };
        }
        output
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = std::task::ready!(coop::poll_proceed(cx));
        if !self.poll_complete(cx) {
            WaitSite::Join.mark();
            return Poll::Pending;
        }
        unit.made_progress();
        self.try_output()
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let task = self.task.task();
        let header = task.header();
        if header.state.drop_join_handle_fast() {
            return;
        }
        let before = header.state.drop_join_interest();
        // A panic of somebody's destructor must not keep the task.
        let _reference = Reference(task);
        if before.is_complete() && !self.task.is_taken() {
            // SAFETY: complete with JOIN_INTEREST on: the output is ours, and it is there.
            unsafe { (header.vtable.drop_output)(task) };
        }
        if !before.is_complete() || !before.has_join_waker() {
            // SAFETY: JOIN_WAKER was off when the task completed, or is now and it has not: the slot is ours.
            drop(Replaced(header.join_waker.with_mut(|slot| unsafe { (*slot).take() })));
        }
    }
}

/// A waker that is of no use any more. Somebody else's destructor, which may come in the middle of another panic.
struct Replaced(JoinWaker);

impl Drop for Replaced {
    fn drop(&mut self) {
        if let Some(waker) = self.0.take().into_waker() {
            isolated(|| drop(waker));
        }
    }
}

/// Gives up a reference when dropped.
struct Reference(TaskRef);

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: the reference was the handle's.
        unsafe { self.0.drop_reference() };
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .field("spawned_at", &format_args!("{}", self.task.task().header().origin.spawned_at()))
            .finish_non_exhaustive()
    }
}

/// Aborts a task from anywhere; does not keep its output.
pub struct AbortHandle {
    /// Owns one reference.
    task: TaskRef,
}

// SAFETY: everything reached is guarded by the state word.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl AbortHandle {
    /// Asks the task to stop; see [`JoinHandle::abort`].
    pub fn abort(&self) {
        abort(self.task);
    }

    /// Whether the task is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.header().state.load().is_complete()
    }

    /// The id of the task.
    #[must_use]
    pub fn id(&self) -> Id {
        self.task.header().id
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        self.task.header().state.add_reference();
        Self { task: self.task }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { self.task.drop_reference() };
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}

fn abort(task: TaskRef) {
    if task.header().state.cancel() {
        scheduler::schedule_woken(task);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::Future;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::pin::Pin;
    use std::ptr;
    use std::sync::Arc;
    use std::task::{Context, RawWaker, RawWakerVTable, Wake, Waker};

    use super::JoinHandle;
    use crate::task::{Id, TaskRef, allocate};
    use crate::test_support::CountingWaker;

    /// A task that was never polled, and its handle.
    fn task() -> (TaskRef, JoinHandle<()>) {
        let origin = std::panic::Location::caller().into();
        let task = allocate(async {}, Id::next(), ptr::null(), origin);
        // SAFETY: new, and its output is `()`.
        (task, unsafe { JoinHandle::new(task) })
    }

    fn bury(task: TaskRef) {
        task.cancel_queued();
        // SAFETY: cancelled, and in no registry.
        unsafe { task.retire() };
    }

    fn is_pending(handle: &mut JoinHandle<()>, waker: &Waker) -> bool {
        Pin::new(handle).poll(&mut Context::from_waker(waker)).is_pending()
    }

    fn panics_when_cloned() -> Waker {
        static VTABLE: RawWakerVTable =
            RawWakerVTable::new(|_| resume_unwind(Box::new(())), |_| (), |_| (), |_| ());
        // SAFETY: nothing is behind it.
        unsafe { Waker::from_raw(RawWaker::new(ptr::null(), &VTABLE)) }
    }

    #[test]
    fn a_waker_that_panics_when_cloned_leaves_the_one_before_it_nowhere() {
        let (task, mut handle) = task();
        let (count, waker) = CountingWaker::new();
        assert!(is_pending(&mut handle, &waker));
        assert_eq!(Arc::strong_count(&count), 3);
        catch_unwind(AssertUnwindSafe(|| is_pending(&mut handle, &panics_when_cloned()))).unwrap_err();
        drop(handle);
        assert_eq!(Arc::strong_count(&count), 2);
        bury(task);
    }

    #[test]
    fn a_waker_that_panics_when_dropped_keeps_nothing_from_the_one_after_it() {
        struct Bomb;
        impl Wake for Bomb {
            fn wake(self: Arc<Self>) {}
        }
        impl Drop for Bomb {
            fn drop(&mut self) {
                resume_unwind(Box::new(()));
            }
        }
        let (task, mut handle) = task();
        let bomb = Waker::from(Arc::new(Bomb));
        assert!(is_pending(&mut handle, &bomb));
        drop(bomb);
        let (count, waker) = CountingWaker::new();
        assert!(is_pending(&mut handle, &waker));
        assert_eq!(Arc::strong_count(&count), 3);
        drop(handle);
        assert_eq!(Arc::strong_count(&count), 2);
        bury(task);
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use std::future::poll_fn;
    use std::panic::Location;
    use std::pin::Pin;
    use std::ptr;

    use super::{Future, JoinHandle};
    use crate::shim::thread;
    use crate::task::{Id, allocate};

    #[test]
    fn loom_a_task_completes_while_its_handle_is_polled_again() {
        loom::model(|| {
            let task = allocate(async {}, Id::next(), ptr::null(), Location::caller().into());
            // SAFETY: new, and `()` is its output.
            let mut handle = unsafe { JoinHandle::<()>::new(task) };
            let runner = thread::spawn(move || {
                task.run();
                // SAFETY: complete, and in no registry.
                unsafe { task.retire() };
            });
            let joined = loom::future::block_on(poll_fn(|cx| {
                let first = Pin::new(&mut handle).poll(cx);
                if first.is_ready() { first } else { Pin::new(&mut handle).poll(cx) }
            }));
            assert!(joined.is_ok());
            drop(handle);
            runner.join().unwrap();
        });
    }
}
