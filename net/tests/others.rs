//! UDP and Unix sockets.

use std::sync::Arc;

use minato_net::{UdpSocket, UnixDatagram, UnixListener, UnixStream};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Runtime;
use minato_runtime::spawn;

fn run(future: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(future);
}

/// A path that is this test's own, removed with the value.
struct Path(std::path::PathBuf);

impl Path {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minato-net-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn one_udp_socket_serves_a_sender_and_several_receivers() {
    run(async {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let receivers: Vec<_> = (0..3)
            .map(|_| {
                let socket = socket.clone();
                spawn(async move {
                    let mut buf = [0; 8];
                    let (len, _) = socket.recv_from(&mut buf).await.unwrap();
                    buf[..len].to_vec()
                })
            })
            .collect();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        sender.connect(address).await.unwrap();
        for i in 0..3_u8 {
            assert_eq!(sender.send(&[i; 2]).await.unwrap(), 2);
        }
        let mut got = Vec::new();
        for receiver in receivers {
            got.push(receiver.await.unwrap());
        }
        got.sort();
        assert_eq!(got, [[0, 0], [1, 1], [2, 2]]);
    });
}

#[test]
fn unix_streams_connect_talk_and_know_their_peer() {
    run(async {
        let path = Path::new("stream");
        let listener = UnixListener::bind(&path.0).unwrap();
        let client = spawn({
            let path = path.0.clone();
            async move {
                let mut stream = UnixStream::connect(path).await.unwrap();
                stream.write_all(b"hello").await.unwrap();
                stream.shutdown().await.unwrap();
                stream.read_u8().await.unwrap()
            }
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_eq!(stream.peer_cred().unwrap().pid(), Some(std::process::id().cast_signed()));
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
        stream.write_all(b"!").await.unwrap();
        assert_eq!(client.await.unwrap(), b'!');
        assert!(UnixStream::connect("/nowhere/at/all").await.is_err());
    });
}

#[test]
fn unix_datagrams_keep_their_bounds() {
    run(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        a.send(b"one").await.unwrap();
        a.send(b"three").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(b.recv(&mut buf).await.unwrap(), 3);
        b.readable().await.unwrap();
        assert_eq!(b.recv(&mut buf).await.unwrap(), 5);
        b.writable().await.unwrap();
        let path = Path::new("datagram");
        let named = UnixDatagram::bind(&path.0).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"x", &path.0).await.unwrap();
        assert_eq!(named.recv_from(&mut buf).await.unwrap().0, 1);
    });
}
