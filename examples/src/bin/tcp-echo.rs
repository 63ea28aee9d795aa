//! Sends back what it receives, on every connection.
//!
//! ```text
//! cargo run --bin tcp-echo -- 127.0.0.1:7000
//! nc 127.0.0.1 7000
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::io;

use minato_examples::asked_to_end;
use minato_net::accept::AcceptLoop;
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::copy;
use minato_runtime::{select, spawn};

#[minato_runtime::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    select! {
        // Goes on when the process runs out of descriptors, so it never returns.
        () = accept(AcceptLoop::new(listener)) => {}
        () = asked_to_end() => {}
    }
    Ok(())
}

async fn accept(mut connections: AcceptLoop<TcpListener>) {
    loop {
        let (stream, _peer) = connections.accept().await;
        // A connection that breaks concerns nobody else.
        drop(spawn(echo(stream)));
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<u64> {
    let (mut read, mut write) = stream.split();
    copy(&mut read, &mut write).await
}
