//! The C++ core of gRPC on the other side, through Python.
//!
//! Needs `grpcio`, `grpcio-tools`, `grpcio-health-checking` and `grpcio-reflection`. Where they are missing the tests
//! say so and pass, unless `MINATO_REQUIRE_PEERS` is set. `PYTHON` names the interpreter.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::Request;
use minato_grpc::health::{self, ServingStatus};
use minato_grpc::{Code, Routes};
use minato_http::{Body, handler_fn};
use minato_runtime::runtime::Builder;
use minato_runtime::task::spawn_blocking;

use crate::echo::MyEcho;
use crate::generated::{EchoClient, EchoServer, Msg};
use crate::kit::{msg, serve, wish};

/// A Python process with a script of ours, or `None` where it cannot be had.
#[expect(clippy::print_stderr, reason = "whoever reads the log must see that the test did nothing")]
fn python(script: &str) -> Option<Command> {
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = "import grpc, grpc_tools, grpc_health.v1, grpc_reflection.v1alpha";
    let check = Command::new(&python).args(["-c", imports]).stderr(Stdio::null()).status();
    if !check.is_ok_and(|status| status.success()) {
        assert!(env::var_os("MINATO_REQUIRE_PEERS").is_none(), "{python} has no grpcio");
        eprintln!("skipped: {python} has no grpcio, or not all of its packages");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script));
    Some(command)
}

#[test]
fn grpcio_calls_our_server() {
    let Some(mut client) = python("client.py") else { return };
    Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(async {
        let (reporter, health) = health::service();
        reporter.set("minato.test.Echo", ServingStatus::Serving);
        let pages =
            handler_fn(|request: Request<Body>| async move { format!("page {}", request.uri().path()) });
        let routes = Routes::new()
            .add_service(EchoServer::new(MyEcho::default()))
            .add_service(health)
            .with_reflection()
            .fallback(pages);
        let address = serve(routes).await;
        client.arg(address.port().to_string());
        let status = spawn_blocking(move || client.status()).await.unwrap().unwrap();
        assert!(status.success(), "client.py failed");
    });
}

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn our_client_calls_grpcio() {
    let Some(mut server) = python("server.py") else { return };
    let mut server = Server(server.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut port = String::new();
    BufReader::new(server.0.stdout.as_mut().unwrap()).read_line(&mut port).unwrap();
    Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(async move {
        let client = EchoClient::connect(&format!("http://127.0.0.1:{}", port.trim())).await.unwrap();
        four_kinds(&client).await;
        statuses(&client).await;
        large_and_many(&client).await;
    });
}

async fn four_kinds(client: &EchoClient) {
    let response = client.unary(msg("hello ☺")).metadata("x-initial", "kept").with_metadata().await.unwrap();
    assert_eq!(response.message.text, "hello ☺");
    assert_eq!(response.headers.get("x-initial"), Some("kept"));

    let mut upload = client.collect().await.unwrap();
    for text in ["a", "b", "c"] {
        upload.send(msg(text)).await.unwrap();
    }
    assert_eq!(upload.finish().await.unwrap().text, "abc");

    let mut stream = client.expand(wish("", 1000)).await.unwrap();
    for count in 0..1000 {
        assert_eq!(stream.next().await.unwrap().unwrap().count, count);
    }
    assert_eq!(stream.next().await.unwrap(), None);

    let (mut requests, mut replies) = client.chat().await.unwrap();
    for turn in ["one", "two", "three"] {
        requests.send(msg(turn)).await.unwrap();
        assert_eq!(replies.next().await.unwrap().unwrap().text, turn);
    }
    requests.finish();
    assert_eq!(replies.next().await.unwrap(), None);
}

async fn statuses(client: &EchoClient) {
    let status = client.unary(wish("fail", 0)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "no ☺ %"));
    assert_eq!(status.metadata().get("why"), Some("asked to"));
    assert_eq!(status.metadata().get_bin("blob-bin").as_deref(), Some(&b"\x00\xff"[..]));
    assert_eq!(client.unary(wish("panic", 0)).await.unwrap_err().code(), Code::Unknown);
    assert_eq!(client.missing(()).await.unwrap_err().code(), Code::Unimplemented);
    let late = client.unary(wish("hang", 0)).timeout(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    let mut stream = client.expand(wish("fail", 2)).await.unwrap();
    assert!(stream.next().await.unwrap().is_some());
    assert!(stream.next().await.unwrap().is_some());
    assert_eq!(stream.next().await.unwrap_err().code(), Code::Aborted);
}

async fn large_and_many(client: &EchoClient) {
    let request = Msg { blob: vec![1; 3 << 20].into(), ..Msg::default() };
    assert_eq!(client.unary(request).await.unwrap().blob.len(), 3 << 20);
    let calls: Vec<_> = (0..100)
        .map(|n| {
            let client = client.clone();
            minato_runtime::spawn(async move { client.unary(msg(&n.to_string())).await })
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap().text, n.to_string());
    }
}
