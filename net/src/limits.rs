//! Every bound of this crate, with what it protects.

use std::time::Duration;

/// LIMIT: connections the kernel keeps for a listener that has not accepted them yet.
pub(crate) const BACKLOG: i32 = 1024;

/// LIMIT: the first pause of an accept loop that has run out of descriptors or memory, so that it does not spin.
pub(crate) const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(5);

/// LIMIT: the longest such pause, so that the loop notices soon when there is room again.
pub(crate) const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// LIMIT: connections that fail one after the other before an accept loop pauses, so that it does not spin.
pub(crate) const ACCEPT_RETRIES_MAX: u32 = 64;

/// LIMIT: addresses of one name that are tried, so that a name server cannot make us knock everywhere.
pub(crate) const ATTEMPTS_MAX: usize = 16;

/// RFC 8305 §8: the recommended Connection Attempt Delay.
pub(crate) const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// RFC 8305 §8: the least Connection Attempt Delay, so that one call does not flood a network.
pub(crate) const ATTEMPT_DELAY_MIN: Duration = Duration::from_millis(10);

/// LIMIT: lookups under way in a process, so that a name server that is silent does not hold the whole blocking pool.
pub(crate) const LOOKUPS_MAX: usize = 64;

/// LIMIT: descriptors taken from one message; the kernel's own bound (`SCM_MAX_FD`), so that none is lost.
pub(crate) const DESCRIPTORS_MAX: usize = 253;

/// LIMIT: the first pause of a connect whose listener has a full backlog, so that it does not spin.
pub(crate) const BACKLOG_PAUSE_MIN: Duration = Duration::from_millis(1);

/// LIMIT: the longest such pause, so that room is found soon.
pub(crate) const BACKLOG_PAUSE_MAX: Duration = Duration::from_millis(64);

/// LIMIT: how long a TLS handshake may take, so that peers which stop in the middle do not pile up.
#[cfg(feature = "tls")]
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// LIMIT: TLS handshakes of one acceptor beyond the client's first message; they are the costliest thing a stranger can
/// ask for.
#[cfg(feature = "tls")]
pub(crate) const HANDSHAKES_MAX: usize = 512;

/// LIMIT: bytes of one datagram: no more fit into the length field of IP.
#[cfg(feature = "codec")]
pub(crate) const DATAGRAM_MAX: usize = 65_535;

/// LIMIT: connections of a limited accept loop, so that their memory is bounded.
pub(crate) const CONNECTIONS_MAX: usize = 65_536;

/// LIMIT: connections of a limited accept loop from one address, so that one peer does not take all.
pub(crate) const CONNECTIONS_PER_PEER_MAX: usize = 1024;

/// Bytes a relay copies at a time; a read that fills them says that splicing pays.
pub(crate) const RELAY_BUFFER_BYTES: usize = 8192;

/// Bytes a relay asks the kernel to move at a time; a pipe takes this much if it is made of full pages.
pub(crate) const RELAY_SPLICE_BYTES: usize = 65_536;

/// LIMIT: pipes and buffers of relays that a thread keeps for the next.
pub(crate) const RELAY_STOCK_MAX: usize = 16;
