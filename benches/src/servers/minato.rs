//! Ours.

use std::net::SocketAddr;
use std::sync::mpsc::Sender;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response};
use minato_grpc::{Cx, Routes};
use minato_http::{Body, BoxError, Server, handler_fn, lean};
use tonic::codegen::Service;

use super::HELLO;
use super::bench::{Bench, BenchServer, Message};
use crate::Workers;
use crate::on_minato::jobs::serve;

/// HTTP/1 and HTTP/2 on one port.
pub(crate) fn http(workers: Workers) -> SocketAddr {
    serve(workers, |tell| run(tell, handler_fn(hello)))
}

/// The same, without types for what nobody looks at.
pub(crate) fn lean(workers: Workers) -> SocketAddr {
    serve(workers, |tell| async move {
        let server = Server::bind("127.0.0.1:0").listen().await.expect("a port");
        tell.send(server.local_addr().expect("an address")).expect("somebody asked");
        let hello = lean::handler_fn(|_: lean::Request| async { lean::Response::text(HELLO) });
        drop(server.serve_lean(hello).await);
    })
}

/// axum's router on our server.
pub(crate) fn axum(workers: Workers) -> SocketAddr {
    serve(workers, |tell| async move {
        let server = Server::bind("127.0.0.1:0").listen().await.expect("a port");
        tell.send(server.local_addr().expect("an address")).expect("somebody asked");
        drop(server.serve(super::peers::router()).await);
    })
}

/// A mebibyte for each GET; what is posted is read to its end.
pub(crate) fn transfer(workers: Workers) -> SocketAddr {
    serve(workers, |tell| {
        run(
            tell,
            handler_fn(|request: Request<Body>| async move {
                if request.method() == Method::GET {
                    return Response::new(Body::from(super::MEBIBYTE));
                }
                let mut body = request.into_body();
                while let Some(data) = body.data().await {
                    drop(data.expect("the client sends it all"));
                }
                Response::new(Body::from(HELLO))
            }),
        )
    })
}

async fn hello(_: Request<Body>) -> Response<Body> {
    let mut response = Response::new(Body::from(HELLO));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// gRPC.
pub(crate) fn grpc(workers: Workers) -> SocketAddr {
    serve(workers, |tell| run(tell, Routes::new().add_service(BenchServer::new(Echo))))
}

async fn run<S>(tell: Sender<SocketAddr>, service: S)
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    let server = Server::bind("127.0.0.1:0").listen().await.expect("a port");
    tell.send(server.local_addr().expect("an address")).expect("somebody asked");
    drop(server.serve(service).await);
}

struct Echo;

impl Bench for Echo {
    async fn unary(&self, _: &mut Cx<'_>, request: Message) -> minato_grpc::Result<Message> {
        Ok(request)
    }
}
