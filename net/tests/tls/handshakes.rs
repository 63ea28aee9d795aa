//! How long handshakes take, and how many there are.

use std::io::ErrorKind;
use std::time::Duration;

use minato_net::tls::TlsAcceptor;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, duplex};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use minato_runtime::time::{Instant, sleep};

use crate::authority::Authority;

fn paused(test: impl Future<Output = ()>) {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(test);
}

#[test]
fn a_silent_peer_is_given_up_after_ten_seconds_on_either_side() {
    paused(async {
        let authority = Authority::new();
        let (near, far) = duplex(4096);
        let start = Instant::now();
        let error = authority.acceptor().accept(far).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 10);
        drop(near);
        let (near, _far) = duplex(4096);
        let error = authority.connector().connect("localhost", near).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 20);
    });
}

#[test]
fn a_peer_that_stops_in_the_middle_of_its_first_message_is_given_up() {
    paused(async {
        let authority = Authority::new();
        let (mut near, far) = duplex(4096);
        near.write_all(b"\x16\x03\x01\x02\x00\x01\x00").await.unwrap();
        let error = authority.acceptor().accept(far).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn handshakes_over_the_limit_wait_and_silent_peers_do_not_count() {
    paused(async {
        let authority = Authority::new();
        let acceptor = TlsAcceptor::builder(authority.issue("localhost").identity())
            .max_handshakes(1)
            .handshake_timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        // These hold no slot.
        let mut silent = Vec::new();
        for _ in 0..10 {
            let (near, far) = duplex(4096);
            let acceptor = acceptor.clone();
            silent.push((near, spawn(async move { acceptor.accept(far).await.map(drop) })));
        }
        // This one does: its client has said hello and does not go on.
        let (mut stuck, far) = duplex(1 << 16);
        let first = spawn({
            let acceptor = acceptor.clone();
            async move { acceptor.accept(far).await.map(drop) }
        });
        stuck.write_all(&client_hello(&authority).await).await.unwrap();
        stuck.read_u8().await.unwrap();

        let (near, far) = duplex(1 << 16);
        let second = spawn({
            let acceptor = acceptor.clone();
            async move { acceptor.accept(far).await.map(drop) }
        });
        let connector = authority.connector();
        let mut config = (**connector.config()).clone();
        config.resumption = minato_net::tls::rustls::client::Resumption::disabled();
        let client = spawn(async move { connector.connect("localhost", near).await.map(drop) });
        sleep(Duration::from_secs(1)).await;
        assert!(!second.is_finished());
        drop(stuck);
        assert_eq!(first.await.unwrap().unwrap_err().kind(), ErrorKind::UnexpectedEof);
        second.await.unwrap().unwrap();
        client.await.unwrap().unwrap();
        for (near, accepting) in silent {
            drop(near);
            assert_eq!(accepting.await.unwrap().unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
    });
}

/// The first message of a client.
async fn client_hello(authority: &Authority) -> Vec<u8> {
    let (near, mut far) = duplex(1 << 16);
    let connector = authority.connector();
    let connecting = spawn(async move { connector.connect("localhost", near).await.map(drop) });
    let mut head = [0; 5];
    far.read_exact(&mut head).await.unwrap();
    let mut message = head.to_vec();
    message.resize(5 + usize::from(u16::from_be_bytes([head[3], head[4]])), 0);
    far.read_exact(&mut message[5..]).await.unwrap();
    drop(far);
    connecting.await.unwrap().unwrap_err();
    message
}
