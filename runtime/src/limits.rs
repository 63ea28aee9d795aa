//! Every bound of this crate, with what it protects.

/// LIMIT: operations a task may do on our primitives in one poll before they answer `Pending`, so that a task
/// whose inputs are always ready cannot hold its worker.
pub(crate) const COOP_BUDGET: u8 = 128;

/// LIMIT: bytes one step of `read_to_end` asks for, so that a reader which zeroes what it is lent, fed by a peer in
/// tiny pieces, does not zero the whole spare capacity for each piece.
pub(crate) const READ_TO_END_STEP: usize = 64 * 1024;

/// LIMIT: tasks in the ring of one worker. What does not fit waits in the worker's overflow, which only tasks can grow.
#[cfg(not(loom))]
pub(crate) const RUN_QUEUE_CAPACITY: usize = 256;
#[cfg(loom)]
pub(crate) const RUN_QUEUE_CAPACITY: usize = 4;

/// LIMIT: finished tasks that other workers may leave on a sleeping worker's doorstep before they wake it to free
/// their memory.
pub(crate) const RETIRED_MAX: usize = 256;

/// LIMIT: bytes of freed blocks a worker keeps for its next tasks and channels, so that a burst of them does not stay
/// with it as memory.
pub(crate) const KEPT_BLOCK_BYTES_MAX: usize = 256 * 1024;

/// LIMIT: I/O events taken from the kernel in one turn, so that a busy driver cannot keep tasks waiting.
pub(crate) const IO_EVENTS_PER_TURN: usize = 256;

/// LIMIT: workers of one runtime, so that their numbers fit into the sixteen bits that each task has for one.
pub(crate) const WORKERS_MAX: usize = u16::MAX as usize - 1;

/// LIMIT: threads that run blocking jobs, unless the builder says otherwise.
pub(crate) const BLOCKING_THREADS_MAX: usize = 512;

/// LIMIT: timers cancelled on other workers that may wait for a sleeping owner before it is woken to drop them.
pub(crate) const CANCELLED_TIMERS_MAX: usize = 1024;

/// LIMIT: how often a task that waits for a mutex may be woken and find the lock taken by somebody who came later;
/// then the lock is handed to it, so that a busy neighbour cannot starve it.
pub(crate) const MUTEX_LOSSES: u8 = 4;
