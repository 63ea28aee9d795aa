//! Every example runs, does what it says, and ends when asked to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use minato_net::tls::rustls::{ClientConnection, StreamOwned};
use minato_net::tls::{Roots, TlsConnector};
use rustix::process::{Pid, Signal, kill_process};

/// A server example on a port of its own; killed if a test fails before it ended.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(binary: &str) -> Self {
        Self::start_with(binary, &[])
    }

    /// With more arguments behind the address.
    fn start_with(binary: &str, args: &[&str]) -> Self {
        let mut child = Command::new(binary)
            .arg("127.0.0.1:0")
            .args(args)
            .env("MINATO_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let address = line.strip_prefix("listening on ").unwrap().trim_start_matches("http://");
        let address = address.parse().unwrap();
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// One HTTP/1.1 exchange, as it is on the wire.
    fn exchange(&self, request: &str) -> String {
        String::from_utf8(self.exchange_bytes(request)).unwrap()
    }

    /// The same, where the answer may be no text.
    fn exchange_bytes(&self, request: &str) -> Vec<u8> {
        let mut peer = TcpStream::connect(self.address).unwrap();
        peer.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    /// Asks it to end, and checks that it does so well.
    fn end(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(binary: &str, args: &[&str]) -> String {
    let output = Command::new(binary).args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn tcp_echo_sends_back_what_it_gets() {
    let server = Server::start(env!("CARGO_BIN_EXE_tcp-echo"));
    let mut peer = TcpStream::connect(server.address).unwrap();
    peer.write_all(b"ahoy").unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ahoy");
    server.end();
}

#[test]
fn mini_redis_answers_and_ends_when_asked_to() {
    let server = Server::start(env!("CARGO_BIN_EXE_mini-redis"));
    let mut peer = TcpStream::connect(server.address).unwrap();
    peer.write_all(b"SET name Nami\r\nGET name\r\nQUIT\r\n").unwrap();
    let mut answers = String::new();
    peer.read_to_string(&mut answers).unwrap();
    assert_eq!(answers, "+OK\r\n$4\r\nNami\r\n+OK\r\n");
    server.end();
}

#[test]
fn udp_echo_sends_back_each_datagram() {
    let server = Server::start(env!("CARGO_BIN_EXE_udp-echo"));
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.connect(server.address).unwrap();
    for message in [&b"ahoy"[..], b"", &[7; 9000]] {
        peer.send(message).unwrap();
        let mut answer = [0; 10_000];
        let len = peer.recv(&mut answer).unwrap();
        assert_eq!(&answer[..len], message);
    }
    server.end();
}

#[test]
fn tcp_proxy_passes_on_pieces_of_all_sizes() {
    let echo = Server::start(env!("CARGO_BIN_EXE_tcp-echo"));
    let proxy = Server::start_with(env!("CARGO_BIN_EXE_tcp-proxy"), &[&echo.address.to_string()]);
    for size in [5, 100_000] {
        let mut peer = TcpStream::connect(proxy.address).unwrap();
        let mut reading = peer.try_clone().unwrap();
        let reader = std::thread::spawn(move || {
            let mut answer = Vec::new();
            reading.read_to_end(&mut answer).unwrap();
            answer
        });
        let message = vec![3; size];
        peer.write_all(&message).unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(reader.join().unwrap() == message);
    }
    proxy.end();
    echo.end();
}

#[test]
fn everybody_in_the_chat_reads_what_anybody_writes() {
    let server = Server::start(env!("CARGO_BIN_EXE_chat"));
    let enter = |name: &str| {
        let mut peer = TcpStream::connect(server.address).unwrap();
        let mut lines = BufReader::new(peer.try_clone().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().unwrap(), "your name?");
        writeln!(peer, "{name}").unwrap();
        assert_eq!(lines.next().unwrap(), format!("* {name} is here"));
        (peer, lines)
    };
    let (mut ann, mut heard_by_ann) = enter("ann");
    let (bob, mut heard_by_bob) = enter("bob");
    assert_eq!(heard_by_ann.next().unwrap(), "* bob is here");
    writeln!(ann, "good morning").unwrap();
    assert_eq!(heard_by_ann.next().unwrap(), "ann: good morning");
    assert_eq!(heard_by_bob.next().unwrap(), "ann: good morning");
    drop((bob, heard_by_bob));
    assert_eq!(heard_by_ann.next().unwrap(), "* bob has gone");
    // A line without an end costs its sender the connection, and nobody else anything.
    ann.write_all(&[b'x'; 4096]).unwrap();
    while heard_by_ann.next().is_some_and(|line| line == "* ann has gone") {}
    server.end();
}

/// A certificate that is in files, and can be made anew.
struct Certificate {
    folder: PathBuf,
    files: [String; 2],
}

impl Certificate {
    fn of(server: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("minato-{server}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = ["cert.pem", "key.pem"].map(|name| folder.join(name).to_str().unwrap().to_owned());
        Self { folder, files }
    }

    fn arguments(&self) -> [&str; 2] {
        [&self.files[0], &self.files[1]]
    }

    /// Makes a new one, and tells who trusts it.
    fn issue(&self) -> Roots {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&self.files[0], made.cert.pem()).unwrap();
        std::fs::write(&self.files[1], made.signing_key.serialize_pem()).unwrap();
        Roots::empty().with_pem(made.cert.pem().as_bytes()).unwrap()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn connect_over_tls(server: &Server, roots: &Roots) -> StreamOwned<ClientConnection, TcpStream> {
    let connector = TlsConnector::builder().roots(roots.clone()).build().unwrap();
    let name = "localhost".try_into().unwrap();
    let session = ClientConnection::new(connector.config().clone(), name).unwrap();
    StreamOwned::new(session, TcpStream::connect(server.address).unwrap())
}

#[test]
fn tls_echo_shows_a_new_certificate_after_a_hangup() {
    let certificate = Certificate::of("tls-echo");
    let old = certificate.issue();
    let server = Server::start_with(env!("CARGO_BIN_EXE_tls-echo"), &certificate.arguments());
    let echo = |roots: &Roots| -> std::io::Result<String> {
        let mut stream = connect_over_tls(&server, roots);
        stream.write_all(b"ahoy")?;
        stream.conn.send_close_notify();
        stream.flush()?;
        std::io::read_to_string(stream)
    };
    assert_eq!(echo(&old).unwrap(), "ahoy");
    let new = certificate.issue();
    kill_process(Pid::from_child(&server.child), Signal::HUP).unwrap();
    // The signal is handled when the process gets to it.
    while echo(&new).is_err() {
        std::thread::yield_now();
    }
    assert!(echo(&old).is_err());
    server.end();
}

#[test]
fn tls_server_tells_of_the_handshake_and_shows_a_new_certificate_after_a_hangup() {
    let certificate = Certificate::of("tls-server");
    let old = certificate.issue();
    let server = Server::start_with(env!("CARGO_BIN_EXE_tls-server"), &certificate.arguments());
    let get = |roots: &Roots| -> std::io::Result<String> {
        let mut stream = connect_over_tls(&server, roots);
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        std::io::read_to_string(stream)
    };
    let answer = get(&old).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("HTTP/1.1 over Some(TLSv1_3)"), "{answer}");
    let new = certificate.issue();
    kill_process(Pid::from_child(&server.child), Signal::HUP).unwrap();
    while get(&new).is_err() {
        std::thread::yield_now();
    }
    assert!(get(&old).is_err());
    server.end();
}

#[test]
fn reverse_proxy_passes_on_bodies_trailers_and_failures() {
    let hello = Server::start(env!("CARGO_BIN_EXE_hello"));
    let proxy = Server::start_with(env!("CARGO_BIN_EXE_reverse-proxy"), &[&hello.url("")]);
    assert!(proxy.get("/").ends_with("Hello from Minato!\n"));
    let echoed = proxy.exchange(
        "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close, te\r\nte: trailers\r\ntrailer: tide\r\n\
         transfer-encoding: chunked\r\n\r\n4\r\nahoy\r\n0\r\ntide: high\r\n\r\n",
    );
    assert!(echoed.ends_with("4\r\nahoy\r\n0\r\ntide: high\r\n\r\n"), "{echoed}");
    hello.end();
    assert!(proxy.get("/").starts_with("HTTP/1.1 502 "));
    proxy.end();
}

#[test]
fn reverse_proxy_passes_on_grpc() {
    let hello = Server::start(env!("CARGO_BIN_EXE_hello"));
    let proxy = Server::start_with(env!("CARGO_BIN_EXE_reverse-proxy"), &[&hello.url(""), "h2"]);
    let client = run(env!("CARGO_BIN_EXE_hello-client"), &[&proxy.url("")]);
    for line in ["gRPC unary: Hello, client! (trailer says 42)", "gRPC stream: Hello, client!"] {
        assert!(client.contains(line), "no '{line}' in\n{client}");
    }
    proxy.end();
    hello.end();
}

#[test]
fn hello_serves_http_and_grpc_to_its_client() {
    let server = Server::start(env!("CARGO_BIN_EXE_hello"));
    assert!(server.get("/").ends_with("Hello from Minato!\n"));
    assert!(server.get("/nowhere").starts_with("HTTP/1.1 404"));
    let echoed = server.exchange(
        "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nahoy\r\n0\r\n\r\n",
    );
    assert!(echoed.contains("ahoy"), "{echoed}");
    let client = run(env!("CARGO_BIN_EXE_hello-client"), &[&server.url("")]);
    for line in [
        "HTTP/1.1 200 OK: Hello from Minato!",
        "HTTP/2.0 200 OK: Hello from Minato!",
        "gRPC unary: Hello, client! (trailer says 42)",
        "gRPC stream: Hello, client!",
        "gRPC health: Serving",
    ] {
        assert!(client.contains(line), "no '{line}' in\n{client}");
    }
    server.end();
}

#[test]
fn http_client_fetches_over_both_versions() {
    let server = Server::start(env!("CARGO_BIN_EXE_hello"));
    let url = server.url("/");
    let client = env!("CARGO_BIN_EXE_http-client");
    assert_eq!(run(client, &[&url, &url]), format!("{url}: HTTP/1.1 200 OK, 19 bytes\n").repeat(2));
    assert_eq!(run(client, &["--h2", &url]), format!("{url}: HTTP/2.0 200 OK, 19 bytes\n"));
    server.end();
}

/// What the client of the next test is to meet.
async fn meet(
    request: http::Request<minato_http::Body>,
    busy: &std::sync::atomic::AtomicU32,
) -> http::Response<minato_http::Body> {
    let cookie = request.headers().get("cookie").map(|cookie| cookie.to_str().unwrap().to_owned());
    let (head, body) = request.into_parts();
    let answer = http::Response::builder();
    let answer = match head.uri.path() {
        "/moved" => answer.status(302).header("location", "/here").body("".into()),
        "/login" => answer.header("set-cookie", "who=nami").body("welcome".into()),
        "/who" => answer.body(cookie.unwrap_or_default().into()),
        "/busy" if busy.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => {
            answer.status(503).body("".into())
        }
        "/slow" => std::future::pending().await,
        "/length" => {
            let told = head
                .headers
                .get("content-length")
                .map_or("none", |length| length.to_str().unwrap())
                .to_owned();
            let got = body.bytes(1 << 24).await.unwrap();
            assert!(got.iter().enumerate().all(|(at, byte)| *byte == at as u8));
            answer.body(format!("{told} {}", got.len()).into())
        }
        "/echo" => answer.header("content-type", "application/json").body(body),
        "/there" => answer.body(head.uri.to_string().into()),
        path => answer.body(path.to_owned().into()),
    };
    answer.unwrap()
}

#[test]
fn http_client_does_what_a_client_can_do() {
    use std::sync::Arc;
    let folder = std::env::temp_dir().join(format!("minato-http-client-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (upload, output, socket) = (path("upload"), path("output"), path("socket"));
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| at as u8).collect();
    std::fs::write(&upload, &bytes).unwrap();

    let runtime = minato_runtime::runtime::Runtime::new().unwrap();
    let address = runtime.block_on(async {
        let busy = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let service = minato_http::handler_fn(move |request| {
            let busy = busy.clone();
            async move { meet(request, &busy).await }
        });
        let server = minato_http::Server::bind("127.0.0.1:0").listen().await.unwrap();
        let address = server.local_addr().unwrap();
        drop(minato_runtime::spawn(server.serve(service.clone())));
        let local = minato_net::UnixListener::bind(&socket).unwrap();
        drop(minato_runtime::spawn(minato_http::Server::from_listener(local).serve(service)));
        address
    });
    let url = |path: &str| format!("http://{address}{path}");
    let client = |args: &[&str]| run(env!("CARGO_BIN_EXE_http-client"), args);
    for http2 in [false, true] {
        let version = if http2 { "HTTP/2.0" } else { "HTTP/1.1" };
        let client = |args: &[&str]| client(&[if http2 { &["--h2"][..] } else { &[] }, args].concat());
        let moved = url("/moved");
        assert_eq!(client(&[&moved]), format!("{moved}: {version} 200 OK, 5 bytes, from {}\n", url("/here")));
        let echo = url("/echo");
        assert_eq!(
            client(&["--json", r#"{"name": ["Nami", 7]}"#, &echo]),
            format!("{echo}: {version} 200 OK, {}\n", r#"{"name":["Nami",7]}"#)
        );
        client(&["--upload", &upload, "--output", &output, &url("/length")]);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "3000000 3000000");
        client(&["--upload", &upload, "--output", &output, &echo]);
        assert_eq!(std::fs::read(&output).unwrap(), bytes);
        client(&["--cookies", "--output", &output, &url("/login"), &url("/who")]);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "who=nami");
        client(&["--unix", &socket, "--output", &output, "http://anything/over/there"]);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "/over/there");
        let measured = client(&["--cookies", "--metrics", &url("/"), &url("/")]);
        assert!(measured.contains("first byte") && measured.contains("0 sent"), "{measured}");
        assert!(measured.ends_with("1 connections made, 1 used again\n"), "{measured}");
    }
    // One that has no time, and then has.
    let busy = url("/busy");
    assert_eq!(client(&[&busy]), format!("{busy}: HTTP/1.1 200 OK, 5 bytes\n"));
    // A proxy is a server that is asked for whole URLs.
    client(&["--proxy", &url("/"), "--output", &output, "http://elsewhere.example/there"]);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "http://elsewhere.example/there");

    let fails = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_http-client")).args(args).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(fails(&["--timeout", "0.2", &url("/slow")]), "failed: the exchange timed out\n");
    assert!(fails(&["http://127.0.0.1:1/"]).contains("Connection refused"));
    assert!(fails(&["http://127.0.0.1:99999/"]).contains("the port of the URI is none"));
    assert!(fails(&["--what"]).contains("what is --what?"));
    runtime.shutdown_background();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn middleware_numbers_requests_and_limits_their_time() {
    let server = Server::start(env!("CARGO_BIN_EXE_middleware"));
    assert!(server.get("/").contains("x-request-id: 1\r\n"));
    let second = server.get("/");
    assert!(second.contains("x-request-id: 2\r\n") && second.contains("x-took-us: "), "{second}");
    assert!(server.get("/slow").starts_with("HTTP/1.1 504"));
    server.end();
}

#[test]
fn an_axum_router_runs_unmodified() {
    let server = Server::start(env!("CARGO_BIN_EXE_axum-on-minato"));
    let answer = server.get("/users/7");
    assert!(answer.ends_with("user 7\n") && answer.contains("server: minato\r\n"), "{answer}");
    let json = r#"{"name":"Nami"}"#;
    let created = server.exchange(&format!(
        "POST /users HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{json}",
        json.len()
    ));
    assert!(created.starts_with("HTTP/1.1 201") && created.ends_with(json), "{created}");
    server.end();
}

#[test]
fn static_files_come_whole_in_ranges_compressed_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("minato-static-files-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    let text = "0123456789".repeat(100);
    std::fs::write(folder.join("plain.txt"), &text).unwrap();
    std::fs::write(folder.join("packed.txt"), &text).unwrap();
    std::fs::write(folder.join("packed.txt.br"), "no brotli, but nobody looks").unwrap();
    std::fs::write(folder.join("sub/index.html"), "<p>hello").unwrap();
    let server = Server::start_with(env!("CARGO_BIN_EXE_static-files"), &[folder.to_str().unwrap()]);
    let get = |path: &str, fields: &str| {
        server.exchange(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n{fields}connection: close\r\n\r\n"))
    };
    let field = |answer: &str, name: &str| -> String {
        let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
    };

    let whole = get("/plain.txt", "");
    assert!(whole.starts_with("HTTP/1.1 200") && whole.ends_with(&text), "{whole}");
    assert_eq!(field(&whole, "accept-ranges"), "bytes");
    // The layers have been there, too.
    assert_eq!(field(&whole, "x-content-type-options"), "nosniff");
    assert!(!field(&whole, "x-request-id").is_empty());
    assert_eq!(field(&get("/plain.txt", "origin: http://y\r\n"), "access-control-allow-origin"), "*");

    let range = get("/plain.txt", "range: bytes=5-14\r\n");
    assert!(range.starts_with("HTTP/1.1 206") && range.ends_with("\r\n\r\n5678901234"), "{range}");
    assert_eq!(field(&range, "content-range"), "bytes 5-14/1000");
    assert!(get("/plain.txt", "range: bytes=2000-\r\n").starts_with("HTTP/1.1 416"));

    let modified = field(&whole, "last-modified");
    let same = get("/plain.txt", &format!("if-modified-since: {modified}\r\n"));
    assert!(same.starts_with("HTTP/1.1 304") && same.ends_with("\r\n\r\n"), "{same}");
    let tag = field(&whole, "etag");
    assert!(get("/plain.txt", &format!("if-none-match: {tag}\r\n")).starts_with("HTTP/1.1 304"));
    assert!(get("/plain.txt", "if-match: \"other\"\r\n").starts_with("HTTP/1.1 412"));

    let packed = get("/packed.txt", "accept-encoding: br\r\n");
    assert_eq!(field(&packed, "content-encoding"), "br");
    assert!(packed.ends_with("nobody looks"), "{packed}");
    let on_the_way = server.exchange_bytes(
        "GET /plain.txt HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n",
    );
    let head = String::from_utf8_lossy(&on_the_way);
    assert_eq!(field(&head, "content-encoding"), "gzip");
    assert!(on_the_way.len() < text.len(), "{} bytes", on_the_way.len());

    assert!(get("/sub/", "").ends_with("<p>hello"));
    assert_eq!(field(&get("/sub", ""), "location"), "/sub/");
    // RUSTSEC-2021-0135 and its kin: no way out of the folder, and no way to another host.
    for outside in
        ["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/sub/..%5c..%5csecret", "/C:/secret", "/none"]
    {
        assert!(get(outside, "").starts_with("HTTP/1.1 404"), "{outside}");
    }
    let elsewhere = get("//evil.example/..", "");
    assert!(!elsewhere.contains("location: //"), "{elsewhere}");
    server.end();
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn grpc_streaming_makes_all_four_kinds_of_call() {
    let text = run(env!("CARGO_BIN_EXE_grpc-streaming"), &[]);
    for line in [
        "unary: Hello, Umi!",
        "server stream: Hello, Nami!",
        "client stream: Hello, Kai and Ren and Mio!",
        "both ways: Hello, Sora!",
        "both ways ended: true",
        "deadline: ",
    ] {
        assert!(text.contains(line), "no '{line}' in\n{text}");
    }
}

#[test]
fn sse_goes_on_from_where_a_client_has_stopped_listening() {
    let server = Server::start(env!("CARGO_BIN_EXE_sse"));
    let mut peer = TcpStream::connect(server.address).unwrap();
    peer.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nlast-event-id: 6\r\n\r\n").unwrap();
    let mut lines = BufReader::new(peer).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "content-type: text/event-stream"));
    assert!(lines.any(|line| line == "data: the count is 7"));
    assert!(lines.any(|line| line == "data: the count is 8"));
    drop(lines);
    server.end();
}

#[test]
fn websocket_chat_says_to_everybody_what_anybody_says() {
    let server = Server::start(env!("CARGO_BIN_EXE_websocket-chat"));
    assert!(server.get("/").contains("new WebSocket"));
    assert!(server.get("/chat").starts_with("HTTP/1.1 426 "));
    chat_over(&[&server, &server]);
    server.end();
}

#[test]
fn reverse_proxy_passes_on_websockets() {
    let chat = Server::start(env!("CARGO_BIN_EXE_websocket-chat"));
    let proxy = Server::start_with(env!("CARGO_BIN_EXE_reverse-proxy"), &[&chat.url("")]);
    assert!(proxy.get("/chat").starts_with("HTTP/1.1 426 "));
    chat_over(&[&proxy, &chat]);
    proxy.end();
    chat.end();
}

/// One guest enters by each of the servers; all hear what the first says.
fn chat_over(servers: &[&Server]) {
    // RFC 6455 §1.3: the key and what a server makes of it.
    let ask = "GET /chat HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
               sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut guests: Vec<TcpStream> = servers
        .iter()
        .map(|server| {
            let mut guest = TcpStream::connect(server.address).unwrap();
            guest.write_all(ask.as_bytes()).unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                guest.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
            guest
        })
        .collect();
    // A ping of each: its pong says that the guest is in the room.
    for guest in &mut guests {
        guest.write_all(&[0x89, 0x80, 0, 0, 0, 0]).unwrap();
        let mut pong = [0; 2];
        guest.read_exact(&mut pong).unwrap();
        assert_eq!(pong, [0x8a, 0]);
    }
    // A text frame of a client is masked, here with zeros; that of a server is not.
    guests[0].write_all(&[&[0x81, 0x85, 0, 0, 0, 0][..], b"hello"].concat()).unwrap();
    for guest in &mut guests {
        let mut frame = [0; 7];
        guest.read_exact(&mut frame).unwrap();
        assert_eq!(frame, *b"\x81\x05hello");
    }
}
