//! The layer and its service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use http::{Request, Response, Uri};
use minato_service::{Layer, Service};
use pin_project_lite::pin_project;

use super::CookieJar;

/// A layer that sends cookies and keeps those it is given, for any service that answers HTTP requests.
///
/// A [`Client`](crate::Client) has it by [`cookies`](crate::ClientBuilder::cookies); this is for stacks of one's own.
#[derive(Debug, Clone)]
pub struct CookieLayer {
    jar: CookieJar,
}

impl CookieLayer {
    /// Keeps cookies in this jar.
    #[must_use]
    pub fn new(jar: CookieJar) -> Self {
        Self { jar }
    }
}

impl<S> Layer<S> for CookieLayer {
    type Service = Cookies<S>;

    fn layer(&self, inner: S) -> Cookies<S> {
        Cookies { inner, jar: self.jar.clone() }
    }
}

/// The service of [`CookieLayer`].
#[derive(Debug, Clone)]
pub struct Cookies<S> {
    inner: S,
    jar: CookieJar,
}

impl<S, A, B> Service<Request<A>> for Cookies<S>
where
    S: Service<Request<A>, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Baking<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let place = request.uri().clone();
        if let Some(kept) = self.jar.cookies(&place) {
            // RFC 6265bis §5.8.1: one field, so what the caller has joins what the jar has.
            let own = request.headers().get_all(COOKIE);
            let fields: Vec<&[u8]> = own.iter().chain([&kept]).map(HeaderValue::as_bytes).collect();
            let field = fields.join(&b"; "[..]);
            if let Ok(mut value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(field)) {
                value.set_sensitive(true);
                request.headers_mut().insert(COOKIE, value);
            }
        }
        Baking { inner: self.inner.call(request), jar: self.jar.clone(), place }
    }
}

pin_project! {
    /// The future of [`Cookies`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Baking<F> {
        #[pin]
        inner: F,
        jar: CookieJar,
        place: Uri,
    }
}

impl<F, B, E> Future for Baking<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        for field in response.headers().get_all(SET_COOKIE) {
            this.jar.store(this.place, field.as_bytes());
        }
        Poll::Ready(Ok(response))
    }
}

impl<F> fmt::Debug for Baking<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baking").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use minato_service::service_fn;

    use super::*;

    #[test]
    fn what_the_jar_has_joins_all_the_caller_has() {
        let jar = CookieJar::new();
        jar.store(&Uri::from_static("http://a/"), b"kept=3");
        let told = service_fn(|request: Request<()>| async move {
            let fields: Vec<_> = request.headers().get_all(COOKIE).iter().cloned().collect();
            Ok::<_, Infallible>(Response::new(fields))
        });
        let request = Request::get("http://a/").header(COOKIE, "own=1").header(COOKIE, "other=2");
        let answer = CookieLayer::new(jar).layer(told).call(request.body(()).unwrap());
        let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(answer).unwrap().into_body(), ["own=1; other=2; kept=3"]);
    }
}
