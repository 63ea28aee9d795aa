//! A request as it came.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Extensions, Method, Uri, Version};

use super::spare;
use crate::body::Body;
use crate::buffers;
use crate::conn_info::ConnInfo;
use crate::h1::request::RequestHead;
use crate::h1::usual::{self, Line, Usual};
use crate::h1::{is_target_plain, is_token};
use crate::server::callee::Told;
use crate::server::watch::{Exchange, Watch};

/// A request, of which nothing has been made that was not asked for.
///
/// It is as large as a pointer. What it points to is used again for other requests when it is dropped.
///
/// ```
/// use minato_http::Body;
/// use minato_http::lean::Request;
///
/// let request = http::Request::get("/items?page=2").header("accept", "text/html").body(Body::empty()).unwrap();
/// let request = Request::from(request);
/// assert_eq!((request.path(), request.query()), ("/items", Some("page=2")));
/// assert_eq!(request.header("Accept"), Some(&b"text/html"[..]));
/// assert_eq!(request.into_http().uri(), "/items?page=2");
/// ```
pub struct Request {
    /// There until the request is dropped or taken apart.
    content: Option<Box<Content>>,
}

/// What a request holds.
#[derive(Default)]
pub(crate) struct Content {
    method: Method,
    version: Version,
    /// The head of a usual request, and where in it things are.
    bytes: Vec<u8>,
    target: Range<usize>,
    lines: Vec<Line>,
    /// What stands in the place of that for other requests: HTTP/2, and heads that had to be looked at closely.
    typed: Option<Box<Typed>>,
    extensions: Extensions,
    body: Body,
    told: Option<(Arc<Watch>, Exchange)>,
}

struct Typed {
    uri: Uri,
    headers: HeaderMap,
}

impl Content {
    /// The content of a usual head; `None` if that has to be looked at more closely.
    pub(super) fn usual(head: Usual, bytes: &[u8], lines: &[Line]) -> Option<Box<Self>> {
        // INVARIANT: what is taken here, `http` takes as well, so that the request can be made a typed one.
        let target = &bytes[head.target()];
        let is_sound = is_target_plain(target) || PathAndQuery::try_from(target).is_ok();
        let is_named = |line: &Line| line.is_known() || is_token(&bytes[line.name()]);
        if !is_sound || !lines.iter().all(is_named) {
            return None;
        }
        let mut content = spare::take_content();
        content.bytes.extend_from_slice(bytes);
        content.target = head.target();
        content.method = head.method;
        content.version = Version::HTTP_11;
        content.lines.extend_from_slice(lines);
        Some(content)
    }

    pub(super) fn typed(head: RequestHead) -> Box<Self> {
        let mut content = spare::take_content();
        content.method = head.method;
        content.version = head.facts.asked.version;
        content.typed = Some(Box::new(Typed { uri: head.uri, headers: head.headers }));
        content
    }

    pub(super) fn extensions(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// Leaves nothing but memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.lines.clear();
        self.told = None;
        // Seldom there, and looking is less than dropping.
        if self.typed.is_some() {
            self.typed = None;
        }
        if !self.extensions.is_empty() {
            self.extensions = Extensions::new();
        }
        if !self.body.is_gone() {
            self.body = Body::empty();
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    fn target(&self) -> &str {
        // Of a usual head it is ASCII.
        std::str::from_utf8(&self.bytes[self.target.clone()]).unwrap_or_default()
    }
}

impl Request {
    #[inline]
    pub(super) fn new(mut content: Box<Content>, body: Body, told: Option<Told<'_>>) -> Self {
        if !body.is_gone() {
            content.body = body;
        }
        content.told = told.map(|told| (Arc::clone(told.watch), told.exchange));
        Self { content: Some(content) }
    }

    fn content(&self) -> &Content {
        self.content.as_deref().expect("there until the request is gone")
    }

    fn content_mut(&mut self) -> &mut Content {
        self.content.as_deref_mut().expect("there until the request is gone")
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.content().method
    }

    /// The version of HTTP it came in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.content().version
    }

    /// The path of the target; empty for a CONNECT.
    #[must_use]
    pub fn path(&self) -> &str {
        let content = self.content();
        match &content.typed {
            Some(typed) => typed.uri.path(),
            None => content.target().split_once('?').map_or_else(|| content.target(), |(path, _)| path),
        }
    }

    /// The query of the target, which stands behind its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        let content = self.content();
        match &content.typed {
            Some(typed) => typed.uri.query(),
            None => content.target().split_once('?').map(|(_, query)| query),
        }
    }

