//! TLS: our two sides with each other, and each with rustls over blocking sockets, OpenSSL and curl.

mod authority;
mod configuration;
mod end;
mod handshakes;
mod peers;
mod transfer;

use minato_net::UnixStream;
use minato_net::tls::{TlsAcceptor, TlsConnector, TlsStream};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;

/// Runs a test on both flavours.
fn run<F: Future<Output = ()>>(test: impl Fn() -> F) {
    Builder::new_current_thread().build().unwrap().block_on(test());
    Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(test());
}

/// The two ends of a connection whose handshake is over: the client's, the server's.
async fn connected(
    connector: &TlsConnector,
    acceptor: &TlsAcceptor,
) -> (TlsStream<UnixStream>, TlsStream<UnixStream>) {
    let (near, far) = UnixStream::pair().unwrap();
    let acceptor = acceptor.clone();
    let accepting = spawn(async move { acceptor.accept(far).await });
    let client = connector.connect("localhost", near).await.unwrap();
    (client, accepting.await.unwrap().unwrap())
}
