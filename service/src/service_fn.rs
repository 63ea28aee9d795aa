//! A service from an async function.

use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};

use tower_service::Service;

/// Makes a [`Service`] of a function from a request to a future of a result.
///
/// ```
/// use std::convert::Infallible;
/// use minato_service::service_fn;
///
/// let double = service_fn(|n: u32| async move { Ok::<_, Infallible>(n * 2) });
/// # let _ = minato_service::ServiceExt::<u32>::boxed(double);
/// ```
pub fn service_fn<F>(function: F) -> ServiceFn<F> {
    ServiceFn { function }
}

/// A [`Service`] made by [`service_fn`].
#[derive(Clone, Copy)]
pub struct ServiceFn<F> {
    function: F,
}

impl<F> fmt::Debug for ServiceFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceFn").finish_non_exhaustive()
    }
}

impl<F, Request, Fut, Response, Error> Service<Request> for ServiceFn<F>
where
    F: FnMut(Request) -> Fut,
    Fut: Future<Output = Result<Response, Error>>,
{
    type Response = Response;
    type Error = Error;
    type Future = Fut;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Fut {
        (self.function)(request)
    }
}
