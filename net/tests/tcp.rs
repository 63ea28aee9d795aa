//! TCP over the loopback interface.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use minato_net::tcp::Keepalive;
use minato_net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use minato_runtime::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Interest};
use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::spawn;

fn flavors() -> Vec<Runtime> {
    vec![
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ]
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connecting = spawn(TcpStream::connect(address));
    let (server, peer) = listener.accept().await.unwrap();
    let client = connecting.await.unwrap().unwrap();
    assert_eq!(client.local_addr().unwrap(), peer);
    (client, server)
}

#[test]
fn bytes_go_both_ways_and_the_end_is_seen() {
    for rt in flavors() {
        rt.block_on(async {
            let (mut client, mut server) = pair().await;
            client.write_all(b"ping").await.unwrap();
            let mut buf = [0; 4];
            server.read_exact(&mut buf).await.unwrap();
            assert_eq!(&buf, b"ping");
            server.write_all(b"pong").await.unwrap();
            server.shutdown().await.unwrap();
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, b"pong");
            // Half-closed: the other direction still works.
            client.write_all(b"more").await.unwrap();
            drop(client);
            rest.clear();
            server.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, b"more");
        });
    }
}

#[test]
fn a_large_transfer_arrives_whole_through_owned_halves() {
    for rt in flavors() {
        rt.block_on(async {
            let (client, mut server) = pair().await;
            let (mut read, mut write) = client.into_split();
            let data: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
            let expected = data.clone();
            let writer = spawn(async move {
                write.write_all(&data).await.unwrap();
            });
            let echo = spawn(async move {
                let mut all = Vec::new();
                server.read_to_end(&mut all).await.unwrap();
                server.write_all(&all).await.unwrap();
            });
            let mut back = Vec::new();
            read.read_to_end(&mut back).await.unwrap();
            assert!(back == expected);
            writer.await.unwrap();
            echo.await.unwrap();
        });
    }
}

#[test]
fn halves_reunite_only_with_their_own() {
    flavors()[0].block_on(async {
        let (a, b) = pair().await;
        let (read_a, write_a) = a.into_split();
        let (read_b, write_b) = b.into_split();
        let error = read_a.reunite(write_b).unwrap_err();
        assert!(error.to_string().contains("not from the same stream"));
        let (read_a, write_b) = (error.0, error.1);
        let mut a = write_a.reunite(read_a).unwrap();
        let mut b = read_b.reunite(write_b).unwrap();
        a.write_all(b"x").await.unwrap();
        assert_eq!(b.read_u8().await.unwrap(), b'x');
    });
}

#[test]
fn vectored_writes_leave_in_one_piece_and_vectored_reads_fill_several() {
    use std::io::{IoSlice, IoSliceMut};
    use std::pin::Pin;
    flavors()[0].block_on(async {
        let (mut client, mut server) = pair().await;
        let sent = client.write_vectored(&[IoSlice::new(b"abc"), IoSlice::new(b"defg")]).await.unwrap();
        assert_eq!(sent, 7);
        let (mut x, mut y) = ([0; 2], [0; 8]);
        server.readable().await.unwrap();
        let got = std::future::poll_fn(|cx| {
            use minato_runtime::io::AsyncRead;
            Pin::new(&mut server)
                .poll_read_vectored(cx, &mut [IoSliceMut::new(&mut x), IoSliceMut::new(&mut y)])
        })
        .await
        .unwrap();
        assert_eq!((got, &x, &y[..5]), (7, b"ab", &b"cdefg"[..]));
    });
}

