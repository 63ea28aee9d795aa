//! Lean services: the same requests under the same rules, in another form.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use minato_http::lean::{self, FixedFields, Request, Response};
use minato_http::{Body, ConnectionInfo, Drain, Error, Server, ServerConfig, handler_fn, upgrade};
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, duplex};
use minato_runtime::sync::{Notify, oneshot};
use minato_runtime::task::JoinHandle;
use tower_service::Service;

use crate::kit::{PIPE_BYTES, Peer, run, serve};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

fn serve_lean<S>(service: S, config: ServerConfig) -> (Peer, JoinHandle<Result<(), Error>>)
where
    S: Service<Request, Response = Response, Error = std::convert::Infallible> + Send + 'static,
    S::Future: Send,
{
    let (ours, theirs) = duplex(PIPE_BYTES);
    let server = minato_runtime::spawn(lean::serve_connection(theirs, service, config));
    (Peer::new(ours), server)
}

/// All that a request says.
fn told(method: &str, target: &str, version: http::Version, fields: &[(String, Vec<u8>)]) -> String {
    let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in fields {
        by_name.entry(name).or_default().push(value.escape_ascii().to_string());
    }
    format!("{method} {target} {version:?} {by_name:?}")
}

fn told_lean(request: &Request) -> String {
    let fields: Vec<_> =
        request.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec())).collect();
    for (name, _) in &fields {
        let first = fields.iter().find(|(other, _)| other == name).map(|(_, value)| &value[..]);
        assert_eq!(request.header(&name.to_uppercase()), first, "{name}");
    }
    let mut target = request.path().to_owned();
    if let Some(query) = request.query() {
        let _ = write!(target, "?{query}");
    }
    told(request.method().as_str(), &target, request.version(), &fields)
}

fn told_http<B>(request: &http::Request<B>) -> String {
    let fields: Vec<_> =
        request.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let target = match request.uri().query() {
        Some(query) => format!("{}?{query}", request.uri().path()),
        None => request.uri().path().to_owned(),
    };
    told(request.method().as_str(), &target, request.version(), &fields)
}

