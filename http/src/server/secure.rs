//! Serving TLS, feature `tls`.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use minato_net::tls::rustls::pki_types::CertificateDer;
use minato_net::tls::rustls::{CipherSuite, ProtocolVersion};
use minato_net::tls::{TlsAcceptor, TlsStream};
use minato_runtime::io::{AsyncRead, AsyncWrite};

use super::Server;
use super::callee::Callee;
use super::config::ServerConfig;
use super::connection::{Opening, serve_opened};
use super::shutdown::Stage;
use super::stats::{Refusal, ServerEvent};
use crate::conn_info::ConnInfo;
use crate::error::{Error, Sent};

/// The protocols a server offers by ALPN, for [`TlsAcceptorBuilder::alpn`](minato_net::tls::TlsAcceptorBuilder::alpn).
pub const ALPN: [&str; 2] = ["h2", "http/1.1"];

impl<L> Server<L> {
    /// Serves TLS. Which protocol is spoken is agreed by ALPN where the acceptor [offers](ALPN) any.
    ///
    /// The time and the number of handshakes are limited by the acceptor; the time a connection has for its first
    /// request goes on from when it was accepted. Certificates are replaced through the acceptor's
    /// [`IdentityStore`](minato_net::tls::IdentityStore), without a restart.
    ///
    /// ```no_run
    /// use minato_http::{ALPN, Server, handler_fn};
    /// use minato_net::tls::{Identity, IdentityStore, TlsAcceptor};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let certificates = IdentityStore::new(Identity::from_pem_files("chain.pem", "key.pem")?);
    /// let acceptor = TlsAcceptor::builder(certificates.clone()).alpn(ALPN).build()?;
    /// let _ = Server::bind("0.0.0.0:443").tls(acceptor).serve(handler_fn(|_| async { "hello" })).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.config.tls = Some(acceptor);
        self
    }
}

/// What the TLS handshake of a connection came to; see [`ConnInfo::tls`].
///
/// On the side of a client, it is the server that has shown the certificates.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TlsInfo {
    /// The version.
    pub version: Option<ProtocolVersion>,
    /// The cipher suite.
    pub cipher_suite: Option<CipherSuite>,
    /// The protocol agreed on by ALPN.
    pub alpn: Option<Vec<u8>>,
    /// The name the client asked for (SNI).
    pub server_name: Option<String>,
    /// The certificates the client has shown, its own first. They have been verified.
    pub peer_certificates: Option<Vec<CertificateDer<'static>>>,
    /// Whether a session was resumed.
    pub is_resumed: bool,
}

impl TlsInfo {
    pub(crate) fn of<Io>(stream: &TlsStream<Io>) -> Self {
        let (_, connection) = stream.get_ref();
        Self {
            version: stream.protocol_version(),
            cipher_suite: connection.negotiated_cipher_suite().map(|suite| suite.suite()),
            alpn: stream.alpn_protocol().map(<[u8]>::to_vec),
            server_name: stream.server_name().map(str::to_owned),
            peer_certificates: stream.peer_certificates().map(<[_]>::to_vec),
            is_resumed: stream.is_resumed(),
        }
    }
}

impl ConnInfo {
    /// What the TLS handshake came to, where the server speaks TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.secured.as_deref()
    }
}

/// Whether the server speaks TLS.
pub(super) fn speaks_tls(config: &ServerConfig) -> bool {
    config.tls.is_some()
}

/// Serves a connection, under TLS if the server speaks that.
pub(super) async fn serve_secured<Io, C>(
    io: Io,
    callee: C,
    config: Arc<ServerConfig>,
    mut info: ConnInfo,
    mut opening: Opening,
) -> Result<(), Error>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: Callee,
{
    let Some(acceptor) = config.tls.clone() else {
        return serve_opened(io, callee, config, info, opening).await;
    };
    // Boxed, so that a connection without TLS does not carry the room for it.
    Box::pin(async move {
        let Some(stream) = handshake(&acceptor, io, &config, &mut opening).await? else { return Ok(()) };
        info.secured = Some(Arc::new(TlsInfo::of(&stream)));
        serve_opened(stream, callee, config, info, opening).await
    })
    .await
}

impl Opening {
    /// Ready when the time is up, or the server cuts what is left of its connections.
    fn poll_cut(&mut self, config: &ServerConfig, cx: &mut Context<'_>) -> Poll<()> {
        while self.guest.poll_changed(cx).is_ready() {}
        if self.guest.stage() == Stage::Aborting {
            self.guest.mark_cut();
            return Poll::Ready(());
        }
        self.poll_due(config, cx)
    }
}

/// `None` if the time or the server ended first.
async fn handshake<Io>(
    acceptor: &TlsAcceptor,
    io: Io,
    config: &ServerConfig,
    opening: &mut Opening,
) -> Result<Option<TlsStream<Io>>, Error>
where
    Io: AsyncRead + AsyncWrite + Unpin,
{
    let mut handshake = pin!(acceptor.accept(io));
    poll_fn(|cx| {
        if let Poll::Ready(made) = handshake.as_mut().poll(cx) {
            if made.is_err() {
                opening.guest.note(&ServerEvent::Refused(Refusal::Tls));
            }
            return Poll::Ready(made.map(Some).map_err(|error| Error::io(Sent::Nothing, error)));
        }
        // While the server drains, what has begun may still become a request.
        opening.poll_cut(config, cx).map(|()| Ok(None))
    })
    .await
}
