//! Every bound of this crate, with what it protects.

/// LIMIT: operations a task may do on our primitives in one poll before they answer `Pending`, so that a task
/// whose inputs are always ready cannot hold its worker.
pub(crate) const COOP_BUDGET: u8 = 128;

/// LIMIT: bytes one step of `read_to_end` asks for, so that a reader which zeroes what it is lent, fed by a peer in
/// tiny pieces, does not zero the whole spare capacity for each piece.
pub(crate) const READ_TO_END_STEP: usize = 64 * 1024;

/// LIMIT: tasks in the ring of one worker. What does not fit waits in the worker's backlog, which only tasks can grow.
#[cfg(not(loom))]
pub(crate) const RUN_QUEUE_CAPACITY: usize = 256;
#[cfg(loom)]
pub(crate) const RUN_QUEUE_CAPACITY: usize = 4;

/// LIMIT: tasks for which a worker that goes to sleep keeps room in its backlog, so that the memory of a burst of a million
/// does not stay with it.
pub(crate) const KEPT_BACKLOG_MAX: usize = 4096;

/// LIMIT: finished tasks that other workers may leave on a sleeping worker's doorstep before they wake it to free
/// their memory.
pub(crate) const RETIRED_MAX: usize = 256;

/// LIMIT: bytes of freed blocks a worker keeps for its next tasks and channels, so that a burst of them does not stay
/// with it as memory.
pub(crate) const KEPT_BLOCK_BYTES_MAX: usize = 256 * 1024;

/// LIMIT: events of a simulated run that are kept to say where two runs part; a test that never ends must not eat the memory.
pub(crate) const TRACE_EVENTS_MAX: usize = 1 << 20;

/// LIMIT: I/O events taken from the kernel in one turn, so that a busy driver cannot keep tasks waiting.
pub(crate) const IO_EVENTS_PER_TURN: usize = 256;

/// LIMIT: workers of one runtime, so that their numbers fit into the sixteen bits that each task has for one.
pub(crate) const WORKERS_MAX: usize = u16::MAX as usize - 1;

/// LIMIT: spawn sites that a worker counts one by one, so that code which spawns from many places costs no more memory;
/// the rest is counted together. A power of two.
pub(crate) const SPAWN_SITES_MAX: usize = 256;

/// LIMIT: tasks in a dump, so that one of a million tasks does not take more memory than the tasks themselves.
pub(crate) const DUMP_TASKS_MAX: usize = 10_000;

/// LIMIT: bytes of a slot from which on an unbounded channel keeps no drained block for its next messages, so that a channel
/// that is idle holds no more than about two kilobytes.
pub(crate) const SPARE_SLOT_BYTES_MAX: usize = 32;

/// LIMIT: threads that run blocking jobs, unless the builder says otherwise.
pub(crate) const BLOCKING_THREADS_MAX: usize = 512;

/// LIMIT: timers cancelled on other workers that may wait for a sleeping owner before it is woken to drop them.
pub(crate) const CANCELLED_TIMERS_MAX: usize = 1024;

/// LIMIT: how often a task that waits for a mutex may be woken and find the lock taken by somebody who came later;
/// then the lock is handed to it, so that a busy neighbour cannot starve it.
pub(crate) const MUTEX_LOSSES: u8 = 4;

/// LIMIT: bytes for which a `Framed` makes room before a read, unless it holds more already: then as much again. A
/// connection so never has more than twice of what its peer has sent, whatever length was announced.
#[cfg(feature = "codec")]
pub(crate) const CODEC_READ_LEN: usize = 8 * 1024;

/// Room below which more is made before a read, so that no read takes a few bytes only.
#[cfg(feature = "codec")]
pub(crate) const CODEC_READ_ROOM_MIN: usize = 1024;

/// LIMIT: bytes queued in a `Framed` from which on items wait, so that a peer that does not read does not fill the
/// memory.
#[cfg(feature = "codec")]
pub(crate) const CODEC_HIGH_WATER: usize = 64 * 1024;

/// Bytes left in the queue at which items are taken again: not zero, so that the transport has work meanwhile.
#[cfg(feature = "codec")]
pub(crate) const CODEC_LOW_WATER: usize = 16 * 1024;

/// LIMIT: empty buffers that a thread keeps for its connections.
#[cfg(feature = "codec")]
pub(crate) const SPARE_BUFFERS_MAX: usize = 32;

/// LIMIT: the largest of them, so that one long frame does not stay resident.
#[cfg(feature = "codec")]
pub(crate) const SPARE_BUFFER_LEN_MAX: usize = 64 * 1024;

/// LIMIT: bytes that one read of a file copies out of the page cache on a worker. About ten microseconds; what is
/// larger goes to a blocking thread or comes in pieces, so that no file holds a worker.
#[cfg(all(feature = "fs", any(target_os = "linux", test)))]
pub(crate) const CACHED_READ_MAX: usize = 128 * 1024;

/// LIMIT: bytes that a file holds for the reads and writes under way, unless its owner says otherwise; a writer that is
/// faster than its disk waits.
#[cfg(feature = "fs")]
pub(crate) const FILE_BUFFER_MAX: usize = 2 * 1024 * 1024;

/// LIMIT: entries of a folder fetched by one job and held until they are asked for, so that a folder of millions costs
/// no more memory than a small one.
#[cfg(feature = "fs")]
pub(crate) const DIR_ENTRIES_PER_JOB: usize = 128;

/// LIMIT: bytes of a standard input that cannot be waited for that are read at once and held until they are asked for.
#[cfg(feature = "io-std")]
pub(crate) const STDIN_READ_LEN: usize = 64 * 1024;
