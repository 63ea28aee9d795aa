//! Theirs: hyper and tonic.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::task::{Context, Poll};

use axum::serve::ListenerExt;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_prost::ProstCodec;

use super::HELLO;
use super::bench::Message;
use crate::Workers;
use crate::on_tokio::jobs::serve;

/// hyper, HTTP/1.
pub(crate) fn http1(workers: Workers) -> SocketAddr {
    serve(workers, |tell| accept(tell, |stream| drop(tokio::spawn(connection1(stream)))))
}

/// hyper, HTTP/2.
pub(crate) fn http2(workers: Workers) -> SocketAddr {
    serve(workers, |tell| accept(tell, |stream| drop(tokio::spawn(connection2(stream)))))
}

/// axum, served by itself.
pub(crate) fn axum(workers: Workers) -> SocketAddr {
    serve(workers, |tell| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        tell.send(listener.local_addr().expect("an address")).expect("somebody asked");
        axum::serve(listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP socket")), router())
            .await
            .expect("the server goes on");
    })
}

/// What both serve.
pub(super) fn router() -> axum::Router {
    axum::Router::new().route("/", axum::routing::get(|| async { HELLO }))
}

/// hyper, with long bodies both ways.
pub(crate) fn transfer(workers: Workers) -> SocketAddr {
    serve(workers, |tell| {
        accept(tell, |stream| {
            drop(tokio::spawn(async move {
                let mut builder = http1::Builder::new();
                builder.pipeline_flush(true).timer(TokioTimer::new());
                drop(builder.serve_connection(TokioIo::new(stream), service_fn(long)).await);
            }));
        })
    })
}

async fn long(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == http::Method::GET {
        return Ok(Response::new(Full::new(Bytes::from_static(super::MEBIBYTE))));
    }
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        drop(frame.expect("the client sends it all"));
    }
    Ok(Response::new(Full::new(Bytes::from_static(HELLO.as_bytes()))))
}

/// tonic.
pub(crate) fn grpc(workers: Workers) -> SocketAddr {
    serve(workers, |tell| async move {
        let incoming =
            TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a port").with_nodelay(Some(true));
        tell.send(incoming.local_addr().expect("an address")).expect("somebody asked");
        Server::builder().add_service(Echo).serve_with_incoming(incoming).await.expect("the server goes on");
    })
}

async fn accept(tell: Sender<SocketAddr>, connection: impl Fn(TcpStream)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    tell.send(listener.local_addr().expect("an address")).expect("somebody asked");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("a TCP socket");
        connection(stream);
    }
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(HELLO.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

async fn connection1(stream: TcpStream) {
    let mut builder = http1::Builder::new();
    builder.pipeline_flush(true).timer(TokioTimer::new());
    drop(builder.serve_connection(TokioIo::new(stream), service_fn(hello)).await);
}

async fn connection2(stream: TcpStream) {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    drop(builder.serve_connection(TokioIo::new(stream), service_fn(hello)).await);
}

/// What tonic's code generator makes for the service, with its one method.
#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "minato.bench.Bench";
}

impl Service<Request<tonic::body::Body>> for Echo {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        assert_eq!(request.uri().path(), "/minato.bench.Bench/Unary");
        Box::pin(async move {
            let codec = ProstCodec::<Message, Message>::default();
            Ok(Grpc::new(codec).unary(Method, request).await)
        })
    }
}

struct Method;

impl UnaryService<Message> for Method {
    type Response = Message;
    type Future = std::future::Ready<Result<tonic::Response<Message>, tonic::Status>>;

    fn call(&mut self, request: tonic::Request<Message>) -> Self::Future {
        ready(Ok(tonic::Response::new(request.into_inner())))
    }
}
