//! HTTPS over HTTP/1.1 and HTTP/2, with certificates that are replaced without a restart.
//!
//! ```text
//! openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
//!     -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
//! cargo run --bin tls-server -- 127.0.0.1:3443 cert.pem key.pem
//! curl --cacert cert.pem https://localhost:3443/
//! kill -HUP %1    # after the files have changed
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use http::Request;
use minato_examples::asked_to_end;
use minato_examples::certificate::CertificateFiles;
use minato_http::{ALPN, Body, BoxError, ConnInfo, Drain, Server, handler_fn};
use minato_net::tls::{IdentityStore, TlsAcceptor};
use minato_runtime::spawn;

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3443".to_owned());
    let files = CertificateFiles::from_args(&mut args);

    let certificates = IdentityStore::new(files.read().await?);
    let acceptor = TlsAcceptor::builder(certificates.clone()).alpn(ALPN).build()?;
    drop(spawn(files.reload(certificates)?));
    let server = Server::bind(address).tls(acceptor).listen().await?;
    println!("listening on {}", server.local_addr()?);

    let drain = Drain::within(Duration::from_secs(5));
    let report = server.graceful(asked_to_end(), drain).serve(handler_fn(describe)).await?;
    println!("{} finished, {} cut", report.drained, report.cut);
    Ok(())
}

/// Says what the handshake came to.
async fn describe(request: Request<Body>) -> String {
    let version = request.version();
    match request.extensions().get::<ConnInfo>().and_then(ConnInfo::tls) {
        Some(tls) => format!("{version:?} over {:?}, {:?}\n", tls.version, tls.cipher_suite),
        None => format!("{version:?} in the clear\n"),
    }
}
