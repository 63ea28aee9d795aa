//! Runtimes, servers and a client made of bare HTTP/2 streams.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use minato_grpc::{Code, Routes};
use minato_http::{Server, ServerConfig, serve_connection};
use minato_runtime::io::duplex;
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::runtime::Builder;
use prost::Message;

use crate::echo::MyEcho;
use crate::generated::{EchoServer, Msg};

/// Runs a test on one thread, on a clock that moves only when everybody waits.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(test)
}

/// Runs a test that uses sockets, on the real clock.
pub(crate) fn run_with_sockets<F: Future>(test: F) -> F::Output {
    Builder::new_current_thread().build().unwrap().block_on(test)
}

pub(crate) fn routes() -> Routes {
    Routes::new().add_service(EchoServer::new(MyEcho::default()))
}

pub(crate) fn msg(text: &str) -> Msg {
    Msg { text: text.to_owned(), ..Msg::default() }
}

pub(crate) fn wish(wish: &str, count: u32) -> Msg {
    Msg { wish: wish.to_owned(), count, ..Msg::default() }
}

/// Serves on a port of the system's choice.
pub(crate) async fn serve<S>(service: S) -> SocketAddr
where
    S: minato_service::Service<
            Request<minato_http::Body>,
            Response = http::Response<minato_http::Body>,
            Error: Into<minato_http::BoxError>,
            Future: Send,
        > + Clone
        + Send
        + 'static,
{
    let server = Server::bind("127.0.0.1:0").listen().await.unwrap();
    let address = server.local_addr().unwrap();
    drop(minato_runtime::spawn(async move { server.serve(service).await }));
    address
}

/// A message with its prefix.
pub(crate) fn frame(message: &Msg) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(message.encoded_len() as u32);
    message.encode(&mut bytes).unwrap();
    bytes.freeze()
}

/// A client that says whatever a test wants to say.
pub(crate) struct Peer {
    send: h2::client::SendRequest<Bytes>,
}

/// What came back on one stream.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) data: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    /// The head ended the stream.
    pub(crate) is_trailers_only: bool,
}

impl Answer {
    /// The one status of the call, wherever it stands.
    pub(crate) fn code(&self) -> Code {
        let trailers = self.trailers.iter().flat_map(|trailers| trailers.get_all("grpc-status"));
        let codes: Vec<_> = self.headers.get_all("grpc-status").iter().chain(trailers).collect();
        assert_eq!(codes.len(), 1, "exactly one grpc-status: {self:?}");
        let number = codes[0].to_str().unwrap().parse().unwrap();
        Code::from_number(number).unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        let trailers = self.trailers.as_ref().and_then(|trailers| trailers.get(name));
        self.headers.get(name).or(trailers).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn messages(&self) -> Vec<Msg> {
        let mut rest = &self.data[..];
        let mut messages = Vec::new();
        while let [0, a, b, c, d, tail @ ..] = rest {
            let (message, tail) = tail.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
            messages.push(Msg::decode(message).unwrap());
            rest = tail;
        }
        assert!(rest.is_empty(), "{rest:?}");
        messages
    }
}

/// A request as gRPC wants it; tests change what they are about.
pub(crate) fn request(method: &str) -> http::request::Builder {
    Request::post(format!("http://test/minato.test.Echo/{method}"))
        .header("te", "trailers")
        .header("content-type", "application/grpc")
}

/// What is sent after the head.
pub(crate) enum Body {
    /// Nothing: the head ends the stream.
    None,
    /// These DATA frames, the last of which ends the stream.
    Whole(Vec<Bytes>),
    /// These DATA frames, and no end.
    Open(Vec<Bytes>),
}

impl Body {
    pub(crate) fn message(message: &Msg) -> Self {
        Self::Whole(vec![frame(message)])
    }
}

impl Peer {
    /// Serves one connection, in memory, of which the test is the client.
    pub(crate) async fn connect<S>(service: S) -> Self
    where
        S: minato_service::Service<
                Request<minato_http::Body>,
                Response = http::Response<minato_http::Body>,
                Error: Into<minato_http::BoxError>,
                Future: Send,
            > + Send
            + 'static,
    {
        let (ours, theirs) = duplex(1 << 20);
        drop(minato_runtime::spawn(serve_connection(theirs, service, ServerConfig::default())));
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(1 << 20)
            .handshake(Compat::new(ours))
            .await
            .unwrap();
        drop(minato_runtime::spawn(connection));
        Self { send }
    }

    pub(crate) async fn start(&mut self, request: Request<()>, body: Body) -> Stream {
        let frames = match &body {
            Body::None => &[][..],
            Body::Whole(frames) | Body::Open(frames) => frames,
        };
        poll_fn(|cx| self.send.poll_ready(cx)).await.unwrap();
        let (response, mut send) = self.send.send_request(request, matches!(body, Body::None)).unwrap();
        let last = frames.len().saturating_sub(1);
        for (index, data) in frames.iter().enumerate() {
            // A server that refuses the call resets the rest of it.
            let _ = send.send_data(data.clone(), matches!(body, Body::Whole(_)) && index == last);
        }
        Stream { response, send }
    }

    /// One exchange.
    pub(crate) async fn call(
        &mut self,
        request: http::request::Builder,
        body: Body,
    ) -> Result<Answer, h2::Error> {
        let Stream { response, send } = self.start(request.body(()).unwrap(), body).await;
        let answer = read(response.await?).await;
        drop(send);
        answer
    }

    /// An exchange the server must answer.
    pub(crate) async fn ask(&mut self, method: &str, body: Body) -> Answer {
        self.call(request(method), body).await.unwrap()
    }
}

/// A stream whose answer was not read yet.
pub(crate) struct Stream {
    pub(crate) response: h2::client::ResponseFuture,
    pub(crate) send: h2::SendStream<Bytes>,
}

pub(crate) async fn read(response: http::Response<h2::RecvStream>) -> Result<Answer, h2::Error> {
    let (parts, mut body) = response.into_parts();
    let is_trailers_only = body.is_end_stream();
    let mut data = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        data.extend_from_slice(&piece);
    }
    let trailers = body.trailers().await?;
    Ok(Answer { status: parts.status, headers: parts.headers, data, trailers, is_trailers_only })
}
