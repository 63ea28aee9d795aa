//! Connecting over TLS, feature `tls`.

use std::sync::{Arc, OnceLock};

use minato_net::tls::TlsConnector;

use super::ClientBuilder;
use super::config::Speak;
use super::connect::{Agreed, BoxIo, Connected};
use super::key::Key;
use super::pin::Pins;
use crate::conn_info::ConnInfo;
use crate::error::{Error, Kind};
use crate::server::secure::{ALPN, TlsInfo};

/// What makes TLS connections.
#[derive(Debug, Default)]
pub(super) struct Tls {
    chosen: Option<TlsConnector>,
    /// Made when it is first needed: whoever never does needs no roots.
    usual: OnceLock<TlsConnector>,
    pins: Pins,
}

impl ClientBuilder {
    /// Makes TLS connections, those to `https` URIs, with this connector: for roots, client certificates or a provider
    /// of one's own. Which protocols are offered by ALPN is the connector's affair.
    ///
    /// Without it, servers are verified against the roots of the features `tls-system-roots` or `tls-bundled-roots`.
    ///
    /// ```
    /// # fn example(authority: &[u8]) -> Result<minato_http::Client, Box<dyn std::error::Error>> {
    /// use minato_http::{ALPN, Client};
    /// use minato_net::tls::{Roots, TlsConnector};
    ///
    /// let roots = Roots::empty().with_pem(authority)?;
    /// let connector = TlsConnector::builder().roots(roots).alpn(ALPN).build()?;
    /// Ok(Client::builder().tls(connector).build())
    /// # }
    /// ```
    pub fn tls(mut self, connector: TlsConnector) -> Self {
        self.tls.chosen = Some(connector);
        self
    }

    /// Trusts certain hosts only with certain keys, beside all that is asked of their certificates otherwise. A host that
    /// shows another gets no request.
    pub fn pins(mut self, pins: Pins) -> Self {
        self.tls.pins = pins;
        self
    }
}

impl Tls {
    /// Runs the handshake on a connection to this place.
    pub(super) async fn secure(
        &self,
        key: &Key,
        speak: Speak,
        io: BoxIo,
        mut info: ConnInfo,
    ) -> Result<Connected, Error> {
        let connector = self.connector(speak)?;
        let failed = |error| Error::with_source(Kind::Connect, error);
        let stream = connector.connect(key.host().to_owned(), io).await.map_err(failed)?;
        self.pins.check(key.host(), connector, &stream).map_err(failed)?;
        let agreed = match stream.alpn_protocol() {
            Some(b"h2") => Agreed::Http2,
            _ => Agreed::Http1,
        };
        info.secured = Some(Arc::new(TlsInfo::of(&stream)));
        Ok(Connected { io: Box::new(stream), agreed: Some(agreed), forwarding: None, info })
    }

    fn connector(&self, speak: Speak) -> Result<&TlsConnector, Error> {
        if let Some(connector) = self.chosen.as_ref().or_else(|| self.usual.get()) {
            return Ok(connector);
        }
        let offered = match speak {
            Speak::Negotiated => &ALPN[..],
            Speak::Http1 => &ALPN[1..],
            Speak::Http2PriorKnowledge => &ALPN[..1],
        };
        let made = TlsConnector::builder().alpn(offered).build();
        let made = made.map_err(|error| Error::with_source(Kind::Connect, error))?;
        Ok(self.usual.get_or_init(|| made))
    }
}
