//! A service of a function that blocks.

use std::fmt;
use std::task::{Context, Poll};

use tower_service::Service;

use super::{OffloadError, ResponseFuture};
use crate::clock::spawn_blocking;
use crate::deadline::Deadline;

/// Makes a service of a function that may block, which is run on the threads the runtime keeps for that.
pub fn blocking_fn<F>(function: F) -> BlockingFn<F> {
    BlockingFn { function }
}

/// A service made by [`blocking_fn`].
#[derive(Clone, Copy)]
pub struct BlockingFn<F> {
    function: F,
}

impl<F> fmt::Debug for BlockingFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingFn").finish_non_exhaustive()
    }
}

impl<F, Request, Response, Error> Service<Request> for BlockingFn<F>
where
    F: FnOnce(Request) -> Result<Response, Error> + Clone + Send + 'static,
    Request: Send + 'static,
    Response: Send + 'static,
    Error: Send + 'static,
{
    type Response = Response;
    type Error = OffloadError<Error>;
    type Future = ResponseFuture<Response, Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    /// # Panics
    ///
    /// Outside a runtime.
    fn call(&mut self, request: Request) -> Self::Future {
        let (function, deadline) = (self.function.clone(), Deadline::current());
        ResponseFuture::new(spawn_blocking(move || match deadline {
            Some(deadline) => deadline.sync_scope(|| function(request)),
            None => function(request),
        }))
    }
}
