//! Every bound of this crate, with what it protects.

/// LIMIT: a chunk up to this long is copied behind its predecessor instead of taking a segment of its own, so that a
/// peer that sends one byte per frame pays one byte of our memory for it and not a segment.
pub(crate) const COALESCE_LEN_MAX: usize = 1024;

/// LIMIT: bytes gathered in one tail buffer before it becomes a segment. Bounds what one small slice can pin.
pub(crate) const TAIL_LEN_MAX: usize = 8 * 1024;

/// LIMIT: the longest line that `LinesCodec` gathers, unless it is told another, so that a line without end does not
/// fill the memory. A peer that sends one gets an error, and what follows of the line is thrown away.
pub(crate) const LINE_LEN_MAX: usize = 1024 * 1024;

/// LIMIT: the longest chunk that `AnyDelimiterCodec` gathers, unless it is told another; as for lines.
pub(crate) const CHUNK_LEN_MAX: usize = 1024 * 1024;

/// LIMIT: the longest frame that `LengthDelimitedCodec` takes, unless it is told another. A larger announcement is an
/// error as soon as it is seen; a smaller one allocates nothing, memory grows with the bytes that arrive.
pub(crate) const FRAME_LEN_MAX: usize = 8 * 1024 * 1024;

/// LIMIT: how far behind the reading position a range may end that `Reassembler` takes, unless it is told another, so
/// that a peer which leaves out the first byte of a stream does not make us hold all the others.
pub(crate) const REASSEMBLY_WINDOW_LEN: usize = 1024 * 1024;

/// LIMIT: gaps that ranges may leave in a `Reassembler`, unless it is told another. A peer that sends every second byte
/// would pay one byte for a run of ours, which is more than a hundred.
pub(crate) const REASSEMBLY_GAPS_MAX: usize = 256;

/// LIMIT: bytes a `ByteRing` grows to, unless it is told another, so that whoever writes faster than it is read does not
/// fill the memory.
pub(crate) const RING_LEN_MAX: usize = 1024 * 1024;

/// LIMIT: bytes an idle pool keeps. A burst that took more memory gives the rest back to the allocator.
#[cfg(feature = "std")]
pub(crate) const POOL_IDLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// LIMIT: the largest buffer a pool keeps, so that one huge message does not stay resident.
#[cfg(feature = "std")]
pub(crate) const POOL_BUFFER_LEN_MAX: usize = 1 << POOL_CLASS_LOG2_MAX;

/// The smallest size class is `2^9` bytes: below that the allocator is as fast as any pool.
#[cfg(feature = "std")]
pub(crate) const POOL_CLASS_LOG2_MIN: u32 = 9;

/// The largest size class, `2^20` bytes.
#[cfg(feature = "std")]
pub(crate) const POOL_CLASS_LOG2_MAX: u32 = 20;

/// A frozen buffer holding less than this is copied out, so that its memory is free at once.
#[cfg(feature = "std")]
pub(crate) const POOL_FREEZE_COPY_LEN_MAX: usize = 256;

/// LIMIT: bytes of a pool that one thread keeps for itself, out of the pool's bound, so that an idle thread does not
/// hold what others need.
#[cfg(feature = "std")]
pub(crate) const POOL_THREAD_BYTES_MAX: usize = 256 * 1024;

/// LIMIT: the largest buffer that a thread keeps for itself; larger ones are few, and better shared.
#[cfg(feature = "std")]
pub(crate) const POOL_THREAD_BUFFER_LEN_MAX: usize = 64 * 1024;

/// LIMIT: pools of which a thread keeps memory for itself. Others are used by their shared level alone, so that
/// programs that make many pools search short lists.
#[cfg(feature = "std")]
pub(crate) const POOL_THREAD_POOLS_MAX: usize = 8;
