//! Every example runs, does what it says, and ends when asked to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A server example on a port of its own; killed if a test fails before it ended.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(binary: &str) -> Self {
        let mut child = Command::new(binary)
            .arg("127.0.0.1:0")
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
        let mut peer = TcpStream::connect(self.address).unwrap();
        peer.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
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
