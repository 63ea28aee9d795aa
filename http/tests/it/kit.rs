//! Peers that read like scripts, on pipes in memory and a clock that stands still unless everybody waits.

use std::future::Future;
use std::time::Duration;

use minato_http::{Body, BoxError, Error, ServerConfig, serve_connection};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use minato_runtime::runtime::Builder;
use minato_runtime::task::JoinHandle;
use minato_runtime::time::Instant;
use tower_service::Service;

/// Bytes a pipe of the kit holds in each direction.
pub(crate) const PIPE_BYTES: usize = 256 * 1024;

/// Runs a test on one thread, with a paused clock.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(test)
}

/// One end of a connection, in the hands of the test.
pub(crate) struct Peer {
    pub(crate) io: DuplexStream,
    arrived: Vec<u8>,
}

/// A response as it stood on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The fields in lower case, without `date`.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn closes(&self) -> bool {
        self.field("connection") == Some("close")
    }
}

/// Serves one connection of which the test is the peer.
pub(crate) fn serve<S, B>(service: S, config: ServerConfig) -> (Peer, JoinHandle<Result<(), Error>>)
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (ours, theirs) = duplex(PIPE_BYTES);
    let server = minato_runtime::spawn(serve_connection(theirs, service, config));
    (Peer::new(ours), server)
}

impl Peer {
    pub(crate) fn new(io: DuplexStream) -> Self {
        Self { io, arrived: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Ends this side of the connection.
    pub(crate) async fn finish(&mut self) {
        self.io.shutdown().await.unwrap();
    }

    /// Reads exactly this.
    #[track_caller]
    pub(crate) fn expect<'a>(&'a mut self, bytes: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            while self.arrived.len() < bytes.len() && self.fill().await > 0 {}
            let taken: Vec<u8> = self.arrived.drain(..bytes.len().min(self.arrived.len())).collect();
            assert_eq!(String::from_utf8_lossy(&taken), bytes, "at {caller}");
        }
    }

    /// Reads the end of the connection, and nothing before it.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            while self.fill().await > 0 {}
            assert_eq!(String::from_utf8_lossy(&self.arrived), "", "at {caller}");
        }
    }

    /// Reads a whole response: its head, and the body its head announces.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        if answer.field("transfer-encoding") == Some("chunked") {
            answer.body = self.chunks().await;
        } else if let Some(length) = answer.field("content-length") {
            answer.body = self.exactly(length.parse().unwrap()).await;
        }
        answer
    }

    /// Reads the head of a response.
    pub(crate) async fn head(&mut self) -> Answer {
        let head = String::from_utf8(self.through(b"\r\n\r\n").await).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let fields = lines.map(|line| line.split_once(": ").unwrap());
        let fields = fields
            .filter(|(name, _)| *name != "date")
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Answer { status, fields: fields.collect(), body: Vec::new() }
    }

    /// Reads the head of a request, as it stands.
    pub(crate) async fn head_of_request(&mut self) -> String {
        String::from_utf8(self.through(b"\r\n\r\n").await).unwrap()
    }

    /// Reads up to and with these bytes.
    pub(crate) async fn through(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.arrived.windows(end.len()).position(|window| window == end) {
                return self.arrived.drain(..at + end.len()).collect();
            }
            let arrived = self.fill().await;
            assert!(arrived > 0, "the connection ended after {:?}", String::from_utf8_lossy(&self.arrived));
        }
    }

    pub(crate) async fn exactly(&mut self, len: usize) -> Vec<u8> {
        while self.arrived.len() < len {
            assert!(self.fill().await > 0, "the connection ended {} bytes early", len - self.arrived.len());
        }
        self.arrived.drain(..len).collect()
    }

    /// The next bytes, which stay to be read; none if the connection ends before.
    pub(crate) async fn peek(&mut self, len: usize) -> Option<&[u8]> {
        while self.arrived.len() < len {
            if self.fill().await == 0 {
                return None;
            }
        }
        Some(&self.arrived[..len])
    }

    /// Everything until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await > 0 {}
        std::mem::take(&mut self.arrived)
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = String::from_utf8(self.through(b"\r\n").await).unwrap();
            let len = usize::from_str_radix(line.trim_end(), 16).unwrap();
            body.extend(self.exactly(len).await);
            assert_eq!(self.exactly(2).await, b"\r\n");
            if len == 0 {
                return body;
            }
        }
    }

    async fn fill(&mut self) -> usize {
        let mut bytes = [0; 4096];
        let len = self.io.read(&mut bytes).await.unwrap_or(0);
        self.arrived.extend_from_slice(&bytes[..len]);
        len
    }
}

/// How long `future` takes, by the clock of the test.
pub(crate) async fn timed<F: Future>(future: F) -> (F::Output, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, start.elapsed())
}
