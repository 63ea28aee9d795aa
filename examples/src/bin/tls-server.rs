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
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::io;
use std::time::Duration;

use http::Request;
use minato_examples::asked_to_end;
use minato_http::{ALPN, Body, BoxError, ConnInfo, Drain, Server, handler_fn};
use minato_net::tls::{ConfigError, Identity, IdentityStore, TlsAcceptor};
use minato_runtime::signal::unix::{Signal, SignalKind, signal};
use minato_runtime::spawn;
use minato_runtime::task::spawn_blocking;

/// Where the certificate and its key are.
#[derive(Clone)]
struct Files {
    certificate: String,
    key: String,
}

impl Files {
    async fn read(&self) -> Result<Identity, ConfigError> {
        let files = self.clone();
        let read = spawn_blocking(move || Identity::from_pem_files(files.certificate, files.key));
        read.await.map_err(io::Error::from)?
    }
}

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3443".to_owned());
    let certificate = args.next().unwrap_or_else(|| "cert.pem".to_owned());
    let files = Files { certificate, key: args.next().unwrap_or_else(|| "key.pem".to_owned()) };

    let certificates = IdentityStore::new(files.read().await?);
    let acceptor = TlsAcceptor::builder(certificates.clone()).alpn(ALPN).build()?;
    let hangups = signal(SignalKind::hangup())?;
    let server = Server::bind(address).tls(acceptor).listen().await?;
    println!("listening on {}", server.local_addr()?);
    drop(spawn(reload(hangups, files, certificates)));

    let drain = Drain::within(Duration::from_secs(5));
    let report = server.graceful(asked_to_end(), drain).serve(handler_fn(describe)).await?;
    println!("{} finished, {} cut", report.drained, report.cut);
    Ok(())
}

/// Reads the files again at each SIGHUP, and keeps the old certificate if they are of no use.
async fn reload(mut hangups: Signal, files: Files, certificates: IdentityStore) {
    while hangups.recv().await.is_some() {
        match files.read().await {
            Ok(identity) => {
                certificates.replace(identity);
                println!("new certificate");
            }
            Err(error) => eprintln!("the certificate stays: {error}"),
        }
    }
}

/// Says what the handshake came to.
async fn describe(request: Request<Body>) -> String {
    let version = request.version();
    match request.extensions().get::<ConnInfo>().and_then(ConnInfo::tls) {
        Some(tls) => format!("{version:?} over {:?}, {:?}\n", tls.version, tls.cipher_suite),
        None => format!("{version:?} in the clear\n"),
    }
}
