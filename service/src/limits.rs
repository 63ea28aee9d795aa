//! Every bound of this crate, with what it protects.

/// LIMIT: callers that may wait for a place in a waiting concurrency limit unless another number is set. Beyond it a
/// flood of requests is refused at once instead of held in memory.
pub(crate) const WAITERS_MAX: usize = 1024;

/// LIMIT: whole tokens a retry budget saves up, so that a long healthy time does not pay for a retry storm.
pub(crate) const RETRY_TOKENS_MAX: u32 = 1000;

/// LIMIT: attempts after which the standard retry policy gives up unless another number is set.
pub(crate) const RETRY_ATTEMPTS_MAX: u32 = 3;

/// LIMIT: calls that `call_all` has under way unless another number is set. A source that yields requests faster than
/// they are answered so waits instead of filling the memory.
pub(crate) const CALLS_IN_FLIGHT_MAX: usize = 64;

/// LIMIT: keys a keyed limit keeps track of unless another number is set. Without it a peer that invents a new key for
/// each request would fill the memory.
pub(crate) const KEYS_MAX: usize = 65_536;

/// LIMIT: calls of all keys that may wait in a keyed rate limit unless another number is set. Each key has a bound of its
/// own, but a peer that has many keys would fill the memory with calls that wait.
pub(crate) const KEYED_WAITERS_MAX: usize = 16_384;

/// LIMIT: calls that one caller of a buffer makes for others in a row. Callers that send without a pause would otherwise keep
/// one of them busy for all.
pub(crate) const BUFFER_TURN_CALLS_MAX: usize = 64;

/// Parts of the table of a keyed limit, each with a lock of its own.
pub(crate) const KEY_SHARDS: usize = 16;
