//! A server under attack, and what is asked of it: bounded memory and work, an answer for everybody else, and nothing left
//! behind.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use minato_http::{Body, ConnInfo, Drain, Error, Listener, Report, Server, ServerConfig, handler_fn};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use minato_runtime::runtime::Handle;
use minato_runtime::sync::oneshot;
use minato_runtime::task::JoinHandle;
use minato_runtime::time::{Instant, sleep, timeout};

use crate::counting;
use crate::frame_kit::{DATA, PREFACE, SETTINGS, expect, frame, get};
use crate::kit::{Peer, run};

/// Bytes a pipe holds in each direction: what a socket would, but less, so that it does not hide ours.
const PIPE_BYTES: usize = 16 * 1024;

/// What stays behind at most of an attack: the buffers that threads keep for reuse vary a little.
const SLACK_BYTES: isize = 64 * 1024;

/// How long the handler works that does not read its body. While it does, an HTTP/1 connection has no way to see that the
/// client has gone: its end stands behind the body.
pub(crate) const UNREAD: Duration = Duration::from_secs(20);

/// Connections that wait to be accepted, and whoever waits for one.
type Backlog = Arc<Mutex<(VecDeque<DuplexStream>, Option<Waker>)>>;

#[derive(Clone, Default)]
struct Pipes(Backlog);