async fn answer(told: String, body: Body) -> (StatusCode, String) {
    match body.bytes(1000).await {
        Ok(bytes) => (StatusCode::OK, format!("{told} {}", bytes.escape_ascii())),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// What a connection answers to these bytes when they arrive in pieces of this size, without the date.
async fn answers(is_lean: bool, bytes: &[u8], step: usize) -> String {
    let config = ServerConfig::default();
    let (mut peer, server) = if is_lean {
        let service = lean::handler_fn(|request: Request| {
            let said = told_lean(&request);
            async move {
                // Half of them become typed ones, which must say the same.
                let body = if said.len().is_multiple_of(2) {
                    request.into_body()
                } else {
                    let request = request.into_http();
                    assert_eq!(told_http(&request), said);
                    request.into_body()
                };
                let (status, text) = answer(said, body).await;
                Response::text(text).with_status(status)
            }
        });
        serve_lean(service, config)
    } else {
        let service = handler_fn(|request: http::Request<Body>| {
            let said = told_http(&request);
            answer(said, request.into_body())
        });
        serve(service, config)
    };
    for piece in bytes.chunks(step) {
        // The connection may have been closed on what came before.
        if peer.io.write_all(piece).await.is_err() {
            break;
        }
        minato_runtime::task::yield_now().await;
    }
    let _ = peer.io.shutdown().await;
    let rest = String::from_utf8(peer.rest().await).unwrap();
    server.await.unwrap().unwrap();
    rest.split("\r\n").filter(|line| !line.starts_with("date: ")).collect::<Vec<_>>().join("\r\n")
}

const CONVERSATIONS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /a/b?c=d%20e&f HTTP/1.1\r\nHost: a:8080\r\nAccept:  */*  \r\nx-empty:\r\nX-Empty: 2\r\ncookie: a\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "GET http://b/c?d HTTP/1.1\r\nhost: b\r\n\r\nOPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /{a}|\"b\"^`<c> HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /{a}|\"b\" HTTP/1.1\r\nhost: a\r\nuser-agent: caf\u{e9}\r\n\r\nHEAD / HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nna me: b\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\ntab: a\tb\t\r\n\r\nPURGE /x HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
];

#[test]
fn a_lean_service_sees_and_answers_what_a_typed_one_does() {
    run(async {
        for bytes in CONVERSATIONS {
            for step in [usize::MAX, 1, 7] {
                let typed = answers(false, bytes.as_bytes(), step).await;
                assert!(typed.starts_with("HTTP/1.1 "), "{bytes:?}: {typed:?}");
                assert_eq!(answers(true, bytes.as_bytes(), step).await, typed, "{bytes:?} by {step}");
            }
        }
    });
}

#[test]
fn noise_is_refused_or_taken_alike() {
    run(async {
        let mut seed = 0x5eed_0005_u64;
        let mut below = |bound: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % bound
        };
        let mut refused = 0;
        for round in 0..3_000 {
            let mut bytes = CONVERSATIONS[below(CONVERSATIONS.len())].as_bytes().to_vec();
            for _ in 0..=below(3) {
                let at = below(bytes.len());
                match below(5) {
                    0 => bytes[at] = below(256) as u8,
                    1 => bytes.insert(at, b"\r\n :\t,;\0@<"[below(10)]),
                    2 => drop(bytes.remove(at)),
                    3 => bytes[at] ^= 0x20,
                    _ => bytes.truncate(at + 1),
                }
            }
            let typed = answers(false, &bytes, usize::MAX).await;
            refused += usize::from(typed.contains("HTTP/1.1 4"));
            let lean = answers(true, &bytes, usize::MAX).await;
            assert_eq!(lean, typed, "round {round}: {:?}", bytes.escape_ascii().to_string());
        }
        assert!((500..2_900).contains(&refused), "the noise tests nothing: {refused} refused");
    });
}

#[test]
fn fields_leave_as_they_were_set_and_those_of_the_server_are_obeyed() {
    static FIELDS: FixedFields = FixedFields::new("server: x\r\ncontent-type: text/csv\r\n");
    run(async {
        let service = lean::handler_fn(|request: Request| {
            let response = Response::text("a,b").with_fields(&FIELDS);
            let response = response.with_header(header::VARY, HeaderValue::from_static("accept"));
            let response = match request.path() {
                "/close" => response.with_header(header::CONNECTION, HeaderValue::from_static("close")),
                "/date" => response.with_header(header::DATE, HeaderValue::from_static("long ago")),
                "/length" => response.with_header(header::CONTENT_LENGTH, HeaderValue::from_static("9")),
                _ => response,
            };
            std::future::ready(response)
        });
        let (mut peer, _server) = serve_lean(service, ServerConfig::default());
        peer.send(GET).await;
        let expected =
            [("server", "x"), ("content-type", "text/csv"), ("vary", "accept"), ("content-length", "3")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = peer.answer().await;
        assert_eq!((answer.fields, answer.body), (expected.to_vec(), b"a,b".to_vec()));
        // The length of a body that is there is its own.
        peer.send(GET.replace("GET /", "GET /length")).await;
        assert_eq!(peer.answer().await.fields, expected);
        peer.send(GET.replace("GET /", "HEAD /length")).await;
        assert_eq!(peer.head().await.field("content-length"), Some("9"));
        peer.send(GET.replace("GET /", "GET /date")).await;
        let head = String::from_utf8(peer.through(b"\r\n\r\n").await).unwrap();
        assert!(head.contains("date: long ago\r\n") && head.matches("date").count() == 1, "{head}");
        peer.exactly(3).await;
        peer.send(GET.replace("GET /", "GET /close")).await;
        assert!(peer.answer().await.closes());
        peer.expect_end().await;
    });
}

#[test]
fn typed_and_lean_messages_turn_into_each_other() {
    let mut typed = http::Response::new(Body::from("x"));
    *typed.status_mut() = StatusCode::CREATED;
    let mut fields = HeaderMap::new();
    fields.append("a", HeaderValue::from_static("1"));
    fields.append("a", HeaderValue::from_static(""));
    fields.append("date", HeaderValue::from_static("now"));
    fields.append("content-length", HeaderValue::from_static("1"));
    *typed.headers_mut() = fields.clone();
    let back = Response::from(typed).into_http();
    assert_eq!((back.status(), back.headers()), (StatusCode::CREATED, &fields));
    let failed: Response = Err::<String, _>((StatusCode::CONFLICT, "no")).into();
    assert_eq!(failed.status(), StatusCode::CONFLICT);
    assert_eq!(failed.into_http().headers()["content-type"], "text/plain; charset=utf-8");
}

#[test]
fn a_handler_that_takes_its_time_or_panics_is_waited_for_or_answered() {
    run(async {
        let go = Arc::new(Notify::new());
        let service = {
            let go = Arc::clone(&go);
            lean::handler_fn(move |request: Request| {
                let go = Arc::clone(&go);
                async move {
                    match request.path() {
                        "/wait" => go.notified().await,
                        "/panic" => panic!("on purpose"),
                        _ => {}
                    }
                    Response::text(request.path().to_owned())
                }
            })
        };
        let (mut peer, _server) = serve_lean(service, ServerConfig::default());
        peer.send(GET.replace("GET /", "GET /wait")).await;
        minato_runtime::task::yield_now().await;
        go.notify_one();
        assert_eq!(peer.answer().await.text(), "/wait");
        peer.send(GET.replace("GET /", "GET /panic")).await;
        let answer = peer.answer().await;
        assert!(answer.status == 500 && answer.closes());
        peer.expect_end().await;
    });
}

#[test]
fn the_connection_tells_of_itself_and_of_the_end() {
    run(async {
        let ended = Arc::new(Mutex::new(Vec::new()));
        let service = {
            let ended = Arc::clone(&ended);
            lean::handler_fn(move |request: Request| {
                let info = request.connection().unwrap();
                assert_eq!(request.peer(), info.peer);
                let mut hints = HeaderMap::new();
                hints.insert(header::LINK, HeaderValue::from_static("</a>"));
                info.informational().send(StatusCode::EARLY_HINTS, hints).unwrap();
                ended.lock().unwrap().push(minato_runtime::spawn(info.ended()));
                std::future::ready(Response::text("done"))
            })
        };
        let (mut peer, _server) = serve_lean(service, ServerConfig::default());
        for round in 1..=3 {
            peer.send(GET).await;
            peer.expect("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await;
            assert_eq!(peer.answer().await.text(), "done");
            let told = ended.lock().unwrap().pop().unwrap();
            told.await.unwrap_or_else(|_| panic!("the end of exchange {round} is told"));
        }
        let mut config = ServerConfig::default();
        config.connection_info = ConnectionInfo::Omit;
        let service = lean::handler_fn(|request: Request| {
            std::future::ready(Response::text(format!("{:?}", request.connection())))
        });
        let (mut peer, _server) = serve_lean(service, config);
        peer.send(GET).await;
        assert_eq!(peer.answer().await.text(), "None");
    });
}

#[test]
fn a_lean_request_can_be_upgraded() {
    run(async {
        let service = lean::handler_fn(|request: Request| {
            let mut request = request.into_http();
            let on_upgrade = upgrade::on(&mut request);
            drop(minato_runtime::spawn(async move {
                let mut io = on_upgrade.await.unwrap();
                let mut buf = [0; 5];
                io.read_exact(&mut buf).await.unwrap();
                io.write_all(&buf).await.unwrap();
            }));
            let response = Response::empty(StatusCode::SWITCHING_PROTOCOLS);
            std::future::ready(response.with_header(header::UPGRADE, HeaderValue::from_static("echo")))
        });
        let (mut peer, _server) = serve_lean(service, ServerConfig::default());
        peer.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nearly").await;
        let head = peer.head().await;
        assert_eq!((head.status, head.field("upgrade")), (101, Some("echo")));
        peer.expect("early").await;
        peer.expect_end().await;
    });
}

#[test]
fn http2_is_served_by_the_same_service() {
    run(async {
        let service = lean::handler_fn(|request: Request| async move {
            let said = format!("{} {:?}", told_lean(&request), request.host());
            let text = request.into_body().text().await?;
            Ok::<_, Error>(Response::text(format!("{said} {text}")).with_status(StatusCode::ACCEPTED))
        });
        let (ours, theirs) = duplex(PIPE_BYTES);
        drop(minato_runtime::spawn(lean::serve_connection(theirs, service, ServerConfig::default())));
        let (mut client, connection) = h2::client::handshake(Compat::new(ours)).await.unwrap();
        drop(minato_runtime::spawn(connection));
        let request = http::Request::post("http://b/c?d").header("x", "1").body(()).unwrap();
        let (response, mut body) = client.send_request(request, false).unwrap();
        body.send_data(Bytes::from_static(b"hello"), true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let data = response.into_body().data().await.unwrap().unwrap();
        assert_eq!(data, "POST /c?d HTTP/2.0 {\"x\": [\"1\"]} Some(\"b\") hello");
    });
}

#[test]
fn a_server_serves_a_lean_service_until_its_shutdown() {
    let runtime = minato_runtime::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let signal = async {
            let _ = stopped.await;
        };
        let server = Server::bind("127.0.0.1:0")
            .graceful(signal, Drain::within(std::time::Duration::from_secs(5)))
            .listen()
            .await
            .unwrap();
        let address = server.local_addr().unwrap();
        let service = lean::handler_fn(|request: Request| {
            std::future::ready(Response::text(request.peer().unwrap().ip().to_string()))
        });
        let serving = minato_runtime::spawn(server.serve_lean(service));
        let mut io = minato_net::TcpStream::connect(address).await.unwrap();
        io.write_all(GET.as_bytes()).await.unwrap();
        let mut text = vec![0; 1000];
        let len = io.read(&mut text).await.unwrap();
        assert!(text[..len].ends_with(b"\r\n\r\n127.0.0.1"));
        drop(stop);
        let report = serving.await.unwrap().unwrap();
        assert_eq!((report.drained, report.cut), (1, 0));
    });
}

/// A service whose answers are no responses until somebody makes them so.
struct Explosive;

struct Bomb;

impl From<Bomb> for Response {
    fn from(_: Bomb) -> Self {
        panic!("on purpose")
    }
}

impl Service<Request> for Explosive {
    type Response = Result<&'static str, Bomb>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        std::future::ready(Ok(if request.path() == "/bomb" { Err(Bomb) } else { Ok("fine") }))
    }
}

#[test]
fn an_answer_that_panics_on_its_way_to_a_response_takes_no_others_with_it() {
    run(async {
        let (ours, theirs) = duplex(PIPE_BYTES);
        let server =
            minato_runtime::spawn(lean::serve_connection(theirs, Explosive, ServerConfig::default()));
        let mut peer = Peer::new(ours);
        peer.send([GET, &GET.replace("GET /", "GET /bomb")].concat()).await;
        assert_eq!(peer.answer().await.text(), "fine");
        let answer = peer.answer().await;
        assert_eq!((answer.status, answer.closes()), (500, true));
        peer.expect_end().await;
        server.await.unwrap().unwrap();
    });
}
