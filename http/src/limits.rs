//! Every bound that keeps a peer from growing something of ours, with the attack it stops.
//!
//! Those a user can change are the defaults of a knob in [`crate::server::config`] or of the client builder.

use std::time::Duration;

/// LIMIT: bytes of one message head, start line to blank line. Stops heads that never end from filling memory.
pub(crate) const HEAD_BYTES: usize = 32 * 1024;

/// LIMIT: fields of one head or trailer section. Stops the cost of many tiny fields, each of which takes an entry of a
/// hash table.
pub(crate) const HEAD_FIELDS: usize = 100;

/// LIMIT: fields above which no setting can go; `http::HeaderMap` holds 32,768 and fails above it.
pub(crate) const HEAD_FIELDS_MAX: usize = 4096;

/// LIMIT: bytes of a request target. Stops targets that make logs and routers slow.
pub(crate) const TARGET_BYTES: usize = 8 * 1024;

/// LIMIT: bytes of a method. Stops a head that is one endless method.
pub(crate) const METHOD_BYTES: usize = 32;

/// LIMIT: CR and LF bytes before a request line. Robustness asks for one pair; more is a way to keep a connection
/// busy without a request.
pub(crate) const BLANK_BYTES: usize = 8;

/// LIMIT: digits of a chunk size; sixteen hold every 64-bit number, more are a way to smuggle by overflow.
pub(crate) const CHUNK_SIZE_DIGITS: usize = 16;

/// LIMIT: bytes of chunk extensions in one body. Stops one-byte chunks that carry kilobytes (CVE-2023-39326,
/// CVE-2024-22019).
pub(crate) const CHUNK_EXTENSION_BYTES: usize = 4 * 1024;

/// LIMIT: bytes of a trailer section.
pub(crate) const TRAILER_BYTES: usize = 16 * 1024;

/// LIMIT: informational responses before the final one. Stops a server that never answers finally.
pub(crate) const INFORMATIONAL_RESPONSES: usize = 16;

/// LIMIT: bytes queued between the producer of a body and its reader.
pub(crate) const PIPE_BYTES: usize = 64 * 1024;

/// LIMIT: bytes reserved for a body because its length was announced. Stops an announcement from allocating memory.
pub(crate) const COLLECT_RESERVE_BYTES: usize = 64 * 1024;

/// LIMIT: bytes `Body::text` reads.
pub(crate) const TEXT_BYTES: usize = 2 * 1024 * 1024;

/// LIMIT: bytes of a request body, unless its handler allows more. Stops bodies that never end from filling whatever
/// gathers them (RUSTSEC-2022-0055).
pub(crate) const BODY_BYTES: u64 = 32 * 1024 * 1024;

/// LIMIT: connections open at one time.
pub(crate) const CONNECTIONS: usize = 10_000;

/// LIMIT: connections open at one time from one address, so that no address takes all the places.
pub(crate) const CONNECTIONS_PER_IP: usize = CONNECTIONS / 4;

/// LIMIT: bytes of a body nobody has read that are thrown away after its response, so that the connection can serve
/// another request. Stops uploads from being served to nobody.
pub(crate) const UNREAD_BODY_BYTES: u64 = 256 * 1024;

/// LIMIT: how long that may take.
pub(crate) const UNREAD_BODY_TIME: Duration = Duration::from_secs(1);

/// LIMIT: bytes read and thrown away after the last response, so that a reset does not destroy it on its way.
pub(crate) const LINGER_BYTES: u64 = 256 * 1024;

/// LIMIT: how long that may take.
pub(crate) const LINGER_TIME: Duration = Duration::from_secs(2);

/// LIMIT: how long a client may take from the accept, or from the first byte of a later request, to a complete head.
/// Stops slow heads (CVE-2007-6750).
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// LIMIT: how long a connection may stay open between two requests.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// LIMIT: how long a body that is being read may make no progress.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// LIMIT: bytes per second of a body, beyond what [`BODY_TIMEOUT`] allows it in all. Stops bodies that come a byte at a
/// time.
pub(crate) const BODY_BYTES_PER_SECOND: u64 = 240;

/// LIMIT: how long the peer may take none of what we write. Stops peers that ask and never read.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// LIMIT: bytes waiting to be written before no further request is answered.
pub(crate) const OUTPUT_BYTES: usize = 64 * 1024;

/// LIMIT: pipelined requests answered in one turn of a connection's task, so that it does not starve its neighbours.
pub(crate) const REQUESTS_PER_TURN: u32 = 128;

/// LIMIT: streams, and so live handlers, of one HTTP/2 connection.
pub(crate) const CONCURRENT_STREAMS: u32 = 256;

/// LIMIT: HTTP/2 streams we reset and still remember.
pub(crate) const RESET_STREAMS: usize = 50;