    /// The host that is asked: of the target where it names one, else of the `host` field.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let of_target = self.content().typed.as_ref().and_then(|typed| typed.uri.authority());
        match of_target {
            Some(authority) => Some(authority.as_str()),
            None => self.header_str(header::HOST.as_str()),
        }
    }

    /// The value of the first field of this name, in whatever case it is written.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let content = self.content();
        match &content.typed {
            Some(typed) => typed.headers.get(name).map(HeaderValue::as_bytes),
            None => {
                let is_it = |line: &&Line| content.bytes[line.name()].eq_ignore_ascii_case(name.as_bytes());
                content.lines.iter().find(is_it).map(|line| &content.bytes[line.value()])
            }
        }
    }

    /// The same as text, where it is UTF-8.
    #[must_use]
    pub fn header_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.header(name)?).ok()
    }

    /// All fields in the order they came; those of HTTP/2 in the order of their names' first appearance.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        let content = self.content();
        match &content.typed {
            Some(typed) => Headers { fields: Fields::Typed(typed.headers.iter()) },
            None => Headers { fields: Fields::Lines(&content.bytes, content.lines.iter()) },
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.content().body
    }

    /// The body, to read from.
    pub fn body_mut(&mut self) -> &mut Body {
        &mut self.content_mut().body
    }

    /// The body, without the rest.
    #[must_use]
    pub fn into_body(mut self) -> Body {
        std::mem::take(self.body_mut())
    }

    /// What layers and the server have put beside the request, such as what [`upgrade::on`](crate::upgrade::on) finds in
    /// the [typed request](Self::into_http).
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.content().extensions
    }

    /// The same, to change.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.content_mut().extensions
    }

    /// The address of the peer; see [`ConnInfo::peer`].
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        let content = self.content();
        match &content.told {
            Some((watch, _)) => watch.info().peer,
            None => content.extensions.get::<ConnInfo>().and_then(|info| info.peer),
        }
    }

    /// The connection it came on, and what can be asked of the exchange; none where the server is told to
    /// [omit](crate::ConnectionInfo::Omit) it.
    #[must_use]
    pub fn connection(&self) -> Option<ConnInfo> {
        let content = self.content();
        match &content.told {
            Some((watch, exchange)) => Some(watch.info_of(*exchange)),
            None => content.extensions.get().cloned(),
        }
    }

    /// The typed request it stands for.
    #[must_use]
    pub fn into_http(mut self) -> http::Request<Body> {
        let connection = self.connection();
        let content = self.content_mut();
        let mut request = http::Request::new(std::mem::take(&mut content.body));
        match content.typed.take() {
            Some(typed) => (*request.uri_mut(), *request.headers_mut()) = (typed.uri, typed.headers),
            None => {
                let head = buffers::copy_head(&content.bytes);
                *request.headers_mut() = buffers::take_headers();
                usual::fill(&head, content.target.clone(), &content.lines, &mut request)
                    .expect("it was looked at when it came");
            }
        }
        *request.method_mut() = content.method.clone();
        *request.version_mut() = content.version;
        *request.extensions_mut() = std::mem::take(&mut content.extensions);
        if let Some(connection) = connection {
            request.extensions_mut().insert(connection);
        }
        request
    }
}

impl From<http::Request<Body>> for Request {
    fn from(request: http::Request<Body>) -> Self {
        let (head, body) = request.into_parts();
        let mut content = spare::take_content();
        content.method = head.method;
        content.version = head.version;
        content.typed = Some(Box::new(Typed { uri: head.uri, headers: head.headers }));
        content.extensions = head.extensions;
        Self::new(content, body, None)
    }
}

impl Drop for Request {
    #[inline]
    fn drop(&mut self) {
        if let Some(content) = self.content.take() {
            spare::give_content(content);
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("path", &self.path())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

/// The fields of a request, by [`Request::headers`]: their names, as they were written, and their values.
#[derive(Debug)]
pub struct Headers<'a> {
    fields: Fields<'a>,
}

#[derive(Debug)]
enum Fields<'a> {
    Lines(&'a [u8], std::slice::Iter<'a, Line>),
    Typed(http::header::Iter<'a, HeaderValue>),
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.fields {
            Fields::Lines(bytes, lines) => {
                let line = lines.next()?;
                // A name is ASCII.
                let name = std::str::from_utf8(&bytes[line.name()]).unwrap_or_default();
                Some((name, &bytes[line.value()]))
            }
            Fields::Typed(fields) => fields.next().map(|(name, value)| (name.as_str(), value.as_bytes())),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.fields {
            Fields::Lines(_, lines) => lines.size_hint(),
            Fields::Typed(fields) => fields.size_hint(),
        }
    }
}
