//! A server in the test's own runtime, and clients that read like scripts.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use minato_examples::mini_redis::resp::{Frame, RespCodec};
use minato_examples::mini_redis::{Config, Report, serve};
use minato_net::{TcpListener, TcpStream};
use minato_runtime::codec::{DecoderExt, Framed};
use minato_runtime::io::AsyncWriteExt;
use minato_runtime::runtime::Builder;
use minato_runtime::sync::oneshot;
use minato_runtime::task::JoinHandle;
use minato_runtime::time::timeout;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    end: oneshot::Sender<()>,
    served: JoinHandle<Report>,
}

impl Server {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let served = minato_runtime::spawn(serve(listener, config, async {
            let _ = ended.await;
        }));
        Self { address, end, served }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    pub(crate) async fn end(self) -> Report {
        self.end.send(()).unwrap();
        self.served.await.unwrap()
    }
}

/// Runs a script against a fresh server; every client must be answered in time.
pub(crate) fn with_server(script: impl AsyncFnOnce(&Server)) {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = Server::start(Config::default()).await;
        timeout(Duration::from_secs(60), script(&server)).await.expect("the script goes on");
        server.end().await;
    });
}

pub(crate) struct Client {
    pub(crate) framed: Framed<TcpStream, RespCodec>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { framed: RespCodec::new().framed(TcpStream::connect(address).await.unwrap()) }
    }

    /// Sends a request of words.
    pub(crate) async fn send(&mut self, request: &str) {
        self.framed.send(Frame::request(request.split(' '))).await.unwrap();
    }

    /// Sends bytes as they are.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.framed.get_mut().write_all(bytes).await.unwrap();
    }

    /// The next answer; `None` where the server ended the connection.
    pub(crate) async fn receive(&mut self) -> Option<Frame> {
        self.framed.next().await.map(|frame| frame.unwrap())
    }

    pub(crate) async fn ask(&mut self, request: &str) -> Frame {
        self.send(request).await;
        self.receive().await.expect("an answer")
    }

    /// Asks, and compares the answer with the text that [`text`] makes of it.
    pub(crate) async fn expect(&mut self, request: &str, answer: &str) {
        assert_eq!(text(&self.ask(request).await), answer, "{request}");
    }

    pub(crate) async fn expect_all(&mut self, script: &[(&str, &str)]) {
        for (request, answer) in script {
            self.expect(request, answer).await;
        }
    }
}

/// An answer on one line: `OK`, `-ERR …`, `:1`, `"bulk"`, `nil`, `[…]`, `{…}`.
pub(crate) fn text(frame: &Frame) -> String {
    let all = |values: &[Frame]| values.iter().map(text).collect::<Vec<_>>().join(" ");
    match frame {
        Frame::Simple(status) => status.clone(),
        Frame::Error(error) => format!("-{error}"),
        Frame::Integer(value) => format!(":{value}"),
        Frame::Bulk(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Frame::Null => "nil".to_owned(),
        Frame::Array(values) => format!("[{}]", all(values)),
        Frame::Set(values) => format!("set[{}]", all(values)),
        Frame::Push(values) => format!("push[{}]", all(values)),
        Frame::Map(pairs) => {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| format!("{}: {}", text(key), text(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Frame::Double(value) => format!(",{value}"),
        Frame::Boolean(value) => format!("#{value}"),
        other => format!("{other:?}"),
    }
}

/// A value of so many bytes.
pub(crate) fn long(len: usize) -> Bytes {
    Bytes::from(vec![b'x'; len])
}
