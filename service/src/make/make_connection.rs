//! The trait of what makes connections.

use std::future::Future;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::clock::{AsyncRead, AsyncWrite};

mod sealed {
    pub trait Sealed<Target> {}
}

/// A service that makes connections: streams of bytes, read and written by the runtime's traits.
///
/// Every `Service<Target>` whose response is an [`AsyncRead`](minato_runtime::io::AsyncRead) and an
/// [`AsyncWrite`](minato_runtime::io::AsyncWrite) is one; it cannot be implemented otherwise.
///
/// ```
/// use std::convert::Infallible;
/// use minato_service::make::MakeConnection;
/// use minato_service::service_fn;
///
/// fn connector() -> impl MakeConnection<&'static str, Error = Infallible> {
///     service_fn(|_: &'static str| async { Ok::<_, Infallible>(minato_runtime::io::duplex(64).0) })
/// }
/// let connecting = connector().make_connection("127.0.0.1:80");
/// # drop(connecting);
/// ```
pub trait MakeConnection<Target>: sealed::Sealed<Target> {
    /// The connection.
    type Connection: AsyncRead + AsyncWrite;
    /// What making one fails with.
    type Error;
    /// A connection in the making.
    type Future: Future<Output = Result<Self::Connection, Self::Error>>;

    /// Asks whether a connection can be made now.
    ///
    /// # Errors
    ///
    /// What the maker fails with.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;

    /// Makes a connection to `target`.
    fn make_connection(&mut self, target: Target) -> Self::Future;
}

impl<S, Target> sealed::Sealed<Target> for S where S: Service<Target> {}

impl<S, C, Target> MakeConnection<Target> for S
where
    S: Service<Target, Response = C>,
    C: AsyncRead + AsyncWrite,
{
    type Connection = C;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Service::poll_ready(self, cx)
    }

    fn make_connection(&mut self, target: Target) -> S::Future {
        self.call(target)
    }
}
