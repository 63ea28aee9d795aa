//! A policy of another trait, taken by its methods.

use std::fmt;
use std::future::Future;

use super::Policy;

/// A policy that implements another trait than [`Policy`], tower's for one: taken by the two methods it has.
///
/// What was written for `tower::retry::Policy`, in a crate that cannot be changed, is given with the paths of that trait's
/// methods:
///
/// ```
/// # mod tower {
/// #     pub mod retry {
/// #         pub trait Policy<Req, Res, E> {
/// #             type Future: Future<Output = ()>;
/// #             fn retry(&mut self, req: &mut Req, result: &mut Result<Res, E>) -> Option<Self::Future>;
/// #             fn clone_request(&mut self, req: &Req) -> Option<Req>;
/// #         }
/// #     }
/// # }
/// # #[derive(Clone)]
/// # struct Attempts(u32);
/// # impl tower::retry::Policy<u32, u32, std::io::Error> for Attempts {
/// #     type Future = std::future::Ready<()>;
/// #     fn retry(&mut self, _: &mut u32, _: &mut Result<u32, std::io::Error>) -> Option<Self::Future> { None }
/// #     fn clone_request(&mut self, request: &u32) -> Option<u32> { Some(*request) }
/// # }
/// use minato_service::retry::AdaptedPolicy;
/// use minato_service::{ServiceBuilder, service_fn};
///
/// let policy = AdaptedPolicy::new(Attempts(3), tower::retry::Policy::retry, tower::retry::Policy::clone_request);
/// let service = ServiceBuilder::new()
///     .retry(policy)
///     .service(service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) }));
/// # let _ = minato_service::ServiceExt::<u32>::boxed_clone(service);
/// ```
#[derive(Clone, Copy)]
pub struct AdaptedPolicy<P, R, C> {
    policy: P,
    retry: R,
    clone_request: C,
}

impl<P, R, C> AdaptedPolicy<P, R, C> {
    /// Asks `policy` by the methods `retry` and `clone_request`, which do what those of [`Policy`] do.
    pub const fn new<F, Request, Response, Error>(policy: P, retry: R, clone_request: C) -> Self
    where
        R: FnMut(&mut P, &mut Request, &mut Result<Response, Error>) -> Option<F>,
        C: FnMut(&mut P, &Request) -> Option<Request>,
    {
        Self { policy, retry, clone_request }
    }
}

impl<P, R, C, F, Request, Response, Error> Policy<Request, Response, Error> for AdaptedPolicy<P, R, C>
where
    R: FnMut(&mut P, &mut Request, &mut Result<Response, Error>) -> Option<F>,
    C: FnMut(&mut P, &Request) -> Option<Request>,
    F: Future<Output = ()>,
{
    type Future = F;

    fn retry(&mut self, request: &mut Request, result: &mut Result<Response, Error>) -> Option<F> {
        (self.retry)(&mut self.policy, request, result)
    }

    fn clone_request(&mut self, request: &Request) -> Option<Request> {
        (self.clone_request)(&mut self.policy, request)
    }
}

impl<P: fmt::Debug, R, C> fmt::Debug for AdaptedPolicy<P, R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptedPolicy").field("policy", &self.policy).finish_non_exhaustive()
    }
}
