//! What an exchange took.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};

use crate::body::Body;
use crate::clock::Instant;
use crate::conn_info::ConnInfo;
use crate::error::Error;

/// What an exchange took; among the extensions of a response where the client [measures](crate::ClientBuilder::metrics).
///
/// A clone looks at the same exchange. What is known only at the end, [`total`](Self::total) and the bytes, can be asked of
/// one when the body has been read.
///
/// ```
/// # async fn example() -> Result<(), minato_http::Error> {
/// use minato_http::{Client, Metrics};
///
/// let client = Client::builder().metrics().build();
/// let response = client.get("http://127.0.0.1:3000/").await?;
/// let metrics = response.extensions().get::<Metrics>().cloned().expect("the client measures");
/// let text = response.into_body().text().await?;
/// println!("{metrics:?}");
/// assert_eq!(metrics.bytes_received(), text.len() as u64);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    started: Instant,
    marks: Mutex<Marks>,
    sent: AtomicU64,
    received: AtomicU64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    pub(super) wait: Option<Duration>,
    pub(super) lookup: Option<Duration>,
    pub(super) connect: Option<Duration>,
    pub(super) tls: Option<Duration>,
    pub(super) head: Option<Duration>,
    pub(super) total: Option<Duration>,
    pub(super) attempts: u32,
    pub(super) connection: ConnInfo,
}

impl Metrics {
    pub(super) fn start() -> Self {
        let inner = Inner {
            started: Instant::now(),
            marks: Mutex::default(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn marks(&self) -> MutexGuard<'_, Marks> {
        self.inner.marks.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.inner.started.elapsed()
    }

    /// Waiting for a connection of the pool, or for one that others were making; none if there was no need to.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.marks().wait
    }

    /// Looking the name up; none if that was not done for this exchange.
    #[must_use]
    pub fn dns(&self) -> Option<Duration> {
        self.marks().lookup
    }

    /// Making the connection, after the look-up and with what a proxy is told; none if that was not done for this
    /// exchange.
    #[must_use]
    pub fn connect(&self) -> Option<Duration> {
        self.marks().connect
    }

    /// The TLS handshake; none if there was none for this exchange.
    #[must_use]
    pub fn tls(&self) -> Option<Duration> {
        self.marks().tls
    }

    /// From the beginning to the head of the response, which is its first bytes.
    #[must_use]
    pub fn first_byte(&self) -> Option<Duration> {
        self.marks().head
    }

    /// From the beginning to the end of the response body; none before that, and if it was given up.
    #[must_use]
    pub fn total(&self) -> Option<Duration> {
        self.marks().total
    }

    /// Whether a connection served that had been there before.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        self.marks().connect.is_none()
    }

    /// How often the request was sent: more than once if connections died.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.marks().attempts
    }

    /// Bytes of the request body that have left, without framing.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.inner.sent.load(Ordering::Relaxed)
    }

    /// Bytes of the response body that have been read, without framing.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        self.inner.received.load(Ordering::Relaxed)
    }

    /// The connection that served: addresses, protocol, TLS.
    #[must_use]
    pub fn connection(&self) -> ConnInfo {
        self.marks().connection.clone()
    }

    /// The same request, its body counted.
    pub(super) fn count_request(&self, request: Request<Body>) -> Request<Body> {
        request.map(|body| {
            if body.is_known() {
                self.inner.sent.store(body.size_hint().lower(), Ordering::Relaxed);
                return body;
            }
            self.inner.sent.store(0, Ordering::Relaxed);
            Body::from_boxed(Box::pin(Counted { body, metrics: self.clone(), side: Side::Request }))
        })
    }

    /// The same response, its body counted, and with these metrics.
    pub(super) fn count_response(&self, response: Response<Body>) -> Response<Body> {
        let mut response = response.map(|body| {
            if body.is_end_stream() {
                self.end();
                return body;
            }
            Body::from_boxed(Box::pin(Counted { body, metrics: self.clone(), side: Side::Response }))
        });
        response.extensions_mut().insert(self.clone());
        response
    }

    fn end(&self) {
        let total = self.elapsed();
        self.marks().total.get_or_insert(total);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = self.marks().clone();
        f.debug_struct("Metrics")
            .field("wait", &marks.wait)
            .field("dns", &marks.lookup)
            .field("connect", &marks.connect)
            .field("tls", &marks.tls)
            .field("first_byte", &marks.head)
            .field("total", &marks.total)
            .field("is_reused", &marks.connect.is_none())
            .field("attempts", &marks.attempts)
            .field("bytes_sent", &self.bytes_sent())
            .field("bytes_received", &self.bytes_received())
            .finish_non_exhaustive()
    }
}

enum Side {
    Request,
    Response,
}

/// A body whose bytes are counted.
struct Counted {
    body: Body,
    metrics: Metrics,
    side: Side,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let count = match self.side {
            Side::Request => &self.metrics.inner.sent,
            Side::Response => &self.metrics.inner.received,
        };
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            count.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        let is_over = matches!(polled, Poll::Ready(None)) || (polled.is_ready() && self.body.is_end_stream());
        if is_over && matches!(self.side, Side::Response) {
            self.metrics.end();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
