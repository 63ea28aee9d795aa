//! Every bound of this crate, with what it protects.

/// LIMIT: a chunk up to this long is copied behind its predecessor instead of taking a segment of its own, so that a
/// peer that sends one byte per frame pays one byte of our memory for it and not a segment.
pub(crate) const COALESCE_LEN_MAX: usize = 1024;

/// LIMIT: bytes gathered in one tail buffer before it becomes a segment. Bounds what one small slice can pin.
pub(crate) const TAIL_LEN_MAX: usize = 8 * 1024;

/// LIMIT: bytes an idle pool keeps. A burst that took more memory gives the rest back to the allocator.
pub(crate) const POOL_IDLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// LIMIT: the largest buffer a pool keeps, so that one huge message does not stay resident.
pub(crate) const POOL_BUFFER_LEN_MAX: usize = 1 << POOL_CLASS_LOG2_MAX;

/// The smallest size class is `2^9` bytes: below that the allocator is as fast as any pool.
pub(crate) const POOL_CLASS_LOG2_MIN: u32 = 9;

/// The largest size class, `2^20` bytes.
pub(crate) const POOL_CLASS_LOG2_MAX: u32 = 20;

/// A frozen buffer holding less than this is copied out, so that its memory is free at once.
pub(crate) const POOL_FREEZE_COPY_LEN_MAX: usize = 256;
