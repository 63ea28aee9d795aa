//! Every bound of the server, with the attack it stops.

use std::time::Duration;

/// LIMIT: bytes of one request, whatever its parts: a client may hold twice of it at most in our memory.
pub(super) const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// LIMIT: bytes of one part of a request or of a frame. Announced lengths are compared with it before anything else.
pub(super) const BULK_BYTES_MAX: usize = 32 * 1024 * 1024;

/// LIMIT: parts of one request.
pub(super) const REQUEST_PARTS_MAX: usize = 1024 * 1024;

/// LIMIT: bytes of a request that is a plain line, so that a line without end does not fill the memory.
pub(super) const INLINE_BYTES_MAX: usize = 64 * 1024;

/// LIMIT: bytes of a line that announces a number.
pub(super) const NUMBER_LINE_MAX: usize = 32;

/// LIMIT: bytes of a line of text in a frame.
pub(super) const TEXT_LINE_MAX: usize = 64 * 1024;

/// LIMIT: arrays in arrays of a frame, so that `*1` a million times does not end the stack.
pub(super) const FRAME_DEPTH_MAX: usize = 32;

/// LIMIT: values of one frame, all arrays together.
pub(super) const FRAME_VALUES_MAX: usize = 1024 * 1024;

/// LIMIT: bytes of the requests that a transaction gathers.
pub(super) const TRANSACTION_BYTES_MAX: usize = 64 * 1024 * 1024;

/// LIMIT: requests that a transaction gathers, so that many empty ones cost no memory either.
pub(super) const TRANSACTION_REQUESTS_MAX: usize = 64 * 1024;

/// LIMIT: keys that a client watches.
pub(super) const WATCHED_MAX: usize = 64 * 1024;

/// LIMIT: channels and patterns that a client subscribes to.
pub(super) const SUBSCRIPTIONS_MAX: usize = 64 * 1024;

/// LIMIT: bytes that wait for a subscriber who does not read; then the connection is closed.
pub(super) const OUTBOX_BYTES_MAX: usize = 8 * 1024 * 1024;

/// LIMIT: bytes of a string that grows by APPEND.
pub(super) const STRING_BYTES_MAX: usize = 512 * 1024 * 1024;

/// LIMIT: keys purged under one lock, so that a mass expiry holds nobody up.
pub(super) const PURGE_MAX: usize = 256;

/// LIMIT: clients at a time, unless the command line says otherwise.
pub(super) const CLIENTS_MAX: usize = 10_000;

/// LIMIT: how long connections may take, when the server ends, to hand over answers that are due.
pub(super) const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Numbered key spaces.
pub(super) const DATABASES: usize = 16;
