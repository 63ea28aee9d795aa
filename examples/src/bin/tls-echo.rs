//! Sends back what it receives over TLS, and takes a new certificate without a restart.
//!
//! ```text
//! openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
//!     -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
//! cargo run --bin tls-echo -- 127.0.0.1:7003 cert.pem key.pem
//! openssl s_client -quiet -connect 127.0.0.1:7003 -CAfile cert.pem
//! kill -HUP %1    # after the files have changed
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::io;

use minato_examples::asked_to_end;
use minato_examples::certificate::CertificateFiles;
use minato_net::accept::{AcceptLoop, ConnectionLimits, LimitedAcceptLoop};
use minato_net::tls::{IdentityStore, TlsAcceptor};
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::{AsyncWriteExt, copy, split};
use minato_runtime::{select, spawn};

#[minato_runtime::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:7003".to_owned());
    let files = CertificateFiles::from_args(&mut args);
    let store = IdentityStore::new(files.read().await?);
    let acceptor = TlsAcceptor::builder(store.clone()).build()?;
    let listener = TcpListener::bind(address).await?;
    let reloads = files.reload(store)?;
    println!("listening on {}", listener.local_addr()?);
    let connections = LimitedAcceptLoop::new(AcceptLoop::new(listener), ConnectionLimits::default());
    select! {
        () = accept(connections, acceptor) => {}
        () = reloads => {}
        () = asked_to_end() => {}
    }
    Ok(())
}

async fn accept(mut connections: LimitedAcceptLoop<TcpListener>, acceptor: TlsAcceptor) {
    loop {
        let (stream, peer, admission) = connections.accept().await;
        let acceptor = acceptor.clone();
        // The handshake is the connection's own affair: a slow one keeps nobody else waiting.
        drop(spawn(async move {
            if let Err(error) = echo(stream, acceptor).await {
                eprintln!("{peer}: {error}");
            }
            drop(admission);
        }));
    }
}

async fn echo(stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<u64> {
    let stream = acceptor.accept(stream).await?;
    let (mut read, mut write) = split(stream);
    let copied = copy(&mut read, &mut write).await?;
    write.shutdown().await?;
    Ok(copied)
}
