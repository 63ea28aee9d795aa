//! Libraries of other worlds on our sockets, timers and tasks.

mod codecs;
mod futures_io;
mod h2;
mod hyper;
mod reqwest;
mod tokio_io;
mod web_sockets;

use minato_net::{TcpListener, TcpStream};

/// A server that serves one connection, and a connection to it.
async fn one_connection<F: Future<Output = ()> + Send + 'static>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (minato_runtime::task::JoinHandle<()>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = minato_runtime::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    (server, TcpStream::connect(address).await.unwrap())
}
