//! Every knob of a server, once.

use std::time::Duration;

use super::proxy_protocol::Trust;
use super::stats::ServerHandle;
use crate::h1::encode::NameCase;
use crate::h1::lenient::Lenient;
use crate::limits;

/// How a server treats its connections.
///
/// The parts are plain structs of public fields; [`Server`](crate::Server) has a method for each part that takes a
/// closure.
///
/// ```
/// use std::time::Duration;
/// use minato_http::ServerConfig;
///
/// let mut config = ServerConfig::default();
/// config.timeouts.idle = Some(Duration::from_secs(20));
/// config.limits.body_bytes = Some(2 * 1024 * 1024);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Bounds on what a peer may send.
    pub limits: Limits,
    /// Bounds on how long a peer may take.
    pub timeouts: Timeouts,
    /// What concerns HTTP/1 alone.
    pub http1: Http1Config,
    /// What concerns HTTP/2 alone.
    pub http2: Http2Config,
    /// What makes TLS connections; without it, connections are in the clear.
    #[cfg(feature = "tls")]
    pub tls: Option<minato_net::tls::TlsAcceptor>,
    /// The peers whose connections begin with a PROXY protocol header. Default none.
    pub proxy_protocol: Option<Trust>,
    /// Whether requests carry a [`ConnInfo`](crate::ConnInfo) among their extensions.
    pub connection_info: ConnectionInfo,
    /// Who counts what happens. Default nobody.
    pub handle: Option<ServerHandle>,
}

/// Whether requests carry a [`ConnInfo`](crate::ConnInfo).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConnectionInfo {
    /// They do.
    #[default]
    Insert,
    /// They do not, which saves three small allocations per request.
    Omit,
}

/// Bounds on what a peer may send.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Connections open at one time; more wait in the backlog of the listener. Default 10,000.
    pub connections: usize,
    /// Connections open at one time from one address, an IPv6 /64 being one; more are closed at once. Default 2,500,
    /// a quarter of all; behind one address may stand a proxy, which then needs `None`. With the PROXY protocol, the
    /// address that connects is meant, and not the one it speaks for.
    pub connections_per_ip: Option<usize>,
    /// Bytes of a message head, from the first byte to the blank line; more is answered 431. Default 32 kB.
    pub head_bytes: usize,
    /// Fields of a head; more is answered 431. Default 100, at most 4,096.
    pub head_fields: usize,
    /// Bytes of a request target; more is answered 414. Default 8 kB.
    pub uri_bytes: usize,
    /// Bytes of a request body; more is answered 413. Default 32 MiB. One announced as longer does not reach the
    /// handler; of others the handler may [allow more](crate::Body::set_limits).
    pub body_bytes: Option<u64>,
    /// Bytes of an HTTP/1 body nobody has read that are read and thrown away after its response, so that the connection
    /// can serve another request; with more to come it is closed. Default 256 kB.
    pub unread_body_bytes: u64,
    /// Requests of one connection; then it is closed, and the client makes another. Default none.
    pub requests_per_connection: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            connections_per_ip: Some(limits::CONNECTIONS_PER_IP),
            head_bytes: limits::HEAD_BYTES,
            head_fields: limits::HEAD_FIELDS,
            uri_bytes: limits::TARGET_BYTES,
            body_bytes: Some(limits::BODY_BYTES),
            unread_body_bytes: limits::UNREAD_BODY_BYTES,
            requests_per_connection: None,
        }
    }
}

/// Bounds on how long a peer may take; `None` waits for ever.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the accept, or the first byte of a later request, to its complete head; HTTP/2: to the first SETTINGS, and
    /// from the first byte of each head to its last. A peer that has begun a head is answered 408, or GOAWAY.
    /// Default 10 s.
    pub head: Option<Duration>,
    /// Between two requests. Default 75 s.
    pub idle: Option<Duration>,
    /// Between two parts of a request body that the handler waits for; answered 408. Default 30 s.
    pub body: Option<Duration>,
    /// Bytes per second that a request body makes up for the time its handler waits for it beyond `body`: in all, it may
    /// be waited for `body` and a second for each so many bytes. A handler may [be more patient](crate::Body::set_limits).
    /// Default 240.
    pub body_bytes_per_second: Option<u64>,
    /// For the rest of an HTTP/1 body nobody has read, after its response; then the connection is closed. Default 1 s.
    pub unread_body: Option<Duration>,
    /// While the peer's socket takes none of the bytes that wait for it. Default 30 s.
    pub write: Option<Duration>,
    /// How old a connection may become; then it is closed when its exchange is over, and HTTP/2 is told to go away.
    /// Default none.
    pub connection_age: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Some(limits::HEAD_TIMEOUT),
            idle: Some(limits::IDLE_TIMEOUT),
            body: Some(limits::BODY_TIMEOUT),
            body_bytes_per_second: Some(limits::BODY_BYTES_PER_SECOND),
            unread_body: Some(limits::UNREAD_BODY_TIME),
            write: Some(limits::WRITE_TIMEOUT),
            connection_age: None,
        }
    }
}

