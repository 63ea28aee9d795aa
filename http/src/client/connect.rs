//! How a client makes connections.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use http::Uri;
use minato_runtime::io::{AsyncRead, AsyncWrite};

use crate::h1::encode::Forwarding;

/// A connection of any kind.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(super) type BoxIo = Box<dyn Io>;

/// What two sides have agreed to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreed {
    Http1,
    Http2,
}

/// A connection that can be spoken on.
pub(super) struct Connected {
    pub(super) io: BoxIo,
    /// What was agreed on, where the way of connecting has a word for that.
    pub(super) agreed: Option<Agreed>,
    /// It leads to a proxy that requests are given to.
    pub(super) forwarding: Option<Arc<Forwarding>>,
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<BoxIo>> + Send>>;

/// Makes a connection to the host of a URI.
#[derive(Clone)]
pub(super) struct Connector {
    connect: Arc<dyn Fn(Uri) -> Connecting + Send + Sync>,
}

impl Connector {
    pub(super) fn new<F, Fut, T>(connect: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let connect = move |uri| -> Connecting {
            let connecting = connect(uri);
            Box::pin(async move { Ok(Box::new(connecting.await?) as BoxIo) })
        };
        Self { connect: Arc::new(connect) }
    }

    pub(super) fn connect(&self, uri: Uri) -> Connecting {
        (self.connect)(uri)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}
