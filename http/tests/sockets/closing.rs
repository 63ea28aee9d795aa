//! How connections end on real sockets: where a reset would destroy a response, and where it must not.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use http::Request;
use minato_http::{Body, Drain, Report, Server, handler_fn};
use minato_runtime::runtime::Runtime;
use minato_runtime::sync::{Notify, oneshot};

use crate::client::turn;

/// The client has ended its side.
static ENDED: Notify = Notify::const_new();

/// A server that takes bodies of ten bytes, and reads none.
fn start() -> (SocketAddr, oneshot::Sender<()>, std::thread::JoinHandle<Report>) {
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let server = Server::bind("127.0.0.1:0")
                .limits(|limits| limits.body_bytes = Some(10))
                .http1(|http1| http1.half_close = true)
                .listen()
                .await
                .unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            let signal = async { stopped.await.unwrap() };
            let server = server.graceful(signal, Drain::within(Duration::from_secs(30)));
            let answer = handler_fn(|_: Request<Body>| async {
                ENDED.notified().await;
                "x".repeat(100_000)
            });
            server.serve(answer).await.unwrap()
        })
    });
    (told.recv().unwrap(), stop, server)
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    connection
}

fn upload(length: usize) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

#[test]
fn a_client_that_sends_all_before_it_reads_gets_its_413_and_no_reset() {
    let _turn = turn();
    let (address, stop, server) = start();
    for length in [11, 1_000, 100_000, 250_000] {
        let mut connection = connect(address);
        connection.write_all(upload(length).as_bytes()).unwrap();
        connection.write_all(&vec![b'x'; length]).unwrap();
        let mut answer = String::new();
        // To the end of the connection: a reset would be an error here.
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    stop.send(()).unwrap();
    assert_eq!(server.join().unwrap().cut, 0);
}

#[test]
fn a_client_that_sends_without_end_is_reset_and_has_its_413_all_the_same() {
    let _turn = turn();
    let (address, stop, server) = start();
    let mut connection = connect(address);
    connection.write_all(upload(1 << 40).as_bytes()).unwrap();
    let piece = vec![b'x'; 64 * 1024];
    let mut sent = 0;
    let error = loop {
        match connection.write(&piece) {
            Ok(len) => sent += len,
            Err(error) => break error,
        }
        assert!(sent < 1 << 30, "a gigabyte was taken");
    };
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    // The reset has come after the answer, which is still there to be read.
    let mut answer = vec![0; 12];
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    stop.send(()).unwrap();
    assert_eq!(server.join().unwrap().cut, 0);
}

#[test]
fn a_client_that_ends_its_side_gets_the_whole_response_where_that_is_allowed() {
    let _turn = turn();
    let (address, stop, server) = start();
    for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", &format!("{}1234567", upload(7))] {
        let mut connection = connect(address);
        connection.write_all(request.as_bytes()).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        ENDED.notify_one();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&"x".repeat(100_000)), "{answer}");
    }
    stop.send(()).unwrap();
    assert_eq!(server.join().unwrap().cut, 0);
}

/// One frame of HTTP/2: its kind, flags and payload.
fn read_frame(connection: &mut TcpStream) -> std::io::Result<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    connection.read_exact(&mut head)?;
    let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    connection.read_exact(&mut payload)?;
    Ok((head[3], head[4], payload))
}

/// The head of a frame.
fn frame_head(length: u8, kind: u8, flags: u8, stream: u8) -> [u8; 9] {
    [0, 0, length, kind, flags, 0, 0, 0, stream]
}

#[test]
fn a_last_response_of_http2_arrives_whole_while_its_client_says_what_it_has_read() {
    const LENGTH: usize = 4 << 20;
    const DATA: u8 = 0;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;
    let _turn = turn();
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let server = Server::bind("127.0.0.1:0")
                .limits(|limits| limits.requests_per_connection = Some(1))
                .listen()
                .await
                .unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            let signal = async { stopped.await.unwrap() };
            let server = server.graceful(signal, Drain::within(Duration::from_secs(30)));
            let answer = handler_fn(|_: Request<Body>| async { "x".repeat(LENGTH) });
            server.serve(answer).await.unwrap()
        })
    });
    let mut connection = connect(told.recv().unwrap());
    // Most of the body waits in the server's kernel when the server has said all.
    rustix::net::sockopt::set_socket_recv_buffer_size(&connection, 16 * 1024).unwrap();
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    // Windows that hold all of it: SETTINGS_INITIAL_WINDOW_SIZE, and as much for the connection.
    connection.write_all(&frame_head(6, SETTINGS, 0, 0)).unwrap();
    connection.write_all(&[0, 4, 1, 0, 0, 0]).unwrap();
    connection.write_all(&frame_head(4, WINDOW_UPDATE, 0, 0)).unwrap();
    connection.write_all(&[1, 0, 0, 0]).unwrap();
    // GET http://a/
    connection.write_all(&frame_head(6, 1, 0b101, 1)).unwrap();
    connection.write_all(b"\x82\x86\x84\x41\x01a").unwrap();
    let mut received = 0;
    while received < LENGTH {
        let (kind, flags, payload) = read_frame(&mut connection)
            .unwrap_or_else(|error| panic!("{error} after {received} bytes of {LENGTH}"));
        match (kind, flags) {
            (DATA, _) => {
                received += payload.len();
                // The server may have ended its side by now, and have no use for it.
                let update = [&frame_head(4, WINDOW_UPDATE, 0, 0)[..], &[0, 0, 0x40, 0]].concat();
                let _ = connection.write_all(&update);
            }
            (PING, 0) => {
                connection.write_all(&frame_head(8, PING, 1, 0)).unwrap();
                connection.write_all(&payload).unwrap();
            }
            _ => {}
        }
    }
    drop(connection);
    stop.send(()).unwrap();
    assert_eq!(server.join().unwrap().cut, 0);
}
