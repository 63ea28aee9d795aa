//! The one error of this crate: opaque, with the questions callers ask as methods.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use http::StatusCode;
use minato_service::BoxError;

use crate::h1::Fault;
use crate::reason::Reason;

/// Why an HTTP exchange failed.
///
/// The kind of failure is asked with the `is_` methods; [`source`](StdError::source) gives the cause beneath, where
/// there is one.
///
/// ```
/// use minato_http::{Error, Reason};
///
/// let error = Error::reset(Reason::REFUSED_STREAM);
/// assert_eq!(error.h2_reason().map(|r| r.reason), Some(Reason::REFUSED_STREAM));
/// assert!(!error.is_timeout());
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    source: Option<BoxError>,
}

/// The clock that ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// Making the connection.
    Connect,
    /// Waiting for a connection of the pool.
    PoolWait,
    /// Waiting for the head of a message.
    Head,
    /// Waiting for the next part of a body.
    Body,
    /// Waiting for the peer to take what we write.
    Write,
    /// Waiting for a sign of life: an HTTP/2 PING was not answered.
    KeepAlive,
    /// The whole exchange.
    Total,
    /// Waiting for another request.
    Idle,
}

/// An HTTP/2 error code and who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reset {
    /// The code.
    pub reason: Reason,
    /// Whether the peer sent it, or this side did.
    pub initiator: Initiator,
    /// Whether it ended one stream or the connection.
    pub scope: Scope,
}

/// The side that ended a stream or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    /// The peer.
    Remote,
    /// This side.
    Local,
}

/// What an HTTP/2 error code ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One stream (RST_STREAM).
    Stream,
    /// The connection (GOAWAY).
    Connection,
}