/// LIMIT: HTTP/2 streams a peer may open and reset before they are accepted (CVE-2023-26964, CVE-2023-44487).
pub(crate) const PENDING_ACCEPT_RESET_STREAMS: usize = 20;

/// LIMIT: HTTP/2 streams a peer may make us reset by breaking rules (CVE-2025-8671, MadeYouReset).
pub(crate) const LOCAL_ERROR_RESET_STREAMS: usize = 1024;

/// LIMIT: of those, earned back per second, so that what a connection did in a year does not end it.
pub(crate) const LOCAL_ERROR_RESETS_PER_SECOND: u32 = 10;

/// LIMIT: reads of one round of an HTTP/2 connection, before what they brought is answered.
pub(crate) const READS_PER_ROUND: usize = 8;

/// LIMIT: HTTP/2 control frames in a burst (CVE-2019-9512, 9513, 9515: PING, PRIORITY and SETTINGS floods).
pub(crate) const CONTROL_FRAMES: u32 = 10_000;

/// LIMIT: HTTP/2 control frames earned back per second.
pub(crate) const CONTROL_FRAMES_PER_SECOND: u32 = 1_000;

/// LIMIT: frames of one HTTP/2 field block (CVE-2024-27316 and its kin, the CONTINUATION flood).
pub(crate) const BLOCK_FRAMES: usize = 64;

/// LIMIT: bytes of an HTTP/2 field block that comes in several frames, for each byte of the field list that we take. A list
/// that is a little too large is answered; one that is far too large ends the connection before it fills memory.
pub(crate) const BLOCK_BYTES_PER_LIST_BYTE: usize = 4;

/// LIMIT: bytes of coalesced HTTP/2 frames before the socket must take some.
pub(crate) const COALESCE_BYTES: usize = 128 * 1024;

/// LIMIT: how long a connection that has not sent its first request keeps a draining server waiting.
pub(crate) const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

/// LIMIT: rounds of one turn of an HTTP/2 connection's task, so that it does not starve its neighbours.
pub(crate) const ROUNDS_PER_TURN: usize = 32;

/// LIMIT: how long a shutdown waits for connections that were told to abort.
pub(crate) const ABORT_GRACE: Duration = Duration::from_secs(1);

/// LIMIT: idle connections a client keeps per host.
pub(crate) const IDLE_PER_HOST: usize = 32;

/// LIMIT: hosts a client remembers while it has no connection to them, before it forgets those.
pub(crate) const QUIET_HOSTS: usize = 256;

/// LIMIT: how late the task may be that closes unused connections, before another is spawned for it in the runtime that
/// uses them.
pub(crate) const SWEEP_GRACE: Duration = Duration::from_secs(1);

/// LIMIT: times a request is sent again.
pub(crate) const RETRIES: usize = 2;

/// LIMIT: how long an HTTP/2 response may wait for window (CVE-2019-9511, CVE-2019-9517).
pub(crate) const WINDOW_TIMEOUT: Duration = Duration::from_secs(300);

/// LIMIT: informational responses of one exchange that wait to be sent, against a handler that makes them faster than the
/// client takes them.
pub(crate) const EARLY_RESPONSES: usize = 16;

/// LIMIT: how long an idle HTTP/2 connection keeps the room that a burst of streams took, against a peer that opens all its
/// streams once. Between the batches of a busy connection it is not given up and asked for again.
pub(crate) const BURST_REST: Duration = Duration::from_secs(1);

/// LIMIT: bytes of a PROXY protocol header, against one that announces extensions without end.
pub(crate) const PROXY_HEADER_BYTES: usize = 2 * 1024;

/// LIMIT: how long a server may be silent once it has the whole request, against one that never answers.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// LIMIT: redirects in a row that are followed whatever a policy of the user's says, against loops.
pub(crate) const REDIRECTS: usize = 100;

/// LIMIT: bytes of a cookie's name and value (RFC 6265bis §5.6).
pub(crate) const COOKIE_BYTES: usize = 4096;

/// LIMIT: bytes of the value of a cookie's attribute (RFC 6265bis §5.6).
pub(crate) const COOKIE_ATTRIBUTE_BYTES: usize = 1024;

/// LIMIT: how long a cookie lives at most (RFC 6265bis §5.5).
pub(crate) const COOKIE_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// LIMIT: cookies of one domain, against a server that sets ever new ones.
pub(crate) const COOKIES_PER_DOMAIN: usize = 50;

/// LIMIT: cookies of a jar, against names of servers without end.
pub(crate) const COOKIES: usize = 3000;

/// LIMIT: bytes of a `cookie` field, so that cookies cannot make all requests to a server fail.
pub(crate) const COOKIE_FIELD_BYTES: usize = 16 * 1024;
