//! How a client makes connections.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use minato_runtime::io::{AsyncRead, AsyncWrite};

use crate::conn_info::ConnInfo;
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
    /// What is known of it.
    pub(super) info: ConnInfo,
}

/// A connection before anything was said on it.
pub(super) struct Dialed {
    pub(super) io: BoxIo,
    /// Its addresses, where they are known.
    pub(super) info: ConnInfo,
    /// How long it took to look its name up, where that was done.
    pub(super) lookup: Option<Duration>,
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<Dialed>> + Send>>;

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
        Self::dialing(move |uri| {
            let connecting = connect(uri);
            async move { Ok(Dialed { io: Box::new(connecting.await?), info: ConnInfo::default(), lookup: None }) }
        })
    }

    /// As `new`, of what knows more about its connections.
    pub(super) fn dialing<F, Fut>(connect: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<Dialed>> + Send + 'static,
    {
        Self { connect: Arc::new(move |uri| Box::pin(connect(uri))) }
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