#[test]
fn options_are_set_and_read_back() {
    flavors()[0].block_on(async {
        let (client, _server) = pair().await;
        client.set_nodelay(true).unwrap();
        assert!(client.nodelay().unwrap());
        client.set_linger(Some(Duration::from_secs(3))).unwrap();
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(3)));
        client.set_linger(None).unwrap();
        client.set_ttl(33).unwrap();
        assert_eq!(client.ttl().unwrap(), 33);
        let mut keepalive = Keepalive::after(Duration::from_secs(60));
        keepalive.interval = Some(Duration::from_secs(5));
        keepalive.retries = Some(3);
        client.set_keepalive_probes(keepalive).unwrap();
        let socket = socket2::SockRef::from(&client);
        assert!(client.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        client.set_user_timeout(Some(Duration::from_secs(9))).unwrap();
        assert_eq!(client.user_timeout().unwrap(), Some(Duration::from_secs(9)));
        client.set_quickack(true).unwrap();
        client.set_tos_v4(0x10).unwrap();
        assert_eq!(client.tos_v4().unwrap(), 0x10);
        client.set_cork(true).unwrap();
        assert!(client.cork().unwrap());
        client.set_notsent_lowat(16_384).unwrap();
        assert_eq!(client.notsent_lowat().unwrap(), 16_384);
        client.set_incoming_cpu(0).unwrap();
        assert_eq!(client.device().unwrap(), None);
        client.set_priority(5).unwrap();
        assert_eq!(client.priority().unwrap(), 5);
        assert!(client.mss().unwrap() >= 536);
        let congestion = client.congestion().unwrap();
        client.set_congestion(&congestion).unwrap();
        assert_eq!(client.set_congestion("no-such-control").unwrap_err().kind(), ErrorKind::NotFound);
        let socket = TcpSocket::new_v6().unwrap();
        socket.set_only_v6(true).unwrap();
        assert!(socket.only_v6().unwrap());
        socket.set_tclass_v6(0x20).unwrap();
        assert_eq!(socket.tclass_v6().unwrap(), 0x20);
        socket.set_freebind(true).unwrap();
        socket.set_recv_buffer_size(20_000).unwrap();
        assert_eq!(socket.recv_buffer_size().unwrap(), 40_000);
        socket.set_mss(1000).unwrap();
        assert_eq!(socket.defer_accept().unwrap(), None);
        socket.set_defer_accept(Some(Duration::from_millis(600))).unwrap();
        assert!(socket.defer_accept().unwrap().unwrap() >= Duration::from_secs(1));
        assert!(!socket.fastopen_connect().unwrap());
        // For those who may.
        if let Err(error) = socket.set_transparent(true) {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        }
    });
}

/// The second connection finds the cookie that the first one was given, if the system lets listeners hand them out; it
/// must work either way.
#[test]
fn connections_that_open_fast_carry_their_bytes() {
    for rt in flavors() {
        rt.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            socket.set_fastopen(16).unwrap();
            assert_eq!(socket.fastopen().unwrap(), 16);
            let listener = socket.listen(16).unwrap();
            let address = listener.local_addr().unwrap();
            for _ in 0..3 {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_fastopen_connect(true).unwrap();
                assert!(socket.fastopen_connect().unwrap());
                let mut client = socket.connect(address).await.unwrap();
                // More than fits into the first segment.
                let request = vec![7; 200_000];
                let serving = async {
                    let (mut server, _) = listener.accept().await.unwrap();
                    let mut received = vec![0; 200_000];
                    server.read_exact(&mut received).await.unwrap();
                    server.write_all(&received).await.unwrap();
                };
                let asking = async {
                    client.write_all(&request).await.unwrap();
                    let mut answer = Vec::new();
                    client.read_to_end(&mut answer).await.unwrap();
                    assert!(answer == request);
                };
                minato_runtime::join!(serving, asking);
            }
        });
    }
}

#[test]
fn a_listener_that_defers_hands_out_only_who_has_spoken() {
    flavors()[0].block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.set_defer_accept(Some(Duration::from_secs(60))).unwrap();
        let listener = socket.listen(16).unwrap();
        let address = listener.local_addr().unwrap();
        let silent = TcpStream::connect(address).await.unwrap();
        let mut speaking = TcpStream::connect(address).await.unwrap();
        speaking.write_all(b"x").await.unwrap();
        let (mut first, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, speaking.local_addr().unwrap());
        assert_eq!(first.read_u8().await.unwrap(), b'x');
        drop(silent);
    });
}

