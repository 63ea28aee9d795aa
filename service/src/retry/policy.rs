//! Who decides about another attempt.

use std::future::Future;

/// Decides, after each attempt of a request, whether there is another.
///
/// A clone of the policy accompanies each request, so its fields may count attempts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a retry policy for requests of `{Request}` answered with `Result<{Response}, {Error}>`",
    label = "given to `retry`",
    note = "`StandardPolicy` is one for requests that are `Clone` where its classifier takes \
            `&Result<{Response}, {Error}>`"
)]
pub trait Policy<Request, Response, Error> {
    /// The wait before the next attempt.
    type Future: Future<Output = ()>;

    /// Asks for another attempt, which begins when the future completes, or accepts the outcome with `None`.
    ///
    /// The request for the next attempt and the outcome may be changed.
    fn retry(&mut self, request: &mut Request, result: &mut Result<Response, Error>) -> Option<Self::Future>;

    /// A copy of the request for a later attempt, or `None` where there cannot be one.
    fn clone_request(&mut self, request: &Request) -> Option<Request>;
}
