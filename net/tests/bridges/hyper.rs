//! hyper over our sockets, on our timers and tasks.

use std::convert::Infallible;
use std::time::Duration;

use ::hyper::body::{Bytes, Incoming};
use ::hyper::service::service_fn;
use ::hyper::{Request, Response};
use http_body_util::{BodyExt, Full};
use minato_runtime::compat::hyper::{HyperExecutor, HyperTimer};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::spawn;
use minato_runtime::time::Instant;

use crate::one_connection;

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(request.into_body().collect().await.unwrap().to_bytes())))
}

fn request(body: Bytes) -> Request<Full<Bytes>> {
    Request::post("http://localhost/").header("host", "localhost").body(Full::new(body)).unwrap()
}

#[test]
fn hyper_serves_http1_over_our_stream() {
    Runtime::new().unwrap().block_on(async {
        let (server, stream) = one_connection(|stream| async move {
            let mut http = ::hyper::server::conn::http1::Builder::new();
            http.timer(HyperTimer::new()).serve_connection(stream, service_fn(echo)).await.unwrap();
        })
        .await;
        let (mut sender, connection) = ::hyper::client::conn::http1::handshake(stream).await.unwrap();
        let driving = spawn(connection);
        for body in [Bytes::from_static(b"small"), Bytes::from(vec![3; 1_000_000])] {
            let response = sender.send_request(request(body.clone())).await.unwrap();
            assert!(response.into_body().collect().await.unwrap().to_bytes() == body);
        }
        drop(sender);
        driving.await.unwrap().unwrap();
        server.await.unwrap();
    });
}

#[test]
fn hyper_serves_http2_with_our_executor() {
    Runtime::new().unwrap().block_on(async {
        let (server, stream) = one_connection(|stream| async move {
            let mut http = ::hyper::server::conn::http2::Builder::new(HyperExecutor::new());
            http.timer(HyperTimer::new()).keep_alive_interval(Duration::from_secs(5));
            http.serve_connection(stream, service_fn(echo)).await.unwrap();
        })
        .await;
        let (sender, connection) =
            ::hyper::client::conn::http2::handshake(HyperExecutor::new(), stream).await.unwrap();
        let driving = spawn(connection);
        let calls: Vec<_> = (0..20_u8)
            .map(|n| {
                let mut sender = sender.clone();
                spawn(async move {
                    let body = Bytes::from(vec![n; 50_000]);
                    let response = sender.send_request(request(body.clone())).await.unwrap();
                    assert!(response.into_body().collect().await.unwrap().to_bytes() == body);
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        drop(sender);
        driving.await.unwrap().unwrap();
        server.await.unwrap();
    });
}

#[test]
fn hypers_timeouts_run_on_our_clock() {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
        let start = Instant::now();
        let (near, mut far) = minato_net::UnixStream::pair().unwrap();
        let server = spawn(async move {
            let mut http = ::hyper::server::conn::http1::Builder::new();
            http.timer(HyperTimer::new()).header_read_timeout(Duration::from_secs(40));
            http.serve_connection(near, service_fn(echo)).await
        });
        far.write_all(b"POST / HTTP/1.1\r\nhost: ").await.unwrap();
        let error = server.await.unwrap().unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(start.elapsed().as_secs(), 40);
        let _ = far.read_to_end(&mut Vec::new()).await;
    });
}
