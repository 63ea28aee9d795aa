//! The layer and its service.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{HOST, LOCATION};
use http::uri::Scheme;
use http::{Method, Request, Response, Uri};
use minato_service::{BoxError, Layer, Service};

use super::hop::{self, Change};
use super::location::resolve;
use super::{Action, Attempt, Redirected, Redirects};
use crate::body::Body;
use crate::error::{Error, Kind};

/// A layer that follows redirects, for any service that answers HTTP requests.
///
/// A [`Client`](crate::Client) has it by [`redirects`](crate::ClientBuilder::redirects); this is for stacks of one's own.
#[derive(Debug, Clone, Default)]
pub struct RedirectLayer {
    redirects: Redirects,
}

impl RedirectLayer {
    /// Follows these.
    #[must_use]
    pub fn new(redirects: Redirects) -> Self {
        Self { redirects }
    }
}

impl<S> Layer<S> for RedirectLayer {
    type Service = Redirecting<S>;

    fn layer(&self, inner: S) -> Redirecting<S> {
        Redirecting { inner, redirects: self.redirects.clone() }
    }
}

/// The service of [`RedirectLayer`].
#[derive(Debug, Clone)]
pub struct Redirecting<S> {
    inner: S,
    redirects: Redirects,
}

impl<S, B> Service<Request<Body>> for Redirecting<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = Error;
    type Future = Following<B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::foreign)
    }

    fn call(&mut self, request: Request<Body>) -> Following<B> {
        // The readied instance is the one that is called first.
        let next = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, next);
        let redirects = self.redirects.clone();
        Following { future: Box::pin(follow(service, redirects, request)) }
    }
}

/// The future of [`Redirecting`].
#[must_use = "futures do nothing unless polled"]
pub struct Following<B> {
    future: Pin<Box<dyn Future<Output = Result<Response<B>, Error>> + Send>>,
}

impl<B> Future for Following<B> {
    type Output = Result<Response<B>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.future.as_mut().poll(cx)
    }
}

impl<B> fmt::Debug for Following<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").finish_non_exhaustive()
    }
}

async fn follow<S, B>(
    mut service: S,
    redirects: Redirects,
    request: Request<Body>,
) -> Result<Response<B>, Error>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    let mut places = vec![request.uri().clone()];
    let mut request = request;
    loop {
        let mut again = Request::new(request.body().try_clone());
        *again.method_mut() = request.method().clone();
        *again.uri_mut() = request.uri().clone();
        *again.version_mut() = request.version();
        *again.headers_mut() = request.headers().clone();
        *again.extensions_mut() = request.extensions().clone();
        let mut response = service.call(request).await.map_err(Error::foreign)?;
        match next(&redirects, &places, again, &response)? {
            Some(following) => {
                places.push(following.uri().clone());
                request = following;
            }
            None => {
                if places.len() > 1 {
                    response.extensions_mut().insert(Redirected { places: places.into() });
                }
                return Ok(response);
            }
        }
        drop(response);
        poll_fn(|cx| service.poll_ready(cx)).await.map_err(Error::foreign)?;
    }
}

/// The request that follows this response, made of the one before it; `None` where the response stands.
fn next<B>(
    redirects: &Redirects,
    places: &[Uri],
    before: Request<Option<Body>>,
    response: &Response<B>,
) -> Result<Option<Request<Body>>, Error> {
    let Some(change) = hop::change(response.status(), before.method()) else { return Ok(None) };
    let mut locations = response.headers().get_all(LOCATION).iter();
    let location = match (locations.next(), locations.next()) {
        // RFC 9110 §15.4: without a Location the user decides.
        (None, _) => return Ok(None),
        (Some(location), None) => location,
        (Some(_), Some(_)) => return Err(refused("the redirect leads to more than one place")),
    };
    let to =
        resolve(before.uri(), location.as_bytes()).ok_or_else(|| refused("the redirect leads to no URI"))?;
    match redirects.decide(&Attempt { status: response.status(), to: &to, from: places }) {
        Action::Follow => {}
        Action::Stop => return Ok(None),
        Action::Fail(error) => {
            return Err(Error::with_source(Kind::Redirect("a redirect is not followed"), error));
        }
    }
    if ![Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&to.scheme()) {
        return Err(refused("the redirect leads to a scheme that is not HTTP's"));
    }
    if to.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(refused("the redirect brings user information"));
    }
    if !redirects.allows_downgrade && hop::is_downgrade(before.uri(), &to) {
        return Err(refused("the redirect leads from https to http"));
    }
    let (mut head, body) = before.into_parts();
    let body = match (change, body) {
        (Change::Get, _) => {
            head.method = Method::GET;
            hop::forget_body(&mut head.headers);
            Body::empty()
        }
        (Change::Repeat, Some(body)) => body,
        // It cannot be sent twice.
        (Change::Repeat, None) => return Ok(None),
    };
    head.headers.remove(HOST);
    if !hop::is_same_origin(&head.uri, &to) {
        hop::forget_secrets(&mut head.headers, &redirects.sensitive);
    }
    head.uri = to;
    Ok(Some(Request::from_parts(head, body)))
}

fn refused(why: &'static str) -> Error {
    Error::new(Kind::Redirect(why))
}
