//! What middleware asks of a service that it calls from a future.

/// A service that can leave a clone behind: any that is `Clone`.
///
/// Middleware that calls the inner service after `call` has returned, or more than once, takes the readied instance
/// with it and leaves a clone in its place, see [`take_ready`](crate::take_ready). The name is an alias, so that the
/// compiler says which layers want it and why.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cloned, and a layer around it calls it from a future",
    label = "this service must be `Clone`",
    note = "`retry`, `hedge`, `from_fn`, `filter_async`, waiting limits, balancing and `Timeout::total` keep an instance \
            for later; derive `Clone`, put the shared part into an `Arc`, or place a `buffer` between"
)]
pub trait Reusable: Clone {}

#[diagnostic::do_not_recommend]
impl<S: Clone> Reusable for S {}
