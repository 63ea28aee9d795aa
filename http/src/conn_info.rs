//! What a handler can know about the connection of its request.

use std::net::SocketAddr;

/// The connection a request came on; among the extensions of every request.
///
/// ```
/// use minato_http::{Body, ConnInfo, Protocol};
///
/// fn who(request: &http::Request<Body>) -> String {
///     match request.extensions().get::<ConnInfo>() {
///         Some(ConnInfo { peer: Some(peer), protocol: Protocol::Http2, .. }) => format!("{peer}, over HTTP/2"),
///         Some(ConnInfo { peer: Some(peer), .. }) => peer.to_string(),
///         _ => "somebody".to_owned(),
///     }
/// }
/// # assert_eq!(who(&http::Request::new(Body::empty())), "somebody");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ConnInfo {
    /// The address of the peer; none on Unix sockets and pipes.
    pub peer: Option<SocketAddr>,
    /// The address of this side; none on Unix sockets and pipes.
    pub local: Option<SocketAddr>,
    /// What is spoken on the connection.
    pub protocol: Protocol,
}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
}

impl ConnInfo {
    /// A connection between these addresses.
    #[must_use]
    pub fn new(peer: Option<SocketAddr>, local: Option<SocketAddr>) -> Self {
        Self { peer, local, protocol: Protocol::default() }
    }
}
