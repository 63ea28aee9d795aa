//! The call as its handler sees it.

use std::fmt;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use http::request::Parts;
use http::{Extensions, HeaderMap, Uri};

use super::Cancelled;
use super::cancelled::End;
use crate::Metadata;
use crate::clock::Instant;

/// What is known of the call, and what its handler adds to the answer.
///
/// ```
/// use minato_grpc::{Cx, Result};
///
/// # struct Reply;
/// async fn handler(cx: &mut Cx<'_>, name: String) -> Result<Reply> {
///     let tenant = cx.metadata().get("tenant").unwrap_or("nobody").to_owned();
///     cx.headers_mut().insert("served-for", &tenant)?;
///     cx.trailers_mut().insert("cost", "1")?;
/// #   drop(name);
///     Ok(Reply)
/// }
/// ```
pub struct Cx<'a> {
    call: &'a Call,
}

/// A call under way. Whoever drives it owns it; when it is dropped the call is over.
pub(crate) struct Call {
    uri: Uri,
    metadata: Metadata,
    extensions: Extensions,
    deadline: Option<Instant>,
    answer: Mutex<Answer>,
    /// Made when somebody asks for it.
    end: OnceLock<Arc<End>>,
}

/// What the handler adds to the answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) headers: Metadata,
    pub(crate) trailers: Metadata,
    /// The handler wants the headers to leave before there is a message.
    pub(crate) wants_headers: bool,
}

impl Call {
    pub(crate) fn new(parts: Parts, deadline: Option<Instant>) -> Self {
        Self {
            uri: parts.uri,
            metadata: Metadata::from_headers(parts.headers),
            extensions: parts.extensions,
            deadline,
            answer: Mutex::default(),
            end: OnceLock::new(),
        }
    }

    pub(crate) fn cx(&self) -> Cx<'_> {
        Cx { call: self }
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The map of the request's fields, emptied, when nobody will read them any more.
    pub(crate) fn take_fields(&mut self) -> HeaderMap {
        let mut fields = std::mem::take(&mut self.metadata).into_headers();
        fields.clear();
        fields
    }

    pub(crate) fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(end) = self.end.get() {
            end.set();
        }
    }
}

impl<'a> Cx<'a> {
    /// The path of the method, such as `/helloworld.Greeter/SayHello`.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.call.uri.path()
    }

    /// The metadata of the request.
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        &self.call.metadata
    }

    /// What the transport and the layers before us attached to the request.
    #[must_use]
    pub fn extensions(&self) -> &'a Extensions {
        &self.call.extensions
    }

    /// The address of the client, where the call came over a network.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.call.extensions.get::<minato_http::ConnInfo>().and_then(|info| info.peer)
    }

    /// The moment by which the call must have ended, where the client or the server set one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.call.deadline
    }

    /// The time left until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.call.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The metadata sent before the first message. What is added after they have left is lost.
    pub fn headers_mut(&mut self) -> MetadataMut<'_> {
        MetadataMut { answer: self.call.answer(), part: Part::Headers }
    }

    /// The metadata sent with the outcome, whether it is good or bad.
    pub fn trailers_mut(&mut self) -> MetadataMut<'_> {
        MetadataMut { answer: self.call.answer(), part: Part::Trailers }
    }

    /// Lets the headers of a response stream leave now, or rather when the handler next waits, without a message.
    pub fn send_headers(&mut self) {
        self.call.answer().wants_headers = true;
    }

    /// A future that completes when the call is over, for what the handler started elsewhere.
    pub fn cancelled(&self) -> Cancelled {
        self.call.end.get_or_init(Arc::default).cancelled()
    }
}

impl fmt::Debug for Cx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("path", &self.call.uri.path())
            .field("metadata", &self.call.metadata)
            .field("deadline", &self.call.deadline)
            .finish_non_exhaustive()
    }
}

/// Metadata of the answer, to change. It cannot be kept over an `await`.
pub struct MetadataMut<'a> {
    answer: MutexGuard<'a, Answer>,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Headers,
    Trailers,
}

impl Deref for MetadataMut<'_> {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        match self.part {
            Part::Headers => &self.answer.headers,
            Part::Trailers => &self.answer.trailers,
        }
    }
}

impl DerefMut for MetadataMut<'_> {
    fn deref_mut(&mut self) -> &mut Metadata {
        match self.part {
            Part::Headers => &mut self.answer.headers,
            Part::Trailers => &mut self.answer.trailers,
        }
    }
}

impl fmt::Debug for MetadataMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