/// What concerns HTTP/1 alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Http1Config {
    /// Whether a connection may serve a second request. Default on.
    pub keep_alive: bool,
    /// Whether a client that ends its side of the connection is still answered. Default off: the handler of a
    /// client that has gone is dropped.
    pub half_close: bool,
    /// Whether responses without a `date` are given one. Default on, as RFC 9110 §6.6.1 asks of servers with a clock.
    pub date: bool,
    /// How the names of fields are written. Default in lower case.
    pub name_case: NameCase,
    /// Whether requests carry the spelling of their names, as a [`HeaderCase`](crate::HeaderCase). Default off.
    pub preserve_case: bool,
    /// What is taken although it breaks the rules. Default nothing.
    pub lenient: Lenient,
}

impl Default for Http1Config {
    fn default() -> Self {
        Self {
            keep_alive: true,
            half_close: false,
            date: true,
            name_case: NameCase::default(),
            preserve_case: false,
            lenient: Lenient::default(),
        }
    }
}

/// What concerns HTTP/2 alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Http2Config {
    /// Bytes a peer may send on one stream before the handler reads. Default 1 MiB.
    pub stream_window: u32,
    /// Bytes a peer may send on all streams of a connection before handlers read. Default 2 MiB.
    pub connection_window: u32,
    /// Bytes up to which both windows grow where the connection is fast and long enough to need them, which is measured
    /// by PING. Default none: the windows stay as they are set.
    pub adaptive_window: Option<u32>,
    /// Streams, and so handlers, of one connection at one time. Default 256.
    pub max_concurrent_streams: u32,
    /// Bytes of the largest frame taken. Default 16 kB, at most 16 MiB - 1.
    pub max_frame_size: u32,
    /// Bytes of a decoded header list; more is answered 431. Default 32 kB.
    pub max_header_list_size: u32,
    /// Bytes of the header table of the decoder. Default 4,096.
    pub header_table_size: u32,
    /// Bytes that may wait to be written before response bodies are not asked for more. Default 128 kB.
    pub max_send_buffer_size: usize,
    /// Streams reset by us and still remembered. Default 50.
    pub max_concurrent_reset_streams: usize,
    /// Streams reset by the peer before a handler saw them. Default 20 (CVE-2023-44487).
    pub max_pending_accept_reset_streams: usize,
    /// Streams reset by us because of the peer's errors. Default 1,024 (CVE-2025-8671).
    pub max_local_error_reset_streams: usize,
    /// Frames of data shorter than 64 bytes that may wait to be read, on all streams of a connection. Default none: such
    /// data are joined as they arrive, and the windows bound them like any other.
    pub data_frame_budget: Option<usize>,
    /// Frames that carry no request, response or data, in a burst. They are earned back by the second and by data.
    /// Default 10,000.
    pub control_frame_budget: u32,
    /// How long a response may wait for the peer to give it window; then its stream is reset with CANCEL. Default
    /// 5 min, since a consumer that works off a stream slowly is no attacker.
    pub window_timeout: Option<Duration>,
    /// Whether a CONNECT may name a protocol, such as `websocket` (RFC 8441). Default off.
    pub extended_connect: bool,
    /// A PING after this long without a frame from the peer. Default none.
    pub keep_alive_interval: Option<Duration>,
    /// How long the answer to such a PING may take. Default 20 s.
    pub keep_alive_timeout: Duration,
}

impl Default for Http2Config {
    fn default() -> Self {
        Self {
            stream_window: 1024 * 1024,
            connection_window: 2 * 1024 * 1024,
            adaptive_window: None,
            max_concurrent_streams: limits::CONCURRENT_STREAMS,
            max_frame_size: 16 * 1024,
            max_header_list_size: limits::HEAD_BYTES as u32,
            header_table_size: 4096,
            max_send_buffer_size: limits::COALESCE_BYTES,
            max_concurrent_reset_streams: limits::RESET_STREAMS,
            max_pending_accept_reset_streams: limits::PENDING_ACCEPT_RESET_STREAMS,
            max_local_error_reset_streams: limits::LOCAL_ERROR_RESET_STREAMS,
            data_frame_budget: None,
            control_frame_budget: limits::CONTROL_FRAMES,
            window_timeout: Some(limits::WINDOW_TIMEOUT),
            extended_connect: false,
            keep_alive_interval: None,
            keep_alive_timeout: Duration::from_secs(20),
        }
    }
}
