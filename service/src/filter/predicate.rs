//! Who decides about a request.

use std::future::Future;

/// Decides about a request at once. Functions from a request to a result are predicates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not filter requests of `{Request}`",
    label = "given to a `filter`",
    note = "a predicate is a function `FnMut({Request}) -> Result<Inner, Error>`: it gives back the request for the \
            inner service, or the error that ends the call"
)]
pub trait Predicate<Request> {
    /// What the inner service is called with.
    type Request;
    /// Why a request is turned away.
    type Error;

    /// Lets the request through, changed or not, or turns it away.
    ///
    /// # Errors
    ///
    /// The reason for which the request is turned away.
    fn check(&mut self, request: Request) -> Result<Self::Request, Self::Error>;
}

#[diagnostic::do_not_recommend]
impl<F, Request, To, Error> Predicate<Request> for F
where
    F: FnMut(Request) -> Result<To, Error>,
{
    type Request = To;
    type Error = Error;

    fn check(&mut self, request: Request) -> Result<To, Error> {
        self(request)
    }
}

/// Decides about a request after a while. Functions from a request to a future of a result are async predicates.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not filter requests of `{Request}`",
    label = "given to a `filter_async`",
    note = "an async predicate is a function `FnMut({Request}) -> impl Future<Output = Result<Inner, Error>>`"
)]
pub trait AsyncPredicate<Request> {
    /// The decision.
    type Future: Future<Output = Result<Self::Request, Self::Error>>;
    /// What the inner service is called with.
    type Request;
    /// Why a request is turned away.
    type Error;

    /// Lets the request through, changed or not, or turns it away.
    fn check(&mut self, request: Request) -> Self::Future;
}

#[diagnostic::do_not_recommend]
impl<F, Request, Fut, To, Error> AsyncPredicate<Request> for F
where
    F: FnMut(Request) -> Fut,
    Fut: Future<Output = Result<To, Error>>,
{
    type Future = Fut;
    type Request = To;
    type Error = Error;

    fn check(&mut self, request: Request) -> Fut {
        self(request)
    }
}
