//! The one body type, for requests and responses of servers and clients.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | [`Body`], its constructors and its `http_body::Body` implementation |
//! | `allowance.rs` | how much a request body may have, and how long it may be waited for |
//! | `collect.rs` | reading a body: frame by frame, or whole under a limit |
//! | `pipe.rs` | the bounded queue between a producer and a body |
//! | `sender.rs` | [`BodySender`], the public producer |
//! | `foreign.rs` | bodies and streams that are not ours |
//! | `json.rs` | JSON, feature `json` |
//! | `h2.rs` | what arrives on an HTTP/2 stream |

mod allowance;
mod collect;
mod foreign;
mod h2;
#[cfg(feature = "json")]
mod json;
mod pipe;
mod sender;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use minato_service::BoxError;

use crate::error::Error;

pub(crate) use self::allowance::Allowance;
pub use self::allowance::BodyLimits;
pub(crate) use self::h2::H2Body;
#[cfg(feature = "json")]
pub use self::json::Json;
pub(crate) use self::pipe::{Demand, PipeReader, PipeWriter, pipe};
pub use self::sender::BodySender;

type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = Error> + Send>>;

/// The body of a request or a response.
///
/// It implements [`http_body::Body`] and is made from text and bytes with `From`, from a
/// [`Stream`](Self::from_stream), from a [`channel`](Self::channel), or from [any other body](Self::wrap). It is read
/// frame by frame with [`frame`](Self::frame) and [`data`](Self::data), or whole with [`bytes`](Self::bytes) and
/// [`text`](Self::text).
///
/// Dropping a body that has not been read to its end is the end of the exchange: an HTTP/2 stream is reset with
/// CANCEL, an HTTP/1 connection is closed unless what is left is so short that it is read and thrown away.
///
/// ```
/// use http_body::Body as _;
/// use minato_http::Body;
///
/// let body = Body::from("hello");
/// assert_eq!(body.size_hint().exact(), Some(5));
/// assert!(Body::empty().is_end_stream());
/// ```
#[derive(Default)]
pub struct Body {
    repr: Repr,
}

#[derive(Default)]
enum Repr {
    #[default]
    Empty,
    Full(Bytes),
    /// Data first, where there is any; then the trailers.
    FullWithTrailers(Bytes, Box<HeaderMap>),
    Pipe(PipeReader),
    H2(Box<H2Body>),
    Boxed(BoxBody),
}

