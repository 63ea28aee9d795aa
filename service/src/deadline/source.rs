//! Where a request keeps its deadline.

use super::Deadline;

/// A request with a place for its deadline.
///
/// With the feature `http`, `http::Request` is one: the place is its extensions.
#[diagnostic::on_unimplemented(
    message = "requests of `{Self}` have no place for a deadline",
    note = "with the feature `http`, `http::Request` has one; for others, `DeadlineLayer::from_fn` reads the \
            deadline with a function"
)]
pub trait CarriesDeadline {
    /// The deadline of the request.
    fn deadline(&self) -> Option<Deadline>;

    /// Gives the request a deadline.
    fn set_deadline(&mut self, deadline: Deadline);
}

#[cfg(feature = "http")]
impl<B> CarriesDeadline for http::Request<B> {
    fn deadline(&self) -> Option<Deadline> {
        self.extensions().get().copied()
    }

    fn set_deadline(&mut self, deadline: Deadline) {
        self.extensions_mut().insert(deadline);
    }
}

/// Reads the deadline of a request. Functions from a request to a deadline are sources.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell the deadline of requests of `{Request}`",
    note = "a source is `FromRequest`, for requests that carry their deadline, or a function \
            `Fn(&{Request}) -> Option<Deadline>`"
)]
pub trait DeadlineSource<Request> {
    /// The deadline of `request`.
    fn deadline(&self, request: &Request) -> Option<Deadline>;

    /// Makes the deadline that binds known to the request.
    fn bind(&self, request: &mut Request, deadline: Deadline) {
        let _ = (request, deadline);
    }
}

/// Reads the deadline a request carries, and writes the one that binds back.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct FromRequest;

impl<Request: CarriesDeadline> DeadlineSource<Request> for FromRequest {
    fn deadline(&self, request: &Request) -> Option<Deadline> {
        request.deadline()
    }

    fn bind(&self, request: &mut Request, deadline: Deadline) {
        request.set_deadline(deadline);
    }
}

#[diagnostic::do_not_recommend]
impl<F, Request> DeadlineSource<Request> for F
where
    F: Fn(&Request) -> Option<Deadline>,
{
    fn deadline(&self, request: &Request) -> Option<Deadline> {
        self(request)
    }
}
