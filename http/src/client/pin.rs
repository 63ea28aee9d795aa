//! Keys of servers, pinned; feature `tls`.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minato_net::tls::rustls::server::ParsedCertificate;
use minato_net::tls::rustls::{CipherSuite, SupportedCipherSuite};
use minato_net::tls::{TlsConnector, TlsStream};

use crate::error::{Error, Kind};

/// Which hosts are trusted with which keys only.
///
/// A pin is the SHA-256 of the public key (`SubjectPublicKeyInfo`) in the server's own certificate, in base64, with `sha256//`
/// before it, as curl's `--pinnedpubkey` has it. It holds for as long as the key is kept, also in renewed certificates; a
/// second pin, of a key that is not in use yet, is the way to change. Certificates of authorities are not looked at:
/// anybody can show those.
///
/// ```
/// use minato_http::{Client, Pins};
///
/// let pins = Pins::new()
///     .host("api.example.com", "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")?
///     .host("*.example.org", "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=")?;
/// let client = Client::builder().pins(pins).build();
/// # drop(client);
/// # Ok::<(), minato_http::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Pins {
    pins: Vec<(Hosts, [u8; 32])>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    One(String),
    /// Those whose names end like this, its dot being the first byte.
    Below(String),
}

impl Hosts {
    /// Whether this host is among them, with the dot of the root behind it or without.
    fn covers(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        match self {
            Self::One(name) => name.eq_ignore_ascii_case(host),
            Self::Below(end) => {
                let at = host.len().checked_sub(end.len());
                at.is_some_and(|at| {
                    at > 0 && host.get(at..).is_some_and(|rest| rest.eq_ignore_ascii_case(end))
                })
            }
        }
    }
}

impl Pins {
    /// No pins: what the authorities say is enough.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts this host, or with `*.` before it those below it, with the key of this pin, and with those of its other pins.
    ///
    /// # Errors
    ///
    /// When this is no pin.
    pub fn host(mut self, host: &str, pin: &str) -> Result<Self, Error> {
        let hash = pin.strip_prefix("sha256//").and_then(|hash| STANDARD.decode(hash).ok()?.try_into().ok());
        let Some(hash) = hash else {
            return Err(Error::new(Kind::User("a pin is sha256// and the base64 of 32 bytes")));
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let hosts = match host.strip_prefix('*') {
            Some(end) if end.starts_with('.') => Hosts::Below(end.to_owned()),
            _ => Hosts::One(host.to_owned()),
        };
        self.pins.push((hosts, hash));
        Ok(self)
    }

    /// Whether a server that claims to be this host has shown one of its keys.
    pub(super) fn check<Io>(
        &self,
        host: &str,
        connector: &TlsConnector,
        stream: &TlsStream<Io>,
    ) -> io::Result<()> {
        let mut pins =
            self.pins.iter().filter(|(hosts, _)| hosts.covers(host)).map(|(_, hash)| hash).peekable();
        if pins.peek().is_none() {
            return Ok(());
        }
        let refused = |why| io::Error::new(io::ErrorKind::InvalidData, why);
        let shown = stream.peer_certificates().and_then(|shown| shown.first());
        let own = shown.ok_or_else(|| refused("the server has shown no certificate"))?;
        let own = ParsedCertificate::try_from(own).map_err(io::Error::other)?;
        let key = own.subject_public_key_info();
        let hash = sha256(connector, &key).ok_or_else(|| refused("the provider of TLS has no SHA-256"))?;
        match pins.any(|pin| pin[..] == hash[..]) {
            true => Ok(()),
            false => Err(refused("the key of the server is none of those that are pinned")),
        }
    }
}

/// SHA-256, by whoever provides the cryptography of the connection.
fn sha256(connector: &TlsConnector, data: &[u8]) -> Option<Vec<u8>> {
    let hash = connector.config().crypto_provider().cipher_suites.iter().find_map(|suite| {
        let is_sha256 = matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        );
        is_sha256.then_some(match suite {
            SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
            SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
        })
    })?;
    Some(hash.hash(data).as_ref().to_vec())
}
