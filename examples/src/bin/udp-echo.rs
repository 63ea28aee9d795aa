//! Sends back every datagram to whoever sent it.
//!
//! ```text
//! cargo run --bin udp-echo -- 127.0.0.1:7001
//! nc -u 127.0.0.1 7001
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::io;

use minato_examples::asked_to_end;
use minato_net::UdpSocket;
use minato_runtime::select;

#[minato_runtime::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7001".to_owned());
    let socket = UdpSocket::bind(address).await?;
    println!("listening on {}", socket.local_addr()?);
    select! {
        () = echo(&socket) => {}
        () = asked_to_end() => {}
    }
    Ok(())
}

async fn echo(socket: &UdpSocket) {
    // No datagram is larger.
    let mut buf = vec![0; 65_535];
    loop {
        // An error tells the fate of an earlier answer, whose receiver may have gone; others are still served.
        if let Ok((len, peer)) = socket.recv_from(&mut buf).await {
            let _ = socket.send_to(&buf[..len], peer).await;
        }
    }
}
