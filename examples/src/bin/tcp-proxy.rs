//! Passes connections on to another address.
//!
//! ```text
//! cargo run --bin tcp-proxy -- 127.0.0.1:7002 example.com:80
//! curl -H 'host: example.com' http://127.0.0.1:7002/
//! ```
//!
//! Large pieces go from socket to socket inside the kernel; `strace -f -e trace=splice` shows it.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use minato_examples::asked_to_end;
use minato_net::accept::{AcceptLoop, ConnectionLimits, LimitedAcceptLoop};
use minato_net::{Dialer, TcpListener, TcpStream, copy_bidirectional};
use minato_runtime::{select, spawn};

/// Where connections go.
struct Target {
    dialer: Dialer,
    host: String,
    port: u16,
}

#[minato_runtime::main]
async fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:7002".to_owned());
    let target = args.next().unwrap_or_else(|| "127.0.0.1:7000".to_owned());
    let Some((host, Ok(port))) = target.rsplit_once(':').map(|(host, port)| (host, port.parse())) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the target is a host, a colon and a port"));
    };
    let dialer = Dialer::new().timeout(Duration::from_secs(10)).nodelay(true);
    let target = Arc::new(Target { dialer, host: host.trim_matches(['[', ']']).to_owned(), port });
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let connections = LimitedAcceptLoop::new(AcceptLoop::new(listener), ConnectionLimits::default());
    select! {
        () = accept(connections, target) => {}
        () = asked_to_end() => {}
    }
    Ok(())
}

async fn accept(mut connections: LimitedAcceptLoop<TcpListener>, target: Arc<Target>) {
    loop {
        let (stream, peer, admission) = connections.accept().await;
        let target = target.clone();
        drop(spawn(async move {
            if let Err(error) = pass_on(stream, &target).await {
                eprintln!("{peer}: {error}");
            }
            drop(admission);
        }));
    }
}

async fn pass_on(mut near: TcpStream, target: &Target) -> io::Result<(u64, u64)> {
    near.set_nodelay(true)?;
    let mut far = target.dialer.connect(&target.host, target.port).await?;
    copy_bidirectional(&mut near, &mut far).await
}
