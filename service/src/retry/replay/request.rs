//! Copies of requests whose bodies can be sent again.

use http_body::Body;

use super::ReplayBody;
use crate::retry::CloneRequest;

/// Copies requests with [`ReplayBody`]s, and numbers them with [`Attempt`]; for
/// [`StandardPolicy::clone_with`](crate::retry::StandardPolicy::clone_with).
#[derive(Debug, Clone, Copy, Default)]
pub struct Replay(());

impl Replay {
    /// The copier.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Which attempt a request is, in its extensions: from two up. The first has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u32);

/// In the extensions of a request: it is to be made once, whatever becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoRetry;

impl<B: Body> CloneRequest<http::Request<ReplayBody<B>>> for Replay {
    fn clone_request(&self, request: &http::Request<ReplayBody<B>>) -> Option<http::Request<ReplayBody<B>>> {
        if request.extensions().get::<NoRetry>().is_some() {
            return None;
        }
        let mut copy = http::Request::new(request.body().try_clone()?);
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        *copy.headers_mut() = request.headers().clone();
        *copy.extensions_mut() = request.extensions().clone();
        Some(copy)
    }

    fn is_whole(&self, copy: &http::Request<ReplayBody<B>>) -> bool {
        copy.body().is_whole()
    }

    fn number(&self, copy: &mut http::Request<ReplayBody<B>>, attempt: u32) {
        copy.extensions_mut().insert(Attempt(attempt));
    }
}