#[test]
fn the_end_of_a_peer_is_told_before_what_stands_in_front_of_it_is_read() {
    for rt in flavors() {
        rt.block_on(async {
            for is_reset in [false, true] {
                let (mut client, mut server) = pair().await;
                client.write_all(b"unread").await.unwrap();
                server.readable().await.unwrap();
                let is_open = poll_fn(|cx| Poll::Ready(Pin::new(&mut server).poll_read_closed(cx))).await;
                assert!(is_open.is_pending());
                if is_reset {
                    client.set_zero_linger().unwrap();
                }
                let leaves = spawn(async move { drop(client) });
                poll_fn(|cx| Pin::new(&mut server).poll_read_closed(cx)).await;
                leaves.await.unwrap();
                if !is_reset {
                    let mut text = String::new();
                    server.read_to_string(&mut text).await.unwrap();
                    assert_eq!(text, "unread");
                }
            }
        });
    }
}

#[test]
fn a_zero_linger_resets_the_peer() {
    flavors()[0].block_on(async {
        let (client, mut server) = pair().await;
        client.set_zero_linger().unwrap();
        drop(client);
        let error = server.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn halves_try_peek_and_know_their_addresses() {
    flavors()[0].block_on(async {
        let (mut client, server) = pair().await;
        let (read, write) = client.split();
        assert_eq!(read.local_addr().unwrap(), write.local_addr().unwrap());
        assert_eq!(write.try_write(b"hey").unwrap(), 3);
        let (read, write) = server.into_split();
        read.readable().await.unwrap();
        assert_eq!(read.peek(&mut [0; 8]).await.unwrap(), 3);
        let mut all = bytes::BytesMut::with_capacity(8);
        assert_eq!(read.try_read_buf(&mut all).unwrap(), 3);
        assert_eq!(read.try_read_buf(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);
        write.writable().await.unwrap();
        assert_eq!(write.peer_addr().unwrap(), client.local_addr().unwrap());
    });
}

#[test]
fn a_peer_that_does_not_answer_is_given_up_in_time() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        // A backlog that is full: further connections are not answered.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let limit = Duration::from_millis(20);
        let mut connected = Vec::new();
        let error = loop {
            match TcpStream::connect_timeout(address, limit).await {
                Ok(stream) => connected.push(stream),
                Err(error) => break error,
            }
            assert!(connected.len() < 10);
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn two_listeners_share_an_address_with_reuseport() {
    flavors()[0].block_on(async {
        let listen = |address| {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseport(true).unwrap();
            socket.bind(address).unwrap();
            socket.listen(16).unwrap()
        };
        let first = listen("127.0.0.1:0".parse().unwrap());
        let second = listen(first.local_addr().unwrap());
        assert_eq!(first.local_addr().unwrap(), second.local_addr().unwrap());
    });
}

#[test]
fn a_refused_connection_is_an_error_and_the_next_address_is_tried() {
    for rt in flavors() {
        rt.block_on(async {
            let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
            let error = TcpStream::connect(gone).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addresses = [gone, listener.local_addr().unwrap()];
            let stream = TcpStream::connect(&addresses[..]).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
        });
    }
}

#[test]
fn names_are_looked_up_and_literals_are_not() {
    flavors()[0].block_on(async {
        let addresses: Vec<_> = lookup_host("localhost:80").await.unwrap().collect();
        assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == 80));
        assert!(!addresses.is_empty());
        let literal: Vec<_> = lookup_host(("::1", 9)).await.unwrap().collect();
        assert_eq!(literal, ["[::1]:9".parse().unwrap()]);
        assert!(TcpStream::connect("no port").await.is_err());
    });
}

#[test]
fn try_read_and_try_write_do_not_wait() {
    flavors()[0].block_on(async {
        let (client, server) = pair().await;
        let mut buf = [0; 8];
        assert_eq!(server.try_read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(client.try_write(b"hey").unwrap(), 3);
        let ready = server.ready(Interest::READABLE).await.unwrap();
        assert!(ready.is_readable());
        let mut peeked = [0; 2];
        assert_eq!(server.peek(&mut peeked).await.unwrap(), 2);
        assert_eq!(server.try_read(&mut buf).unwrap(), 3);
        assert_eq!((&peeked, &buf[..3]), (b"he", &b"hey"[..]));
        client.shutdown_now(Shutdown::Both).unwrap();
        server.readable().await.unwrap();
        assert_eq!(server.try_read(&mut buf).unwrap(), 0);
    });
}

#[test]
fn an_operation_of_the_users_own_waits_like_ours() {
    flavors()[0].block_on(async {
        let (client, server) = pair().await;
        let peek = || socket2::SockRef::from(&server).peek(&mut [MaybeUninit::uninit(); 4]);
        assert_eq!(server.try_io(Interest::READABLE, peek).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(poll_fn(|cx| Poll::Ready(server.poll_read_ready(cx))).await.is_pending());
        poll_fn(|cx| client.poll_write_ready(cx)).await.unwrap();
        let bufs = [&b"he"[..], b"y"].map(IoSlice::new);
        assert_eq!(client.try_write_vectored(&bufs).unwrap(), 3);
        assert_eq!(server.async_io(Interest::READABLE, peek).await.unwrap(), 3);
        poll_fn(|cx| server.poll_read_ready(cx)).await.unwrap();
        let (mut first, mut second) = ([0; 1], [0; 9]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(server.try_read_vectored(&mut bufs).unwrap(), 3);
        assert_eq!((&first, &second[..2]), (b"h", &b"ey"[..]));
    });
}

#[test]
fn several_tasks_accept_from_one_listener() {
    for rt in flavors() {
        rt.block_on(async {
            let listener = std::sync::Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
            let address = listener.local_addr().unwrap();
            let acceptors: Vec<_> = (0..3)
                .map(|_| {
                    let listener = listener.clone();
                    spawn(async move { listener.accept().await.unwrap().1 })
                })
                .collect();
            let mut clients = Vec::new();
            for _ in 0..3 {
                clients.push(TcpStream::connect(address).await.unwrap());
            }
            let mut peers = Vec::new();
            for acceptor in acceptors {
                peers.push(acceptor.await.unwrap());
            }
            peers.sort();
            let mut locals: Vec<_> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
            locals.sort();
            assert_eq!(peers, locals);
        });
    }
}

#[test]
fn a_socket_moves_to_the_standard_library_and_back() {
    flavors()[0].block_on(async {
        let (client, mut server) = pair().await;
        assert_eq!(client.try_read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let std = client.into_std().unwrap();
        let mut client = TcpStream::from_std(std).unwrap();
        server.write_all(b"!").await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'!');
    });
}

#[test]
fn io_outside_a_runtime_that_would_block_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let stream = TcpStream::from_std(stream).unwrap();
    let error = stream.try_read(&mut [0; 1]).unwrap_err();
    assert!(error.to_string().contains("Handle::enter"), "{error}");
}

#[test]
fn the_end_of_the_runtime_fails_pending_reads() {
    for rt in flavors() {
        let (_client, server) = rt.block_on(pair());
        rt.block_on(async {
            assert!(server.try_read(&mut [0; 1]).is_err());
        });
        drop(rt);
        let other = Builder::new_current_thread().build().unwrap();
        let error = other.block_on(server.readable()).unwrap_err();
        assert!(error.to_string().contains("shut down"), "{error}");
    }
}