/// How much of a request may have reached the peer when its connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Not one byte left this side.
    Nothing,
    /// Something did.
    Something,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The peer broke the message syntax or framing of HTTP/1.
    Message(Fault),
    /// A body grew past the limit set for it, in bytes.
    BodyLimit(u64),
    /// A clock ran out.
    Timeout(Timeout),
    /// The server could not listen.
    Listen,
    /// No connection could be made.
    Connect,
    /// The connection ended before the exchange did.
    Closed(Sent),
    /// An HTTP/2 stream or connection was ended with an error code.
    Reset(Reset),
    /// The other half of this body, or the request it belonged to, was dropped.
    Canceled,
    /// The caller asked for something that cannot be done.
    User(&'static str),
    /// A body or service that is not ours failed.
    Foreign,
    /// A response told of a failure.
    Status(StatusCode),
    /// A redirect that may not be followed.
    Redirect(&'static str),
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(Inner { kind, source: None }))
    }

    pub(crate) fn with_source(kind: Kind, source: impl Into<BoxError>) -> Self {
        Self(Box::new(Inner { kind, source: Some(source.into()) }))
    }

    /// Wraps a foreign error, or returns it as it is where it is one of ours.
    pub(crate) fn foreign(source: impl Into<BoxError>) -> Self {
        match source.into().downcast::<Self>() {
            Ok(ours) => *ours,
            Err(source) => Self::with_source(Kind::Foreign, source),
        }
    }

    pub(crate) fn io(sent: Sent, source: io::Error) -> Self {
        Self::with_source(Kind::Closed(sent), source)
    }

    /// An error that ends an HTTP/2 stream with `reason`.
    ///
    /// A body that fails with it makes the connection send RST_STREAM with exactly this code. On HTTP/1, where
    /// no such thing exists, the connection is closed.
    #[must_use]
    pub fn reset(reason: Reason) -> Self {
        Self::new(Kind::Reset(Reset { reason, initiator: Initiator::Local, scope: Scope::Stream }))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether a clock ran out; [`timeout`](Self::timeout) says which.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timeout().is_some()
    }

    /// The clock that ran out, if that is the failure.
    #[must_use]
    pub fn timeout(&self) -> Option<Timeout> {
        match self.0.kind {
            Kind::Timeout(timeout) => Some(timeout),
            _ => None,
        }
    }

    /// Whether no connection could be made: the request has not been sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect | Kind::Timeout(Timeout::Connect))
    }

    /// Whether the connection ended before the exchange did.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.0.kind, Kind::Closed(_))
    }

    /// Whether a body was longer than the limit set for it.
    #[must_use]
    pub fn is_body_limit(&self) -> bool {
        matches!(self.0.kind, Kind::BodyLimit(_))
    }

    /// Whether the peer broke the rules of HTTP.
    #[must_use]
    pub fn is_peer_fault(&self) -> bool {
        match self.0.kind {
            Kind::Message(_) => true,
            // The error codes a side sends when the *other* one broke the protocol.
            Kind::Reset(reset) => {
                reset.initiator == Initiator::Local
                    && matches!(
                        reset.reason,
                        Reason::PROTOCOL_ERROR
                            | Reason::FLOW_CONTROL_ERROR
                            | Reason::STREAM_CLOSED
                            | Reason::FRAME_SIZE_ERROR
                            | Reason::COMPRESSION_ERROR
                            | Reason::ENHANCE_YOUR_CALM
                    )
            }
            _ => false,
        }
    }

    /// Whether the other half of a body, or the exchange it belonged to, was given up on this side.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        matches!(self.0.kind, Kind::Canceled)
    }

    /// Whether the caller asked for something that cannot be done, such as a URI without a host.
    #[must_use]
    pub fn is_user(&self) -> bool {
        matches!(self.0.kind, Kind::User(_))
    }

    /// The status of the response that [`error_for_status`](crate::ResponseExt::error_for_status) made an error of.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.0.kind {
            Kind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Whether a redirect could not be followed: too many in a row, a place that is none, or a way the policy forbids.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.0.kind, Kind::Redirect(_))
    }

    /// Whether the peer ended the whole connection with GOAWAY.
    #[must_use]
    pub fn is_goaway(&self) -> bool {
        matches!(self.0.kind, Kind::Reset(Reset { scope: Scope::Connection, .. }))
    }

    /// The HTTP/2 error code that ended the stream or connection, and who sent it.
    #[must_use]
    pub fn h2_reason(&self) -> Option<Reset> {
        match self.0.kind {
            Kind::Reset(reset) => Some(reset),
            _ => None,
        }
    }

    /// Whether the request surely was not processed, so that sending it again is safe even if it is not idempotent.
    #[must_use]
    pub fn is_retry_safe(&self) -> bool {
        match self.0.kind {
            Kind::Connect | Kind::Closed(Sent::Nothing) => true,
            Kind::Timeout(timeout) => matches!(timeout, Timeout::Connect | Timeout::PoolWait),
            Kind::Reset(Reset { initiator: Initiator::Local, .. }) => false,
            // RFC 9113 §8.7: REFUSED_STREAM and streams above the last identifier of a GOAWAY were not processed.
            Kind::Reset(Reset { reason, scope, .. }) => {
                reason == Reason::REFUSED_STREAM || scope == Scope::Connection
            }
            Kind::Message(_) | Kind::BodyLimit(_) | Kind::Closed(Sent::Something) => false,
            Kind::Listen | Kind::Canceled | Kind::User(_) | Kind::Foreign => false,
            Kind::Status(_) | Kind::Redirect(_) => false,
        }
    }

    /// The code with which an HTTP/2 stream whose body failed with this error is reset.
    pub(crate) fn reset_reason(&self, otherwise: Reason) -> Reason {
        match self.0.kind {
            Kind::Reset(Reset { reason, initiator: Initiator::Local, .. }) => reason,
            _ => otherwise,
        }
    }

    /// The status that tells the peer about this error, where it is the request's fault.
    pub(crate) fn request_status(&self) -> Option<StatusCode> {
        match self.0.kind {
            Kind::Message(fault) => Some(fault.status()),
            Kind::BodyLimit(_) => Some(StatusCode::PAYLOAD_TOO_LARGE),
            Kind::Timeout(Timeout::Body) => Some(StatusCode::REQUEST_TIMEOUT),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            Kind::Message(fault) => write!(f, "malformed message: {fault}"),
            Kind::BodyLimit(limit) => write!(f, "the body is longer than {limit} bytes"),
            Kind::Timeout(timeout) => f.write_str(match timeout {
                Timeout::Connect => "connecting timed out",
                Timeout::PoolWait => "waiting for a connection timed out",
                Timeout::Head => "waiting for the message head timed out",
                Timeout::Body => "waiting for the body timed out",
                Timeout::Write => "the peer stopped reading",
                Timeout::KeepAlive => "the peer stopped answering",
                Timeout::Total => "the exchange timed out",
                Timeout::Idle => "the connection was not used",
            }),
            Kind::Listen => f.write_str("cannot listen"),
            Kind::Connect => f.write_str("no connection could be made"),
            Kind::Closed(_) => f.write_str("the connection ended before the exchange did"),
            Kind::Reset(reset) => {
                let what = match reset.scope {
                    Scope::Stream => "stream",
                    Scope::Connection => "connection",
                };
                let who = match reset.initiator {
                    Initiator::Remote => "the peer",
                    Initiator::Local => "this side",
                };
                write!(f, "{who} ended the {what} with {}", reset.reason)
            }
            Kind::Canceled => f.write_str("the exchange was given up"),
            Kind::User(what) | Kind::Redirect(what) => f.write_str(what),
            Kind::Foreign => f.write_str("the body or service failed"),
            Kind::Status(status) => write!(f, "the server answers {status}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("source", &self.0.source).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of every kind, with what callers ask of it: whether the request surely was not processed.
    fn kinds() -> Vec<(Kind, bool)> {
        let reset = |reason, initiator, scope| Kind::Reset(Reset { reason, initiator, scope });
        let (ours, theirs) = (Initiator::Local, Initiator::Remote);
        vec![
            (Kind::Message(Fault::Status), false),
            (Kind::BodyLimit(1), false),
            (Kind::Timeout(Timeout::Connect), true),
            (Kind::Timeout(Timeout::PoolWait), true),
            (Kind::Timeout(Timeout::Head), false),
            (Kind::Timeout(Timeout::Body), false),
            (Kind::Timeout(Timeout::Write), false),
            (Kind::Timeout(Timeout::KeepAlive), false),
            (Kind::Timeout(Timeout::Total), false),
            (Kind::Listen, false),
            (Kind::Connect, true),
            (Kind::Closed(Sent::Nothing), true),
            (Kind::Closed(Sent::Something), false),
            // RFC 9113 §8.7: what the server has refused, or taken back by GOAWAY, was not processed.
            (reset(Reason::REFUSED_STREAM, theirs, Scope::Stream), true),
            (reset(Reason::NO_ERROR, theirs, Scope::Connection), true),
            (reset(Reason::INTERNAL_ERROR, theirs, Scope::Connection), true),
            (reset(Reason::CANCEL, theirs, Scope::Stream), false),
            (reset(Reason::INTERNAL_ERROR, theirs, Scope::Stream), false),
            (reset(Reason::ENHANCE_YOUR_CALM, theirs, Scope::Stream), false),
            // What this side has ended may have been processed before.
            (reset(Reason::REFUSED_STREAM, ours, Scope::Stream), false),
            (reset(Reason::PROTOCOL_ERROR, ours, Scope::Stream), false),
            (reset(Reason::PROTOCOL_ERROR, ours, Scope::Connection), false),
            (reset(Reason::ENHANCE_YOUR_CALM, ours, Scope::Connection), false),
            (Kind::Canceled, false),
            (Kind::User("x"), false),
            (Kind::Foreign, false),
            (Kind::Status(StatusCode::BAD_GATEWAY), false),
            (Kind::Redirect("x"), false),
        ]
    }

    #[test]
    fn only_what_was_surely_not_processed_may_be_sent_again() {
        for (kind, is_safe) in kinds() {
            assert_eq!(Error::new(kind).is_retry_safe(), is_safe, "{kind:?}");
        }
    }

    /// Every failure can be told from the others by what is asked of it, and by no more than one question of kind.
    #[test]
    fn every_failure_answers_to_one_question() {
        for (kind, _) in kinds() {
            let error = Error::new(kind);
            let answers = [
                error.is_timeout() || error.is_connect(),
                error.is_closed(),
                error.is_body_limit(),
                error.h2_reason().is_some() || error.is_peer_fault(),
                error.is_canceled(),
                error.is_user(),
                error.status().is_some(),
                error.is_redirect(),
            ];
            let expected = usize::from(!matches!(kind, Kind::Listen | Kind::Foreign));
            assert_eq!(answers.iter().filter(|answer| **answer).count(), expected, "{kind:?}");
            assert_eq!(
                error.is_goaway(),
                matches!(kind, Kind::Reset(Reset { scope: Scope::Connection, .. }))
            );
        }
    }
}
