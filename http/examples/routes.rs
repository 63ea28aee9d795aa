//! A server that answers by path: a text, an echo, a stream, the sum of an upload.
//!
//! `cargo run -p minato-http --example routes -- 127.0.0.1:3000`, then `curl http://127.0.0.1:3000/`.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use minato_http::{Body, Drain, Error, IntoResponse, Server, handler_fn};
use minato_runtime::runtime::Runtime;
use minato_runtime::time::sleep;

fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let runtime = Runtime::new().expect("the operating system gives us threads");
    let report = runtime.block_on(async {
        Server::bind(address)
            .graceful(stop(), Drain::within(Duration::from_secs(10)))
            .serve(handler_fn(route))
            .await
    })?;
    std::process::exit(i32::from(report.cut > 0));
}

async fn stop() {
    if minato_runtime::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

async fn route(request: Request<Body>) -> Response<Body> {
    match request.uri().path() {
        "/" => "hello\n".into_response(),
        "/echo" => Response::new(request.into_body()),
        "/count" => count(request.into_body()).await.into_response(),
        "/ticks" => ticks().into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The length of a body, read as it arrives.
async fn count(mut body: Body) -> Result<String, Error> {
    let mut len = 0;
    while let Some(data) = body.data().await {
        len += data?.len();
    }
    Ok(format!("{len}\n"))
}

/// A body that comes bit by bit.
fn ticks() -> Body {
    let (mut sender, body) = Body::channel();
    drop(minato_runtime::spawn(async move {
        for i in 0..5 {
            sender.send(format!("{i}\n")).await?;
            sleep(Duration::from_millis(50)).await;
        }
        sender.finish();
        Ok::<_, Error>(())
    }));
    body
}
