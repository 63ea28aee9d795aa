//! The request of another attempt.

/// Makes the copies of a request that further attempts are made with.
///
/// Functions from a request to a copy are such; they make none where there is to be no further attempt.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not copy requests of `{Request}`",
    note = "`StandardPolicy::new` copies requests that are `Clone`; `clone_with` takes `Replay`, for \
            `http::Request<ReplayBody<_>>`, or a function `Fn(&{Request}) -> Option<{Request}>`"
)]
pub trait CloneRequest<Request> {
    /// A copy of the request, or none where there can be none.
    fn clone_request(&self, request: &Request) -> Option<Request>;

    /// Whether the copy can still be used, now that the attempt before it is over.
    fn is_whole(&self, copy: &Request) -> bool {
        let _ = copy;
        true
    }

    /// Tells the copy which attempt it is for: the second is number two.
    fn number(&self, copy: &mut Request, attempt: u32) {
        let _ = (copy, attempt);
    }
}

/// Copies requests by cloning them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cloned(());

impl Cloned {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl<Request: Clone> CloneRequest<Request> for Cloned {
    fn clone_request(&self, request: &Request) -> Option<Request> {
        Some(request.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<F, Request> CloneRequest<Request> for F
where
    F: Fn(&Request) -> Option<Request>,
{
    fn clone_request(&self, request: &Request) -> Option<Request> {
        self(request)
    }
}
