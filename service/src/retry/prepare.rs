//! What a further attempt is told of the one before.

/// Changes the request of a further attempt, with the outcome of the one before in view. Functions of both do.
pub trait Prepare<Request, Response, Error> {
    /// Changes the request.
    fn prepare(&self, request: &mut Request, outcome: &Result<Response, Error>);
}

/// Leaves requests as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unprepared(());

impl Unprepared {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl<Request, Response, Error> Prepare<Request, Response, Error> for Unprepared {
    fn prepare(&self, _: &mut Request, _: &Result<Response, Error>) {}
}

#[diagnostic::do_not_recommend]
impl<F, Request, Response, Error> Prepare<Request, Response, Error> for F
where
    F: Fn(&mut Request, &Result<Response, Error>),
{
    fn prepare(&self, request: &mut Request, outcome: &Result<Response, Error>) {
        self(request, outcome);
    }
}
