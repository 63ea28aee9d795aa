//! TLS over any of our streams, with [`rustls`].
//!
//! - [`TlsConnector`]: the side that connects, and [`TlsAcceptor`]: the side that takes connections
//! - [`TlsStream`]: either side of a connection
//! - [`Identity`], [`Identities`], [`IdentityStore`]: certificates with their keys, replaced without a restart
//! - [`Roots`]: whom to trust
//! - [`LazyConfigAcceptor`]: a handshake whose configuration is chosen by what the client asks for
//!
//! Both sides are made from a configuration of rustls, or by builders that know the usual ones. Handshakes have a
//! deadline, and the accepting side takes a bounded number at a time. Sessions resume; early data is off, since it can be
//! replayed.
//!
//! A stream works on rustls' connection directly: bytes from the peer are received into rustls' own buffer, and
//! encrypted records leave from it, in one vectored write. A stream that ends without the peer's `close_notify` was cut,
//! and reading it ends with [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) and not with the end.
//!
//! What rustls finds wrong is an [`io::Error`](std::io::Error) of the kind
//! [`InvalidData`](std::io::ErrorKind::InvalidData) that holds a [`rustls::Error`].
//!
//! # Features
//!
//! `tls-aws-lc-rs` or `tls-ring` bring the cryptography (the first is taken if both are on and the process has not
//! [installed another](rustls::crypto::CryptoProvider::install_default)); `tls-system-roots` and `tls-bundled-roots`
//! bring the certificates of authorities.
#![cfg_attr(
    feature = "tls-ring",
    doc = r#"
```
use minato_net::tls::{Identity, Roots, TlsAcceptor, TlsConnector};
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};

let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
let identity = Identity::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes())?;
let acceptor = TlsAcceptor::builder(identity).alpn(["echo"]).build()?;
let connector = TlsConnector::builder()
    .roots(Roots::empty().with_pem(made.cert.pem().as_bytes())?)
    .alpn(["echo"])
    .build()?;

# let rt = minato_runtime::runtime::Runtime::new()?;
# rt.block_on(async {
let listener = TcpListener::bind("127.0.0.1:0").await?;
let address = listener.local_addr()?;
let server = minato_runtime::spawn(async move {
    let mut stream = acceptor.accept(listener.accept().await?.0).await?;
    stream.write_all(b"ahoy").await?;
    stream.shutdown().await
});
let mut stream = connector.connect("localhost", TcpStream::connect(address).await?).await?;
let mut text = String::new();
stream.read_to_string(&mut text).await?;
assert_eq!((text.as_str(), stream.alpn_protocol()), ("ahoy", Some(&b"echo"[..])));
server.await.unwrap()
# })?;
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]

mod acceptor;
mod acceptor_builder;
mod adapter;
mod connector;
mod error;
mod handshake;
mod identity;
mod identity_store;
mod lazy;
mod provider;
mod roots;
mod stream;
mod transfer;

pub use acceptor::TlsAcceptor;
pub use acceptor_builder::{ClientCertificates, TlsAcceptorBuilder};
pub use connector::{TlsConnector, TlsConnectorBuilder};
pub use error::ConfigError;
pub use identity::{Identities, Identity};
pub use identity_store::IdentityStore;
pub use lazy::{LazyConfigAcceptor, StartHandshake};
pub use roots::Roots;
pub use rustls;
pub use rustls::pki_types::ServerName;
pub use stream::TlsStream;
