//! Other implementations at the other end.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use minato_net::tls::{TlsConnector, rustls};
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Runtime;
use minato_runtime::spawn;
use minato_runtime::task::spawn_blocking;

use crate::authority::Authority;

/// A directory that is this test's own, removed with the value.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minato-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, contents: &str) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether a program is there; where it must be (`MINATO_REQUIRE_PEERS`), its absence fails the test.
#[expect(clippy::print_stdout, reason = "why a test was skipped is for who runs it")]
fn is_missing(program: &str) -> bool {
    if Command::new(program).arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return false;
    }
    assert!(std::env::var_os("MINATO_REQUIRE_PEERS").is_none(), "{program} is not installed");
    println!("skipped: {program} is not installed");
    true
}

#[test]
fn rustls_over_blocking_sockets_talks_to_either_side() {
    Runtime::new().unwrap().block_on(async {
        let authority = Authority::new();
        let (acceptor, connector) = (authority.acceptor(), authority.connector());

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = connector.config().clone();
        let client = spawn_blocking(move || {
            let session = rustls::ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
            let mut stream =
                rustls::StreamOwned::new(session, std::net::TcpStream::connect(address).unwrap());
            stream.write_all(&[5; 100_000]).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            let mut back = Vec::new();
            stream.read_to_end(&mut back).unwrap();
            back
        });
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(&all).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(client.await.unwrap() == [5; 100_000]);

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = acceptor.config();
        let server = spawn_blocking(move || {
            let session = rustls::ServerConnection::new(config).unwrap();
            let mut stream = rustls::StreamOwned::new(session, listener.accept().unwrap().0);
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            stream.write_all(text.to_uppercase().as_bytes()).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        });
        let mut stream =
            connector.connect("localhost", TcpStream::connect(address).await.unwrap()).await.unwrap();
        stream.write_all(b"shout").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "SHOUT");
        server.await.unwrap();
    });
}

#[test]
fn openssl_connects_to_us_with_either_version() {
    if is_missing("openssl") {
        return;
    }
    Runtime::new().unwrap().block_on(async {
        let authority = Authority::new();
        let folder = Folder::new("s-client");
        let roots = folder.file("roots.pem", &authority.pem());
        let acceptor = authority.acceptor();
        for version in ["-tls1_2", "-tls1_3"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut client = Command::new("openssl")
                .args(["s_client", "-quiet", "-verify_return_error", "-servername", "localhost", version])
                .args(["-verify_hostname", "localhost", "-connect", &address.to_string(), "-CAfile"])
                .arg(&roots)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            client.stdin.as_mut().unwrap().write_all(b"hello from openssl\n").unwrap();
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            assert_eq!(line, "hello from openssl\n");
            stream.write_all(line.to_uppercase().as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let output = spawn_blocking(move || client.wait_with_output().unwrap()).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), "HELLO FROM OPENSSL\n");
        }
    });
}

#[test]
fn we_connect_to_openssl_and_show_it_our_certificate() {
    if is_missing("openssl") {
        return;
    }
    Runtime::new().unwrap().block_on(async {
        let authority = Authority::new();
        let folder = Folder::new("s-server");
        let pem = authority.issue("localhost");
        let mut server = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-rev",
                "-Verify",
                "1",
                "-verify_return_error",
                "-CAfile",
            ])
            .arg(folder.file("roots.pem", &authority.pem()))
            .arg("-cert")
            .arg(folder.file("cert.pem", &pem.certificate))
            .arg("-key")
            .arg(folder.file("key.pem", &pem.key))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says "ACCEPT 127.0.0.1:port" when it listens.
        let mut said = std::io::BufReader::new(server.stdout.take().unwrap());
        let port = spawn_blocking(move || {
            loop {
                let mut line = String::new();
                assert_ne!(std::io::BufRead::read_line(&mut said, &mut line).unwrap(), 0);
                if let Some(port) = line.trim().strip_prefix("ACCEPT 127.0.0.1:") {
                    break port.parse::<u16>().unwrap();
                }
            }
        });
        let port = port.await.unwrap();
        let connector = TlsConnector::builder()
            .roots(authority.roots())
            .identity(authority.issue("a client").identity())
            .build()
            .unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut stream = connector.connect("localhost", stream).await.unwrap();
        stream.write_all(b"abc\n").await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, "cba\n");
        drop(stream);
        server.kill().unwrap();
        server.wait().unwrap();
    });
}

#[test]
fn curl_fetches_over_our_tls() {
    if is_missing("curl") {
        return;
    }
    Runtime::new().unwrap().block_on(async {
        let authority = Authority::new();
        let folder = Folder::new("curl");
        let roots = folder.file("roots.pem", &authority.pem());
        let acceptor = Arc::new(authority.acceptor());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = spawn(async move {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(stream.read_line(&mut head).await.unwrap(), 0);
            }
            let body = "x".repeat(200_000);
            let response = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(response.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let fetching = spawn_blocking(move || {
            Command::new("curl")
                .args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert"])
                .arg(roots)
                .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
                .arg(format!("https://localhost:{port}/"))
                .output()
                .unwrap()
        });
        let output = fetching.await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout.len(), 200_000);
        server.await.unwrap();
    });
}
