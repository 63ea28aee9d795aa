//! A service that is still in the making.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tower_service::Service;

/// A service that becomes ready once a future has made it.
///
/// ```
/// use std::convert::Infallible;
/// use minato_service::{FutureService, ServiceExt, service_fn};
///
/// let connecting = Box::pin(async {
///     Ok::<_, Infallible>(service_fn(|n: u32| async move { Ok::<_, Infallible>(n) }))
/// });
/// let reply = FutureService::new(connecting).oneshot(1);
/// # drop(reply);
/// ```
#[derive(Clone)]
pub struct FutureService<F, S> {
    state: State<F, S>,
}

#[derive(Clone)]
enum State<F, S> {
    Making(F),
    Made(S),
}

/// The service `future` makes; [`FutureService::new`] by tower's name.
pub const fn future_service<F, S, Error>(future: F) -> FutureService<F, S>
where
    F: Future<Output = Result<S, Error>> + Unpin,
{
    FutureService::new(future)
}

impl<F, S> FutureService<F, S> {
    /// The service `future` makes.
    pub const fn new(future: F) -> Self {
        Self { state: State::Making(future) }
    }
}

impl<F, S> fmt::Debug for FutureService<F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureService").finish_non_exhaustive()
    }
}

impl<F, S, Request, Error> Service<Request> for FutureService<F, S>
where
    F: Future<Output = Result<S, Error>> + Unpin,
    S: Service<Request>,
    Error: Into<S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        loop {
            match &mut self.state {
                State::Making(future) => {
                    let service = ready!(Pin::new(future).poll(cx)).map_err(Into::into)?;
                    self.state = State::Made(service);
                }
                State::Made(service) => return service.poll_ready(cx),
            }
        }
    }

    /// # Panics
    ///
    /// If `poll_ready` has not answered since the last call.
    fn call(&mut self, request: Request) -> S::Future {
        match &mut self.state {
            State::Making(_) => panic!("`poll_ready` answers before `call`"),
            State::Made(service) => service.call(request),
        }
    }
}