impl Body {
    /// A body without bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self { repr: Repr::Empty }
    }

    /// A body of known bytes, then trailers.
    ///
    /// On HTTP/2 a server sends head, data and trailers of such a response in one go. On HTTP/1 the trailers are sent
    /// where the peer said `TE: trailers`, else left out.
    #[must_use]
    pub fn full_with_trailers(data: impl Into<Bytes>, trailers: HeaderMap) -> Self {
        Self { repr: Repr::FullWithTrailers(data.into(), Box::new(trailers)) }
    }

    /// A body fed by the returned sender, which waits while its bytes are not being read.
    ///
    /// Dropping the sender without [`finish`](BodySender::finish) aborts the body: the peer sees a reset or a
    /// truncated message, never a clean end.
    #[must_use]
    pub fn channel() -> (BodySender, Self) {
        let (writer, reader) = pipe(None);
        (BodySender::new(writer), Self::from_pipe(reader))
    }

    /// A body whose data are the items of a stream; an error aborts it.
    #[must_use]
    pub fn from_stream<S, T, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Into<Bytes>,
        E: Into<BoxError>,
    {
        Self { repr: Repr::Boxed(Box::pin(foreign::StreamBody::new(stream))) }
    }

    /// Any other body. One that is a `Body` already is returned as it is, and of one that has ended nothing is kept, so that
    /// a request with it can be sent again.
    #[must_use]
    pub fn wrap<B>(body: B) -> Self
    where
        B: http_body::Body + Send + 'static,
        B::Data: Buf,
        B::Error: Into<BoxError>,
    {
        match foreign::downcast(body) {
            Ok(body) => body,
            Err(body) if body.is_end_stream() => Self::empty(),
            Err(body) => Self { repr: Repr::Boxed(Box::pin(foreign::Wrapped::new(body))) },
        }
    }

    /// Replaces what the server allows this request body, where its handler knows better: a stream of messages that is
    /// meant to last, an upload of any size. It is for what is still to arrive, and does nothing to other bodies.
    ///
    /// ```
    /// use http::Request;
    /// use minato_http::{Body, BodyLimits, Error};
    ///
    /// async fn receive(mut request: Request<Body>) -> Result<String, Error> {
    ///     request.body_mut().set_limits(BodyLimits::none());
    ///     let mut len = 0;
    ///     while let Some(data) = request.body_mut().data().await {
    ///         len += data?.len();
    ///     }
    ///     Ok(format!("{len} bytes"))
    /// }
    /// # let _ = minato_http::handler_fn(receive);
    /// ```
    pub fn set_limits(&mut self, limits: BodyLimits) {
        match &mut self.repr {
            Repr::Pipe(reader) => reader.set_limits(limits),
            Repr::H2(body) => body.set_limits(limits),
            Repr::Empty | Repr::Full(_) | Repr::FullWithTrailers(..) | Repr::Boxed(_) => {}
        }
    }

    pub(crate) fn from_pipe(reader: PipeReader) -> Self {
        Self { repr: Repr::Pipe(reader) }
    }

    pub(crate) fn from_h2(body: H2Body) -> Self {
        Self { repr: Repr::H2(Box::new(body)) }
    }

    pub(crate) fn from_boxed(body: BoxBody) -> Self {
        Self { repr: Repr::Boxed(body) }
    }

    /// Whether trailers will follow the data for sure.
    pub(crate) fn has_known_trailers(&self) -> bool {
        matches!(self.repr, Repr::FullWithTrailers(..))
    }

    /// Whether all of it is here.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self.repr, Repr::Empty | Repr::Full(_) | Repr::FullWithTrailers(..))
    }

    /// Whether there is nothing of it, and never will be.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.repr, Repr::Empty)
    }

    /// All its data, if they are here and nothing follows them.
    pub(crate) fn take_full(&mut self) -> Option<Bytes> {
        match &mut self.repr {
            Repr::Full(data) => Some(std::mem::take(data)),
            _ => None,
        }
    }

    /// A second body with the same contents, where the contents are known beforehand.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        let repr = match &self.repr {
            Repr::Empty => Repr::Empty,
            Repr::Full(data) => Repr::Full(data.clone()),
            Repr::FullWithTrailers(data, trailers) => Repr::FullWithTrailers(data.clone(), trailers.clone()),
            Repr::Pipe(_) | Repr::H2(_) | Repr::Boxed(_) => return None,
        };
        Some(Self { repr })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match &mut self.repr {
            Repr::Empty => None,
            Repr::Full(data) => {
                let data = std::mem::take(data);
                self.repr = Repr::Empty;
                (!data.is_empty()).then(|| Frame::data(data))
            }
            Repr::FullWithTrailers(data, _) if !data.is_empty() => Some(Frame::data(std::mem::take(data))),
            Repr::FullWithTrailers(_, trailers) => {
                let trailers = std::mem::take(&mut **trailers);
                self.repr = Repr::Empty;
                Some(Frame::trailers(trailers))
            }
            Repr::Pipe(reader) => return reader.poll_frame(cx),
            Repr::H2(body) => return body.poll_frame(cx),
            Repr::Boxed(body) => return body.as_mut().poll_frame(cx),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        match &self.repr {
            Repr::Empty => true,
            Repr::Full(data) => data.is_empty(),
            Repr::FullWithTrailers(..) => false,
            Repr::Pipe(reader) => reader.is_end_stream(),
            Repr::H2(body) => body.is_end_stream(),
            Repr::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.repr {
            Repr::Empty => SizeHint::with_exact(0),
            Repr::Full(data) | Repr::FullWithTrailers(data, _) => SizeHint::with_exact(data.len() as u64),
            Repr::Pipe(reader) => reader.size_hint(),
            Repr::H2(body) => body.size_hint(),
            Repr::Boxed(body) => body.size_hint(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(data: Bytes) -> Self {
        Self { repr: if data.is_empty() { Repr::Empty } else { Repr::Full(data) } }
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(data: &'static [u8]) -> Self {
        Bytes::from_static(data).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(data: Vec<u8>) -> Self {
        Bytes::from(data).into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.repr {
            Repr::Empty => "Empty",
            Repr::Full(_) => "Full",
            Repr::FullWithTrailers(..) => "FullWithTrailers",
            Repr::Pipe(_) => "Pipe",
            Repr::H2(_) => "H2",
            Repr::Boxed(_) => "Boxed",
        };
        f.debug_struct("Body").field("kind", &kind).finish_non_exhaustive()
    }
}
