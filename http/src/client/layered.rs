//! What a request passes before it reaches the pool: redirects, cookies, and layers of the user's.
//!
//! The order is fixed, however a builder is called: the user's layers, each around those before it, then redirects, then
//! cookies, so that each hop of a redirect has the cookies of its place. A client without any of them goes to the
//! pool directly.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use minato_service::{ArcService, BoxError, Layer, Service};

use super::cookies::{CookieJar, CookieLayer};
use super::redirect::{RedirectLayer, Redirects};
use super::{ResponseFuture, Shared};
use crate::body::Body;
use crate::error::Error;

/// A client in its layers.
pub(super) type Layered = ArcService<Request<Body>, Response<Body>, Error>;

type AddLayer = Box<dyn FnOnce(Layered) -> Layered + Send + Sync>;

/// The layers to be.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) redirects: Option<Redirects>,
    pub(super) cookies: Option<CookieJar>,
    users: Vec<AddLayer>,
}

impl Layers {
    pub(super) fn push<L, B>(&mut self, layer: L)
    where
        L: Layer<ClientService> + Send + Sync + 'static,
        L::Service: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.users.push(Box::new(move |inner| erased(layer.layer(ClientService { inner }))));
    }

    /// The client in its layers, where it has any.
    pub(super) fn build(self, shared: &Arc<Shared>) -> Option<Layered> {
        let Self { redirects, cookies, users } = self;
        if redirects.is_none() && cookies.is_none() && users.is_empty() {
            return None;
        }
        let mut service = ArcService::new(Innermost { shared: Arc::clone(shared) });
        if let Some(jar) = cookies {
            service = ArcService::new(CookieLayer::new(jar).layer(service));
        }
        if let Some(redirects) = redirects {
            service = ArcService::new(RedirectLayer::new(redirects).layer(service));
        }
        Some(users.into_iter().fold(service, |inner, layer| layer(inner)))
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("redirects", &self.redirects)
            .field("cookies", &self.cookies)
            .field("users", &self.users.len())
            .finish()
    }
}

/// Our bodies and errors, whatever a layer made of them.
fn erased<S, B>(service: S) -> Layered
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    use minato_service::ServiceExt;
    ArcService::new(
        service.map_response(|response: Response<B>| response.map(Body::wrap)).map_err(Error::foreign),
    )
}

/// The service that layers of a [`ClientBuilder`](super::ClientBuilder) are put around: the client inside them.
#[derive(Clone)]
pub struct ClientService {
    inner: Layered,
}

impl Service<Request<Body>> for ClientService {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        ResponseFuture::boxed(self.inner.call(request))
    }
}

impl fmt::Debug for ClientService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientService").finish_non_exhaustive()
    }
}

/// The way to the pool.
#[derive(Clone)]
struct Innermost {
    shared: Arc<Shared>,
}

impl Service<Request<Body>> for Innermost {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        ResponseFuture::direct(Arc::clone(&self.shared), request)
    }
}
