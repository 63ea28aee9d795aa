//! Which outcomes are failures.
//!
//! # Why and when
//!
//! A breaker, an adaptive limit, a throttle and the ejection of endpoints ask it of every call. What an error means is
//! the caller's knowledge: a `404` is an answer, a `503` is not.
//!
//! ```
//! use minato_service::breaker::BreakerLayer;
//! use minato_service::{Layer, service_fn};
//!
//! // The callee is to blame for five hundreds, and for errors.
//! let layer = BreakerLayer::new(0.5).failure_if(|result: &Result<u16, std::io::Error>| match result {
//!     Ok(status) => *status >= 500,
//!     Err(_) => true,
//! });
//! let service = layer.layer(service_fn(|_: ()| async { Ok::<_, std::io::Error>(404_u16) }));
//! # drop(service);
//! ```

/// Says which outcomes are failures. Functions from a result to a `bool` are classifiers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell failures among `Result<{Response}, {Error}>`",
    note = "a classifier is a function `Fn(&Result<{Response}, {Error}>) -> bool`, true for failures"
)]
pub trait Classifier<Response, Error> {
    /// Whether this outcome is a failure.
    fn is_failure(&self, result: &Result<Response, Error>) -> bool;
}

#[diagnostic::do_not_recommend]
impl<F, Response, Error> Classifier<Response, Error> for F
where
    F: Fn(&Result<Response, Error>) -> bool,
{
    #[inline]
    fn is_failure(&self, result: &Result<Response, Error>) -> bool {
        self(result)
    }
}

/// Every error is a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyError(());

impl<Response, Error> Classifier<Response, Error> for AnyError {
    #[inline]
    fn is_failure(&self, result: &Result<Response, Error>) -> bool {
        result.is_err()
    }
}

/// Nothing is a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFailure(());

impl<Response, Error> Classifier<Response, Error> for NoFailure {
    #[inline]
    fn is_failure(&self, _: &Result<Response, Error>) -> bool {
        false
    }
}
