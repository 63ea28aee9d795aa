//! A pool of threads that each run tasks which stay there.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::JoinHandle;
use crate::runtime::{Builder, Handle, LocalOptions};
use crate::scheduler;
use crate::sync::CancellationToken;

/// Runs futures that are not `Send` on a pool of threads, each of them from beginning to end on one.
///
/// What is sent to the pool is a closure that is `Send` and makes the future there. Every thread has a
/// [`LocalRuntime`](crate::runtime::LocalRuntime) of its own, with its own timers and sockets; inside,
/// [`spawn_local`](super::spawn_local) starts further tasks beside. A thread starts when the first task comes to it.
///
/// Clones are the same pool. When the last one is dropped the threads end, and tasks that are left are dropped.
///
/// ```
/// use std::rc::Rc;
/// use minato_runtime::task::{LocalPoolHandle, yield_now};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let pool = LocalPoolHandle::new(2);
/// let task = pool.spawn_pinned(|| async {
///     let name = Rc::new("minato");
///     yield_now().await;
///     name.len()
/// });
/// assert_eq!(task.await.unwrap(), 6);
/// # });
/// ```
#[derive(Clone)]
pub struct LocalPoolHandle {
    pool: Arc<Pool>,
}

struct Pool {
    workers: Box<[Worker]>,
    /// Ends the threads.
    stop: CancellationToken,
}

struct Worker {
    /// Its thread, once that was started.
    runtime: OnceLock<Handle>,
    starting: std::sync::Mutex<()>,
    /// Tasks sent there that are not over.
    tasks: Arc<AtomicUsize>,
}

impl LocalPoolHandle {
    /// A pool of `threads` threads, none of which runs yet.
    ///
    /// # Panics
    ///
    /// If `threads` is zero.
    #[must_use]
    #[track_caller]
    pub fn new(threads: usize) -> Self {
        assert!(threads > 0, "a local pool needs at least one thread");
        let worker = || Worker {
            runtime: OnceLock::new(),
            starting: std::sync::Mutex::new(()),
            tasks: Arc::default(),
        };
        let workers = (0..threads).map(|_| worker()).collect();
        Self { pool: Arc::new(Pool { workers, stop: CancellationToken::new() }) }
    }

    /// How many threads the pool has, started or not.
    #[must_use]
    pub fn num_threads(&self) -> usize {
        self.pool.workers.len()
    }

    /// How many tasks each thread has that are not over; those of `spawn_local` do not count.
    #[must_use]
    pub fn get_task_loads_for_each_thread(&self) -> Vec<usize> {
        self.pool.workers.iter().map(Worker::load).collect()
    }

    /// Runs the future that `create` makes on the thread with the fewest tasks.
    ///
    /// # Panics
    ///
    /// If a thread cannot be started.
    #[track_caller]
    pub fn spawn_pinned<C, F>(&self, create: C) -> JoinHandle<F::Output>
    where
        C: FnOnce() -> F + Send + 'static,
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        let idlest = (0..self.num_threads()).min_by_key(|&thread| self.pool.workers[thread].load());
        self.spawn_pinned_by_idx(create, idlest.unwrap_or(0))
    }

    /// Runs the future that `create` makes on the thread of number `idx`.
    ///
    /// # Panics
    ///
    /// If there is no such thread, or it cannot be started.
    #[track_caller]
    pub fn spawn_pinned_by_idx<C, F>(&self, create: C, idx: usize) -> JoinHandle<F::Output>
    where
        C: FnOnce() -> F + Send + 'static,
        F: Future + 'static,
        F::Output: Send + 'static,
    {
        let threads = self.num_threads();
        assert!(idx < threads, "spawn_pinned_by_idx: no thread {idx} in a pool of {threads}");
        let worker = &self.pool.workers[idx];
        let runtime = match worker.runtime(&self.pool.stop, idx) {
            Ok(runtime) => runtime,
            Err(error) => panic!("no thread can be started for a local pool: {error}"),
        };
        worker.tasks.fetch_add(1, Relaxed);
        let pinned = Pinned { create: Some(create), future: None, load: Load(worker.tasks.clone()) };
        scheduler::spawn_pinned_on(runtime.shared(), pinned, Location::caller().into())
    }
}

impl Worker {
    fn load(&self) -> usize {
        self.tasks.load(Acquire)
    }

    /// The runtime of the thread, which is started if it was not.
    fn runtime(&self, stop: &CancellationToken, idx: usize) -> io::Result<&Handle> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let _starting = self.starting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let stop = stop.clone();
        std::thread::Builder::new().name(format!("minato-pinned-{idx}")).spawn(move || {
            match Builder::new_current_thread().build_local(LocalOptions::default()) {
                Ok(runtime) => {
                    let _ = tell.send(Ok(runtime.handle().clone()));
                    runtime.block_on(stop.cancelled());
                }
                Err(error) => drop(tell.send(Err(error))),
            }
        })?;
        let runtime = told.recv().map_err(io::Error::other)??;
        Ok(self.runtime.get_or_init(|| runtime))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for LocalPoolHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalPoolHandle").field("loads", &self.get_task_loads_for_each_thread()).finish()
    }
}

/// Counts a task out.
struct Load(Arc<AtomicUsize>);

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, AcqRel);
    }
}

pin_project! {
    /// Makes its future at the first poll: what goes to another thread is `create` alone.
    pub(crate) struct Pinned<C, F> {
        create: Option<C>,
        #[pin]
        future: Option<F>,
        // The last field, so that the future is gone when it is counted out.
        load: Load,
    }
}

impl<C, F> Pinned<C, F> {
    /// Whether the future was not made yet.
    pub(crate) fn is_unmade(&self) -> bool {
        self.future.is_none()
    }
}

impl<C: FnOnce() -> F, F: Future> Future for Pinned<C, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(create) = this.create.take() {
            this.future.set(Some(create()));
        }
        this.future.as_pin_mut().expect("polled after it panicked").poll(cx)
    }
}
