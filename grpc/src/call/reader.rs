//! From an HTTP body to messages.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Body as _;
use minato_http::Body;
use prost::Message;

use crate::frame::{Decoder, Fault};
use crate::status::from_http_error;
use crate::{Metadata, Status};

pub(crate) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// What the peer said about the compression of its messages. We compress nothing ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// None: a message that claims to be compressed breaks the protocol.
    Identity,
    /// Some, seen by a server: it says what it could read instead.
    UnknownToServer,
    /// Some, seen by a client, which did not offer it.
    UnknownToClient,
}

impl Encoding {
    pub(crate) fn of(fields: &HeaderMap, otherwise: Self) -> Self {
        match fields.get(ENCODING) {
            None => Self::Identity,
            Some(name) if name == "identity" => Self::Identity,
            Some(_) => otherwise,
        }
    }

    /// The status of a call in which a message has the compressed flag.
    fn refuse_compressed(self) -> Status {
        match self {
            Self::Identity => {
                Status::internal("a message claims to be compressed, but no encoding was named")
            }
            Self::UnknownToServer => {
                let mut fields = HeaderMap::new();
                fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                Status::unimplemented("the message encoding is not supported")
                    .with_metadata(Metadata::from_headers(fields))
            }
            Self::UnknownToClient => Status::internal("the server chose an encoding that was not offered"),
        }
    }
}

/// Reads the messages of one body.
#[derive(Debug)]
pub(crate) struct Reader {
    body: Body,
    decoder: Decoder,
    encoding: Encoding,
}

pub(crate) enum Event {
    Message(Bytes),
    /// The body is over, with or without trailers, and within a message or not.
    End(Option<HeaderMap>, Result<(), Fault>),
}

impl Reader {
    pub(crate) fn new(body: Body, encoding: Encoding, len_max: usize) -> Self {
        Self { body, decoder: Decoder::new(len_max), encoding }
    }

    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Status>> {
        loop {
            if let Some(frame) = self.decoder.next()? {
                if frame.is_compressed {
                    return Poll::Ready(Err(self.encoding.refuse_compressed()));
                }
                return Poll::Ready(Ok(Event::Message(frame.message)));
            }
            let trailers = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => None,
                Some(Err(error)) => return Poll::Ready(Err(from_http_error(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.decoder.push(data);
                        continue;
                    }
                    Err(frame) => match frame.into_trailers() {
                        Ok(trailers) => Some(trailers),
                        Err(_) => continue,
                    },
                },
            };
            return Poll::Ready(Ok(Event::End(trailers, self.decoder.finish())));
        }
    }
}

/// The message in `bytes`.
pub(crate) fn decode<T: Message + Default>(bytes: Bytes) -> Result<T, Status> {
    T::decode(bytes)
        .map_err(|error| Status::internal(format!("the message is not valid: {error}")).with_source(error))
}
