//! Every knob of a client, once.

use std::time::Duration;

use crate::h1::encode::NameCase;
use crate::h1::lenient::LenientResponses;
use crate::limits;

/// What a client speaks on a connection it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Speak {
    /// Under TLS what client and server agree on by ALPN; in the clear HTTP/1.1. HTTP/2 for requests whose version says
    /// so.
    #[default]
    Negotiated,
    /// HTTP/1.1; HTTP/2 for requests whose version says so.
    Http1,
    /// HTTP/2 without asking, which the server must know to expect.
    Http2PriorKnowledge,
}

/// How a client treats its connections.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ClientConfig {
    /// What is spoken.
    pub speak: Speak,
    /// Bounds on how long things may take.
    pub timeouts: ClientTimeouts,
    /// Connections kept and made.
    pub pool: PoolConfig,
    /// What concerns HTTP/1 alone.
    pub http1: ClientHttp1Config,
    /// What concerns HTTP/2 alone.
    pub http2: ClientHttp2Config,
    /// Whether responses carry [`Metrics`](crate::Metrics) among their extensions. Default no: measuring reads the clock
    /// and allocates.
    pub metrics: bool,
}

/// Bounds on how long things may take; `None` waits for ever.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientTimeouts {
    /// Looking up the name and making the connection. Default 10 s.
    pub connect: Option<Duration>,
    /// Waiting for a connection while the host has as many as it may. Default 30 s.
    pub pool_wait: Option<Duration>,
    /// From when the whole request has been sent to the head of the response. Over HTTP/2 an upload that ends within this
    /// time may add up to as much again. Default 5 min.
    pub head: Option<Duration>,
    /// Between two parts of a response body that is being read. Default 5 min.
    pub body: Option<Duration>,
    /// Waiting for the server to take anything of what is being sent. Default 5 min.
    pub write: Option<Duration>,
    /// The whole exchange, up to the end of the response body. Default none: only the caller knows how long it may take.
    /// A [`Deadline`](minato_service::Deadline) among the extensions of the request, and that of the call the request is
    /// made in, bind as well.
    pub total: Option<Duration>,
    /// For `100 Continue`, if the request asks for it; then the body is sent all the same. Default 1 s.
    pub expect_continue: Duration,
}

impl Default for ClientTimeouts {
    fn default() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            pool_wait: Some(Duration::from_secs(30)),
            head: Some(limits::ANSWER_TIMEOUT),
            body: Some(limits::ANSWER_TIMEOUT),
            write: Some(limits::ANSWER_TIMEOUT),
            total: None,
            expect_continue: Duration::from_secs(1),
        }
    }
}

/// Connections kept and made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolConfig {
    /// HTTP/1 connections to one host at one time, in use or idle; further requests wait. Default none.
    pub connections_per_host: Option<usize>,
    /// HTTP/2 connections to one host at one time; a further one is made when the streams of all are taken. Default 1.
    pub http2_connections_per_host: usize,
    /// Idle HTTP/1 connections kept per host. Default 32.
    pub idle_per_host: usize,
    /// How long an unused connection is kept. Default 60 s, below what servers usually grant.
    pub idle_timeout: Duration,
    /// How long after it was made a connection still takes requests, so that what stands behind a name can change. What
    /// has begun by then goes on. Default none.
    pub max_age: Option<Duration>,
    /// Requests that a connection takes before it is left for another. Default none.
    pub requests_per_connection: Option<usize>,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            connections_per_host: None,
            http2_connections_per_host: 1,
            idle_per_host: limits::IDLE_PER_HOST,
            idle_timeout: Duration::from_secs(60),
            max_age: None,
            requests_per_connection: None,
        }
    }
}

/// What concerns HTTP/1 alone.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ClientHttp1Config {
    /// How the names of fields are written, where the request has no [`HeaderCase`](crate::HeaderCase) that says otherwise.
    /// Default in lower case. Their order is that of the request's map, with `host` first.
    pub name_case: NameCase,
    /// Whether responses carry the spelling of their names, as a [`HeaderCase`](crate::HeaderCase). Default off.
    pub preserve_case: bool,
    /// What is taken although it breaks the rules. Default nothing.
    pub lenient: LenientResponses,
}

/// What concerns HTTP/2 alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientHttp2Config {
    /// Bytes the server may send on one stream before the body is read. Default 1 MiB.
    pub stream_window: u32,
    /// Bytes the server may send on all streams of a connection before bodies are read. Default 2 MiB.
    pub connection_window: u32,
    /// Bytes of the largest frame taken. Default 16 kB, at most 16 MiB - 1.
    pub max_frame_size: u32,
    /// Bytes of a decoded header list. Default 32 kB.
    pub max_header_list_size: u32,
    /// Bytes that may wait to be written before request bodies are not asked for more. Default 128 kB.
    pub max_send_buffer_size: usize,
    /// Streams opened before the server has said how many it takes. Default 100.
    pub initial_max_send_streams: usize,
    /// Control frames in a burst; see the server's knob of this name. Default 10,000.
    pub control_frame_budget: u32,
    /// A PING after this long without a frame from the server, while exchanges are open. Default none.
    pub keep_alive_interval: Option<Duration>,
    /// How long the answer to such a PING may take. Default 20 s.
    pub keep_alive_timeout: Duration,
}

impl Default for ClientHttp2Config {
    fn default() -> Self {
        Self {
            stream_window: 1024 * 1024,
            connection_window: 2 * 1024 * 1024,
            max_frame_size: 16 * 1024,
            max_header_list_size: limits::HEAD_BYTES as u32,
            max_send_buffer_size: limits::COALESCE_BYTES,
            initial_max_send_streams: 100,
            control_frame_budget: limits::CONTROL_FRAMES,
            keep_alive_interval: None,
            keep_alive_timeout: Duration::from_secs(20),
        }
    }
}
