//! Servers without a runtime, for one that echoes and one that answers all the same: what the kernel alone costs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::thread;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use crate::Workers;

/// The listener's number; connections have their index in the list.
const LISTENER: u64 = u64::MAX;

/// The body of what the HTTP server answers.
pub(crate) const HELLO: &[u8] = b"Hello, World!";

/// What it answers, whatever it is asked.
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\
date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nHello, World!";

/// Starts an echo server: one thread, level-triggered, one read and one write for each message.
pub(crate) fn echo(_: Workers) -> SocketAddr {
    start(|request| request)
}

/// Starts a server that takes each read for a request, and answers without looking at it.
pub(crate) fn http() -> SocketAddr {
    start(|_| RESPONSE)
}

fn start(respond: for<'a> fn(&'a [u8]) -> &'a [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || serve(&listener, respond));
    address
}

fn serve(listener: &TcpListener, respond: for<'a> fn(&'a [u8]) -> &'a [u8]) {
    let poll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
    let add = |fd: &dyn AsFd, number| {
        epoll::add(&poll, fd.as_fd(), EventData::new_u64(number), EventFlags::IN).expect("room in epoll");
    };
    add(listener, LISTENER);
    let mut connections: Vec<Option<TcpStream>> = Vec::new();
    let mut events: Vec<Event> = Vec::with_capacity(1024);
    let mut buf = [0; 4096];
    loop {
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None).expect("waiting works");
        for event in events.drain(..) {
            let number = event.data.u64();
            if number == LISTENER {
                let (stream, _) = listener.accept().expect("a connection");
                stream.set_nonblocking(true).expect("a socket");
                add(&stream, connections.len() as u64);
                connections.push(Some(stream));
            } else if let Some(slot) = connections.get_mut(number as usize)
                && let Some(stream) = slot
                && !answer(stream, &mut buf, respond)
            {
                *slot = None;
            }
        }
    }
}

/// Whether the connection goes on.
fn answer(stream: &mut TcpStream, buf: &mut [u8], respond: for<'a> fn(&'a [u8]) -> &'a [u8]) -> bool {
    match stream.read(buf) {
        Ok(len @ 1..) => stream.write_all(respond(&buf[..len])).is_ok(),
        _ => false,
    }
}