impl Listener for Pipes {
    type Io = DuplexStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(DuplexStream, ConnInfo)>> {
        let mut backlog = self.0.lock().unwrap();
        match backlog.0.pop_front() {
            Some(io) => Poll::Ready(Ok((io, ConnInfo::default()))),
            None => {
                backlog.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A server, and how to reach it.
pub(crate) struct World {
    pipes: Pipes,
    handlers: Arc<Handlers>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<Report, Error>>,
}

/// Handlers that live.
#[derive(Default)]
struct Handlers {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Handler(Arc<Handlers>);

impl Handler {
    fn begin(handlers: &Arc<Handlers>) -> Self {
        let now = 1 + handlers.now.fetch_add(1, Ordering::Relaxed);
        handlers.most.fetch_max(now, Ordering::Relaxed);
        Self(Arc::clone(handlers))
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Chunks without end, each made when it is asked for.
fn endless() -> Body {
    struct Endless;
    impl futures_core::Stream for Endless {
        type Item = Result<Bytes, Error>;
        fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Ok(Bytes::from(vec![b'x'; 16 * 1024]))))
        }
    }
    Body::from_stream(Endless)
}

async fn handle(request: Request<Body>, handlers: Arc<Handlers>) -> Result<Response<Body>, Error> {
    let _counted = Handler::begin(&handlers);
    match request.uri().path() {
        "/never" => std::future::pending().await,
        "/endless" => Ok(Response::new(endless())),
        "/unread" => {
            let _body = request.into_body();
            sleep(UNREAD).await;
            Ok(Response::new(Body::empty()))
        }
        _ => {
            let mut body = request.into_body();
            while let Some(data) = body.data().await {
                data?;
            }
            Ok(Response::new(Body::from("hello")))
        }
    }
}

impl World {
    fn new(config: ServerConfig) -> Self {
        let (pipes, handlers) = (Pipes::default(), Arc::new(Handlers::default()));
        let (stop, stopped) = oneshot::channel::<()>();
        let service = {
            let handlers = Arc::clone(&handlers);
            handler_fn(move |request| handle(request, Arc::clone(&handlers)))
        };
        let signal = async { stopped.await.unwrap() };
        let server = Server::from_listener(pipes.clone())
            .config(config)
            .graceful(signal, Drain::within(Duration::from_secs(1)))
            .serve(service);
        Self { pipes, handlers, stop, server: minato_runtime::spawn(server) }
    }

    pub(crate) fn connect(&self) -> Peer {
        let (ours, theirs) = duplex(PIPE_BYTES);
        let mut backlog = self.pipes.0.lock().unwrap();
        backlog.0.push_back(theirs);
        if let Some(waker) = backlog.1.take() {
            waker.wake();
        }
        Peer::new(ours)
    }

    /// A connection on which the preface and these settings have been sent.
    pub(crate) async fn connect_http2(&self, settings: &[u8]) -> Peer {
        let mut peer = self.connect();
        peer.send(PREFACE).await;
        peer.send(frame(SETTINGS, 0, 0, settings)).await;
        peer
    }

    /// Asks on new connections of both protocols.
    async fn is_answering(&self) {
        let mut peer = self.connect();
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(peer.answer().await.text(), "hello");
        let mut peer = self.connect_http2(&[]).await;
        peer.send(get(1, &[(":authority", "a")])).await;
        assert_eq!(expect(&mut peer, DATA).await.payload, b"hello");
    }

    /// Waits until the server has nothing left to do; answers how long that took.
    async fn settle(&self, tasks: usize) -> Duration {
        let start = Instant::now();
        let handlers = || self.handlers.now.load(Ordering::Relaxed);
        while Handle::current().metrics().num_alive_tasks() > tasks || handlers() > 0 {
            assert!(start.elapsed() < Duration::from_secs(600), "something is left");
            sleep(Duration::from_millis(100)).await;
        }
        start.elapsed()
    }
}

/// What an attack may cost.
pub(crate) struct Bounds {
    /// Bytes held by the server and by the attack itself.
    pub(crate) bytes: isize,
    /// Turns of all tasks.
    pub(crate) polls: u64,
    /// Handlers at one time.
    pub(crate) handlers: usize,
    /// How long it takes, once the attackers have gone, until nothing of them is left.
    pub(crate) settles_within: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 1 << 20, polls: 20_000, handlers: 256, settles_within: Duration::from_secs(1) }
    }
}

/// Attacks a server three times, and holds it to the bounds. What the attack returns is what the attackers hold on to
/// while others are answered.
pub(crate) fn withstands<H>(config: ServerConfig, bounds: &Bounds, attack: impl AsyncFn(&World) -> H) {
    run(async {
        let world = World::new(config);
        world.is_answering().await;
        sleep(Duration::from_secs(1)).await;
        let metrics = Handle::current().metrics();
        let tasks = metrics.num_alive_tasks();
        let mut left = Vec::new();
        for _ in 0..3 {
            let (before, polls) = (counting::held(), metrics.worker_poll_count(0));
            counting::forget();
            let attackers = attack(&world).await;
            let polled = metrics.worker_poll_count(0) - polls;
            assert!(polled <= bounds.polls, "{polled} polls, and {} are allowed", bounds.polls);
            let most = counting::most() - before;
            assert!(most <= bounds.bytes, "{most} bytes, and {} are allowed", bounds.bytes);
            timeout(Duration::from_secs(1), world.is_answering()).await.expect("an answer within a second");
            drop(attackers);
            let took = world.settle(tasks).await;
            assert!(took <= bounds.settles_within, "{took:?} until nothing is left");
            left.push(counting::held());
        }
        assert!(left[2] - left[1] <= SLACK_BYTES, "each attack leaves something behind: {left:?}");
        let handlers = world.handlers.most.load(Ordering::Relaxed);
        assert!(handlers <= bounds.handlers, "{handlers} handlers at a time");
        let World { stop, server, .. } = world;
        stop.send(()).unwrap();
        let report = server.await.unwrap().unwrap();
        assert_eq!(report.cut, 0, "{report:?}");
    });
}

/// Sends to a server that may have gone; false if it has.
pub(crate) async fn say(peer: &mut Peer, bytes: &[u8]) -> bool {
    peer.io.write_all(bytes).await.is_ok()
}

/// Whether an attacker reads what the server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    All,
    Nothing,
}

/// Sends what `next` makes until the server takes no more, or so many are sent; answers how many were taken, and the code
/// of a GOAWAY that was read.
pub(crate) async fn flood(
    peer: Peer,
    reads: Reads,
    most: usize,
    mut next: impl FnMut(u32) -> Vec<u8>,
) -> (usize, Option<u32>) {
    let (read, mut write): (ReadHalf<_>, WriteHalf<_>) = split(peer.io);
    let reader = minato_runtime::spawn(async move {
        let mut read = read;
        match reads {
            Reads::All => last_goaway(&mut read).await,
            Reads::Nothing => std::future::pending().await,
        }
    });
    let mut taken = 0;
    while taken < most {
        let bytes = next(u32::try_from(taken).unwrap());
        if timeout(Duration::from_secs(60), write.write_all(&bytes)).await.map_or(true, |sent| sent.is_err())
        {
            break;
        }
        taken += 1;
    }
    if taken == most || reads == Reads::Nothing {
        reader.abort();
    }
    drop(write);
    (taken, reader.await.unwrap_or(None))
}

/// The code of the last GOAWAY before the connection ends.
async fn last_goaway(read: &mut ReadHalf<DuplexStream>) -> Option<u32> {
    let mut code = None;
    let mut head = [0; 9];
    while read.read_exact(&mut head).await.is_ok() {
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; len];
        read.read_exact(&mut payload).await.ok()?;
        if head[3] == crate::frame_kit::GOAWAY {
            code = Some(crate::frame_kit::code(&payload));
        }
    }
    code
}
