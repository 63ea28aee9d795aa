//! A room where everybody reads what anybody writes, line by line.
//!
//! ```text
//! cargo run --bin chat -- 127.0.0.1:7004
//! nc 127.0.0.1 7004
//! ```
//!
//! The first line is the name. Who reads too slowly misses lines, and is told how many; nobody else waits for them.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::io;
use std::sync::Arc;

use minato_examples::asked_to_end;
use minato_net::accept::{AcceptLoop, ConnectionLimits, LimitedAcceptLoop};
use minato_net::{TcpListener, TcpStream};
use minato_runtime::codec::{Framed, LinesCodec, LinesCodecError};
use minato_runtime::sync::broadcast::{self, error::RecvError};
use minato_runtime::{select, spawn};

/// Bytes of a line; a longer one ends the connection of whoever sends it.
const LINE_MAX: usize = 1024;

/// Lines that wait for the slowest reader.
const BACKLOG: usize = 256;

type Room = broadcast::Sender<Arc<str>>;

#[minato_runtime::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7004".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let connections = LimitedAcceptLoop::new(AcceptLoop::new(listener), ConnectionLimits::default());
    select! {
        () = accept(connections, Room::new(BACKLOG)) => {}
        () = asked_to_end() => {}
    }
    Ok(())
}

async fn accept(mut connections: LimitedAcceptLoop<TcpListener>, room: Room) {
    loop {
        let (stream, _peer, admission) = connections.accept().await;
        let room = room.clone();
        drop(spawn(async move {
            // A guest whose connection breaks concerns nobody else.
            let _ = visit(stream, room).await;
            drop(admission);
        }));
    }
}

async fn visit(stream: TcpStream, room: Room) -> Result<(), LinesCodecError> {
    let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(LINE_MAX));
    lines.send("your name?").await?;
    let Some(name) = lines.next().await.transpose()? else { return Ok(()) };
    let mut heard = room.subscribe();
    tell(&room, format!("* {name} is here"));
    let result = talk(&mut lines, &name, &room, &mut heard).await;
    tell(&room, format!("* {name} has gone"));
    result
}

async fn talk(
    lines: &mut Framed<TcpStream, LinesCodec>,
    name: &str,
    room: &Room,
    heard: &mut broadcast::Receiver<Arc<str>>,
) -> Result<(), LinesCodecError> {
    loop {
        select! {
            line = lines.next() => match line.transpose()? {
                Some(line) => tell(room, format!("{name}: {line}")),
                None => return Ok(()),
            },
            line = heard.recv() => match line {
                Ok(line) => lines.send(&*line).await?,
                Err(RecvError::Lagged(missed)) => lines.send(format!("* you missed {missed} lines")).await?,
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}

/// Nobody has to be there to hear it.
fn tell(room: &Room, line: String) {
    let _ = room.send(line.into());
}
