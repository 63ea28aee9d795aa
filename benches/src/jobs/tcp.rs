//! A server that sends back what it gets.

use std::net::SocketAddr;

use super::super::platform::{AsyncReadExt, AsyncWriteExt, TcpListener, TcpStream, spawn};
use super::serve;
use crate::Workers;

/// Starts an echo server.
pub(crate) fn echo(workers: Workers) -> SocketAddr {
    serve(workers, |tell| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        tell.send(listener.local_addr().expect("an address")).expect("somebody asked");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            drop(spawn(answer(stream)));
        }
    })
}

async fn answer(mut stream: TcpStream) {
    let mut buf = [0; 4096];
    while let Ok(len @ 1..) = stream.read(&mut buf).await {
        if stream.write_all(&buf[..len]).await.is_err() {
            return;
        }
    }
}
