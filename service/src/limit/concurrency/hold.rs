//! How long a call keeps its place.

use crate::limit::permits::Permit;

/// Says until when a call keeps its place: until it is answered, or beyond that.
///
/// With the feature `http`, `UntilBodyEnd` is beyond it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a place for responses of `{Response}`",
    note = "`UntilBodyEnd` holds it for `http::Response` with an `http_body::Body`"
)]
pub trait Hold<Response>: sealed::Sealed {
    /// The response, which may now keep the place.
    type Response;

    #[doc(hidden)]
    fn hold(response: Response, permit: HeldPermit) -> Self::Response;
}

/// A place that is given up when this is dropped.
#[derive(Debug)]
pub struct HeldPermit(#[expect(dead_code, reason = "held for its destructor")] pub(super) Permit);

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::UntilResponse {}
    #[cfg(feature = "http")]
    impl Sealed for super::super::UntilBodyEnd {}
}

/// A call leaves its place when it is answered.
#[derive(Debug, Clone, Copy, Default)]
pub struct UntilResponse(());

impl<Response> Hold<Response> for UntilResponse {
    type Response = Response;

    #[inline]
    fn hold(response: Response, _: HeldPermit) -> Response {
        response
    }
}
