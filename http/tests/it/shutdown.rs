//! Graceful shutdown: what has begun finishes, what does not end is cut, and the report says which.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use minato_http::{Body, ConnInfo, Drain, Error, Listener, Report, Server, handler_fn};
use minato_runtime::io::{DuplexStream, duplex};
use minato_runtime::sync::oneshot;
use minato_runtime::task::JoinHandle;
use minato_runtime::time::sleep;

use crate::kit::{PIPE_BYTES, Peer, run, timed};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A listener whose peers are made by the test.
#[derive(Clone, Default)]
struct Pipes {
    queue: Arc<Mutex<(VecDeque<DuplexStream>, Option<std::task::Waker>)>>,
}

impl Pipes {
    fn connect(&self) -> Peer {
        let (ours, theirs) = duplex(PIPE_BYTES);
        let mut queue = self.queue.lock().unwrap();
        queue.0.push_back(theirs);
        if let Some(waker) = queue.1.take() {
            waker.wake();
        }
        Peer::new(ours)
    }
}

impl Listener for Pipes {
    type Io = DuplexStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(DuplexStream, ConnInfo)>> {
        let mut queue = self.queue.lock().unwrap();
        match queue.0.pop_front() {
            Some(io) => Poll::Ready(Ok((io, ConnInfo::default()))),
            None => {
                queue.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A server that answers after as many seconds as the path says.
fn start(limit: usize, drain: Duration) -> (Pipes, oneshot::Sender<()>, JoinHandle<Result<Report, Error>>) {
    let pipes = Pipes::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = handler_fn(|request: Request<Body>| async move {
        let seconds: u64 = request.uri().path()[1..].parse().unwrap_or(0);
        sleep(Duration::from_secs(seconds)).await;
        "done"
    });
    let signal = async { stopped.await.unwrap() };
    let server = Server::from_listener(pipes.clone())
        .limits(|limits| limits.connections = limit)
        .graceful(signal, Drain::within(drain))
        .serve(service);
    (pipes, stop, minato_runtime::spawn(server))
}

#[test]
fn requests_that_have_begun_finish_and_idle_connections_close() {
    run(async {
        let (pipes, stop, server) = start(100, Duration::from_secs(30));
        let mut idle = pipes.connect();
        idle.send(GET).await;
        idle.answer().await;
        let mut busy = pipes.connect();
        busy.send("GET /10 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        sleep(Duration::from_secs(1)).await;
        stop.send(()).unwrap();
        idle.expect_end().await;
        let answer = busy.answer().await;
        assert_eq!((answer.text(), answer.closes()), ("done", true));
        busy.expect_end().await;
        let report = server.await.unwrap().unwrap();
        assert_eq!((report.drained, report.cut), (2, 0));
    });
}

#[test]
fn what_does_not_end_in_time_is_cut() {
    run(async {
        let (pipes, stop, server) = start(100, Duration::from_secs(5));
        let mut quick = pipes.connect();
        quick.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut slow = pipes.connect();
        slow.send("GET /100 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        sleep(Duration::from_secs(1)).await;
        stop.send(()).unwrap();
        let (report, took) = timed(server).await;
        let report = report.unwrap().unwrap();
        assert_eq!((report.drained, report.cut), (1, 1));
        assert!((5..7).contains(&took.as_secs()), "{took:?}");
        assert_eq!(quick.answer().await.text(), "done");
        slow.expect_end().await;
    });
}

#[test]
fn connections_in_the_backlog_get_their_first_request_answered() {
    run(async {
        let (pipes, stop, server) = start(1, Duration::from_secs(30));
        let mut first = pipes.connect();
        first.send(GET).await;
        first.answer().await;
        let mut second = pipes.connect();
        second.send(GET).await;
        let mut silent = pipes.connect();
        sleep(Duration::from_millis(100)).await;
        stop.send(()).unwrap();
        assert!(second.answer().await.closes());
        let ((), took) = timed(silent.expect_end()).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(server.await.unwrap().unwrap().drained, 3);
    });
}

#[test]
fn no_more_connections_are_served_than_allowed() {
    run(async {
        let (pipes, _stop, _server) = start(2, Duration::from_secs(30));
        let mut peers = [pipes.connect(), pipes.connect(), pipes.connect()];
        for peer in &mut peers {
            peer.send(GET).await;
        }
        peers[0].answer().await;
        peers[1].answer().await;
        let [first, _second, mut third] = peers;
        assert!(minato_runtime::time::timeout(Duration::from_secs(1), third.answer()).await.is_err());
        drop(first);
        third.answer().await;
    });
}

#[test]
fn an_http2_connection_finishes_its_streams_and_closes() {
    run(async {
        let (pipes, stop, server) = start(100, Duration::from_secs(30));
        let io = minato_runtime::io::tokio_compat::Compat::new(pipes.connect().io);
        let (mut client, connection) = h2::client::handshake(io).await.unwrap();
        let connection = minato_runtime::spawn(connection);
        let request = || Request::get("http://a/5").body(()).unwrap();
        let (response, _) = client.send_request(request(), true).unwrap();
        sleep(Duration::from_secs(1)).await;
        stop.send(()).unwrap();
        assert_eq!(response.await.unwrap().status(), 200);
        connection.await.unwrap().unwrap();
        let report = server.await.unwrap().unwrap();
        assert_eq!((report.drained, report.cut), (1, 0));
    });
}

/// A listener that has run out of descriptors for a while.
struct Failing {
    inner: Pipes,
    errors: Arc<Mutex<VecDeque<io::Error>>>,
}

impl Listener for Failing {
    type Io = DuplexStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(DuplexStream, ConnInfo)>> {
        match self.errors.lock().unwrap().pop_front() {
            Some(error) => Poll::Ready(Err(error)),
            None => self.inner.poll_accept(cx),
        }
    }
}

#[test]
fn errors_of_accepting_neither_end_the_server_nor_make_it_spin() {
    run(async {
        // ECONNABORTED concerns one connection; EMFILE lasts until descriptors are free again.
        for (code, pauses) in [(103, 0..100), (24, 100..10_000)] {
            let inner = Pipes::default();
            let errors = Arc::new(Mutex::new((0..10).map(|_| io::Error::from_raw_os_error(code)).collect()));
            let server = Server::from_listener(Failing { inner: inner.clone(), errors });
            drop(minato_runtime::spawn(server.serve(handler_fn(|_| async { "done" }))));
            let mut peer = inner.connect();
            peer.send(GET).await;
            let (answer, took) = timed(peer.answer()).await;
            assert_eq!(answer.text(), "done");
            assert!(pauses.contains(&took.as_millis()), "{code}: {took:?}");
        }
    });
}
