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
