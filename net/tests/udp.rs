//! UDP over the loopback interface.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use futures_util::{SinkExt, StreamExt};
use minato_net::UdpSocket;
use minato_net::udp::{BatchedUdpSocket, DatagramBatch, UdpFramed};
use minato_runtime::codec::LinesCodec;
use minato_runtime::io::ReadBuf;
use minato_runtime::runtime::Runtime;
use minato_runtime::spawn;

fn run(future: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(future);
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

async fn pair() -> (UdpSocket, UdpSocket) {
    let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    a.connect(b.local_addr().unwrap()).await.unwrap();
    (a, b)
}

#[test]
fn datagrams_are_looked_at_and_taken_through_every_door() {
    run(async {
        let (a, b) = pair().await;
        let from = a.local_addr().unwrap();
        let mut memory = [MaybeUninit::uninit(); 64];
        let mut buf = ReadBuf::uninit(&mut memory);
        assert_eq!(b.try_peek(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(poll_fn(|cx| Poll::Ready(b.poll_recv_from(cx, &mut buf))).await.is_pending());
        a.send(b"one").await.unwrap();
        poll_fn(|cx| b.poll_recv_ready(cx)).await.unwrap();
        assert_eq!(b.peek_sender().await.unwrap(), from);
        assert_eq!(b.try_peek_sender().unwrap(), from);
        assert_eq!(poll_fn(|cx| b.poll_peek_sender(cx)).await.unwrap(), from);
        assert_eq!(b.peek(&mut [0; 8]).await.unwrap(), 3);
        assert_eq!(b.peek_from(&mut [0; 8]).await.unwrap(), (3, from));
        assert_eq!(b.try_peek_from(&mut [0; 8]).unwrap(), (3, from));
        assert_eq!(poll_fn(|cx| b.poll_peek_from(cx, &mut buf)).await.unwrap(), from);
        poll_fn(|cx| b.poll_peek(cx, &mut buf)).await.unwrap();
        assert_eq!(poll_fn(|cx| b.poll_recv_from(cx, &mut buf)).await.unwrap(), from);
        assert_eq!((buf.filled(), buf.initialized().len()), (&b"oneoneone"[..], 9));
        poll_fn(|cx| a.poll_send_ready(cx)).await.unwrap();
        assert_eq!(poll_fn(|cx| a.poll_send(cx, b"two")).await.unwrap(), 3);
        a.try_send(b"three").unwrap();
        let mut all = bytes::BytesMut::with_capacity(64);
        assert_eq!(b.recv_buf_from(&mut all).await.unwrap(), (3, from));
        assert_eq!(b.recv_buf(&mut all).await.unwrap(), 5);
        assert_eq!(&all[..], b"twothree");
        assert_eq!(b.try_recv_buf_from(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn options_and_groups_are_joined_set_and_left() {
    run(async {
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        socket.set_broadcast(true).unwrap();
        assert!(socket.broadcast().unwrap());
        socket.set_ttl(9).unwrap();
        assert_eq!(socket.ttl().unwrap(), 9);
        socket.set_tos_v4(0x20).unwrap();
        assert_eq!(socket.tos_v4().unwrap(), 0x20);
        socket.set_multicast_ttl_v4(3).unwrap();
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
        socket.set_multicast_loop_v4(true).unwrap();
        assert!(socket.multicast_loop_v4().unwrap());
        let group = Ipv4Addr::new(224, 0, 0, 113);
        socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        sender.send_to(b"to all", SocketAddr::from((group, port))).await.unwrap();
        assert_eq!(socket.recv_from(&mut [0; 16]).await.unwrap(), (6, sender.local_addr().unwrap()));
        socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).unwrap();
        assert!(socket.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).is_err());
    });
}

#[test]
fn nobody_at_the_other_end_is_an_error_and_the_socket_lives_on() {
    run(async {
        let (a, b) = pair().await;
        let address = b.local_addr().unwrap();
        drop(b);
        a.send(b"lost").await.unwrap();
        assert_eq!(a.recv(&mut [0; 4]).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let b = UdpSocket::bind(address).await.unwrap();
        a.send(b"found").await.unwrap();
        assert_eq!(b.recv(&mut [0; 8]).await.unwrap(), 5);
    });
}

#[test]
fn each_datagram_is_decoded_by_itself() {
    run(async {
        let (a, b) = pair().await;
        let (from, to) = (a.local_addr().unwrap(), b.local_addr().unwrap());
        let mut lines = UdpFramed::new(b, LinesCodec::new_with_max_length(8));
        a.send(b"one\ntwo\nthr").await.unwrap();
        a.send(b"much too long\n").await.unwrap();
        // The codec goes on to the end of the line that was too long.
        a.send(b"\nfour").await.unwrap();
        for (expected, left) in [("one", &b"two\nthr"[..]), ("two", b"thr"), ("thr", b"")] {
            assert_eq!(lines.next().await.unwrap().unwrap(), (expected.to_owned(), from));
            assert_eq!(lines.read_buffer(), left);
        }
        lines.next().await.unwrap().unwrap_err();
        assert_eq!(lines.next().await.unwrap().unwrap().0, "four");
        let mut sink = UdpFramed::new(a, LinesCodec::new());
        sink.feed(("five", to)).await.unwrap();
        sink.send(("six", to)).await.unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap().0, "five");
        assert_eq!(lines.next().await.unwrap().unwrap().0, "six");
    });
}

#[test]
fn batches_cross_in_both_ways_of_sending_and_keep_their_bounds() {
    run(async {
        let (_, b) = pair().await;
        let to = b.local_addr().unwrap();
        let a = BatchedUdpSocket::new(UdpSocket::bind("127.0.0.1:0").await.unwrap()).unwrap();
        let b = BatchedUdpSocket::new(b).unwrap();
        let from = a.get_ref().local_addr().unwrap();
        let mut batch = DatagramBatch::new(64, 65_536);
        let contents: Vec<u8> = (0..1050_u32).map(|i| (i / 100) as u8).collect();
        a.send_segments(&contents, 100, to).await.unwrap();
        let mut received = Vec::new();
        while received.len() < 11 {
            for (datagram, sender) in b.recv_batch(&mut batch).await.unwrap() {
                assert_eq!(sender, from);
                received.push(datagram.to_vec());
            }
        }
        assert_eq!(received, contents.chunks(100).map(<[u8]>::to_vec).collect::<Vec<_>>());

        let datagrams: Vec<_> = (0..40_u8).map(|n| vec![n; usize::from(n)]).collect();
        let addressed: Vec<_> = datagrams.iter().map(|datagram| (&datagram[..], to)).collect();
        let mut sent = 0;
        while sent < addressed.len() {
            sent += a.send_many(&addressed[sent..]).await.unwrap();
        }
        let mut received = Vec::new();
        while received.len() < 40 {
            received.extend(b.recv_batch(&mut batch).await.unwrap().map(|(datagram, _)| datagram.to_vec()));
        }
        assert_eq!(received, datagrams);
        assert_eq!(a.send_segments(b"x", 0, to).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}
