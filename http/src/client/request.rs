//! A request that is being put together.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::{Extensions, Method, Request, Response, Uri, Version};
use minato_service::Deadline;

use super::{Client, ResponseFuture};
use crate::body::Body;
use crate::error::{Error, Kind};

/// A request that can still be changed; made by [`Client::get`] and its likes.
///
/// It is a future: awaiting it sends the request. What could not be put together, a malformed URI or field, is told then.
///
/// ```
/// # async fn example() -> Result<(), minato_http::Error> {
/// use std::time::Duration;
/// use minato_http::{Client, ResponseExt};
///
/// let client = Client::new();
/// let text = client
///     .post("http://127.0.0.1:3000/notes")
///     .header("content-type", "text/plain")
///     .bearer_auth("secret")
///     .timeout(Duration::from_secs(5))
///     .body("remember the milk")
///     .await?
///     .error_for_status()?
///     .text()
///     .await?;
/// # let _ = text;
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// As [`Client`]'s: dropping it gives the exchange up.
#[must_use = "a request is not sent unless its future is polled"]
pub struct RequestBuilder {
    state: State,
}

#[allow(
    clippy::large_enum_variant,
    reason = "a request is here only until it is sent; a box would cost an allocation"
)]
enum State {
    Building(Client, Result<Request<Body>, Error>),
    Sent(ResponseFuture),
    /// The future has been taken.
    Taken,
}

impl RequestBuilder {
    pub(super) fn new<U>(client: Client, method: Method, uri: U) -> Self
    where
        U: TryInto<Uri>,
        U::Error: Into<http::Error>,
    {
        let request = match uri.try_into() {
            Ok(uri) => {
                let mut request = Request::new(Body::empty());
                *request.method_mut() = method;
                *request.uri_mut() = uri;
                Ok(request)
            }
            Err(error) => Err(Error::with_source(Kind::User("the URI is malformed"), error.into())),
        };
        Self { state: State::Building(client, request) }
    }

    /// Changes what is still to be sent.
    pub(crate) fn change(mut self, change: impl FnOnce(&mut Request<Body>) -> Result<(), Error>) -> Self {
        if let State::Building(_, building) = &mut self.state
            && let Ok(request) = building
            && let Err(error) = change(request)
        {
            *building = Err(error);
        }
        self
    }

    /// Adds a field.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        K: TryInto<HeaderName>,
        K::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.change(|request| {
            let fault = |error| Error::with_source(Kind::User("a field is malformed"), error);
            let name = name.try_into().map_err(|error| fault(error.into()))?;
            let value = value.try_into().map_err(|error| fault(error.into()))?;
            request.headers_mut().append(name, value);
            Ok(())
        })
    }

    /// Adds fields, in the place of those of the same names.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.change(|request| {
            let mut last = None;
            for (name, value) in headers {
                match (name, &last) {
                    (Some(name), _) => {
                        request.headers_mut().insert(name.clone(), value);
                        last = Some(name);
                    }
                    (None, Some(name)) => drop(request.headers_mut().append(name.clone(), value)),
                    (None, None) => {}
                }
            }
            Ok(())
        })
    }

    /// Shows a user name and perhaps a password (RFC 7617).
    pub fn basic_auth(self, user: impl fmt::Display, password: Option<impl fmt::Display>) -> Self {
        let password = password.map_or_else(String::new, |password| password.to_string());
        self.authorization(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    /// Shows a bearer token (RFC 6750).
    pub fn bearer_auth(self, token: impl fmt::Display) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    fn authorization(self, value: String) -> Self {
        self.change(|request| {
            let mut value = HeaderValue::try_from(value)
                .map_err(|error| Error::with_source(Kind::User("a field is malformed"), error))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
            Ok(())
        })
    }

    /// Sends this body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.change(|request| {
            *request.body_mut() = body.into();
            Ok(())
        })
    }

    /// Gives the whole exchange, up to the end of the response body, this much time from now, whatever the client grants
    /// otherwise. An earlier [`Deadline`] binds all the same.
    pub fn timeout(self, limit: Duration) -> Self {
        self.extension(Deadline::after(limit))
    }

    /// Asks for a version. HTTP/2 is then spoken with prior knowledge.
    pub fn version(self, version: Version) -> Self {
        self.change(|request| {
            *request.version_mut() = version;
            Ok(())
        })
    }

    /// Adds something for layers, or the client itself, to find.
    pub fn extension<T: Clone + Send + Sync + 'static>(self, extension: T) -> Self {
        self.change(|request| {
            request.extensions_mut().insert(extension);
            Ok(())
        })
    }

    /// The request as it stands.
    ///
    /// # Errors
    ///
    /// What could not be put together; or that it has been sent.
    pub fn build(self) -> Result<Request<Body>, Error> {
        match self.state {
            State::Building(_, request) => request,
            State::Sent(_) | State::Taken => Err(Error::new(Kind::User("the request has been sent"))),
        }
    }

    /// Sends the request; the same as awaiting it.
    pub fn send(self) -> ResponseFuture {
        match self.state {
            State::Building(client, Ok(request)) => client.request(request),
            State::Building(_, Err(error)) => ResponseFuture::failed(error),
            State::Sent(response) => response,
            State::Taken => ResponseFuture::failed(Error::new(Kind::User("the request has been sent"))),
        }
    }

    /// The extensions, while it has not been sent.
    pub fn extensions_mut(&mut self) -> Option<&mut Extensions> {
        match &mut self.state {
            State::Building(_, Ok(request)) => Some(request.extensions_mut()),
            _ => None,
        }
    }
}

impl Future for RequestBuilder {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !matches!(self.state, State::Sent(_)) {
            let state = std::mem::replace(&mut self.state, State::Taken);
            self.state = State::Sent(Self { state }.send());
        }
        match &mut self.state {
            State::Sent(response) => Pin::new(response).poll(cx),
            // Replaced above.
            State::Building(..) | State::Taken => Poll::Pending,
        }
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestBuilder");
        if let State::Building(_, Ok(request)) = &self.state {
            debug.field("method", request.method()).field("uri", request.uri());
        }
        debug.finish_non_exhaustive()
    }
}
