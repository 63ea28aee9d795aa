//! Every bound of this crate, with what it protects.

/// LIMIT: bytes of one received message unless another number is set. Checked at its prefix, before any memory is
/// taken for it: a five-byte prefix may announce four gigabytes.
pub(crate) const MESSAGE_LEN_MAX: usize = 4 * 1024 * 1024;

/// LIMIT: bytes of an encoded status message. A peer refuses header blocks above some size, commonly 8 KiB, and then
/// the call fails for a reason nobody can read.
pub(crate) const STATUS_MESSAGE_LEN_MAX: usize = 7 * 1024;

/// LIMIT: bytes of messages gathered before a stream hands them on as one piece, and with it the bytes a producer
/// may be ahead of its transport.
pub(crate) const BATCH_LEN: usize = 16 * 1024;

/// LIMIT: health watchers at one time. Each holds a stream open for as long as its client likes.
pub(crate) const HEALTH_WATCHERS_MAX: usize = 1024;
