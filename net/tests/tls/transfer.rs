//! Bytes over an established connection.

use std::future::poll_fn;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use minato_net::tls::TlsStream;
use minato_runtime::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex, split,
};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use minato_runtime::time::timeout;

use crate::authority::Authority;
use crate::{connected, run};

#[test]
fn a_large_transfer_goes_both_ways_at_once_through_split_halves() {
    run(|| async {
        let authority = Authority::new();
        let (client, server) = connected(&authority.connector(), &authority.acceptor()).await;
        let data: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let mut ends = Vec::new();
        for stream in [client, server] {
            let (mut reader, mut writer) = split(stream);
            let (sent, expected) = (data.clone(), data.clone());
            ends.push(spawn(async move {
                writer.write_all(&sent).await.unwrap();
                writer.shutdown().await.unwrap();
            }));
            ends.push(spawn(async move {
                let mut received = Vec::new();
                reader.read_to_end(&mut received).await.unwrap();
                assert!(received == expected);
            }));
        }
        for end in ends {
            end.await.unwrap();
        }
    });
}

#[test]
fn several_slices_leave_as_one_record() {
    run(|| async {
        let authority = Authority::new();
        let (mut client, mut server) = connected(&authority.connector(), &authority.acceptor()).await;
        assert!(client.is_write_vectored());
        let sent = client.write_vectored(&[b"one ", &b"record"[..]].map(IoSlice::new)).await.unwrap();
        assert_eq!(sent, 10);
        client.flush().await.unwrap();
        // What is lent at once came in one record.
        assert_eq!(server.fill_buf().await.unwrap(), b"one record");
        Pin::new(&mut server).consume(4);
        let mut text = [0; 6];
        server.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"record");
    });
}

#[test]
fn one_read_gathers_records_and_leaves_the_rest_of_the_memory_alone() {
    run(|| async {
        let authority = Authority::new();
        let (mut client, mut server) = connected(&authority.connector(), &authority.acceptor()).await;
        for part in [&b"ab"[..], b"cd", b"ef"] {
            client.write_all(part).await.unwrap();
        }
        client.flush().await.unwrap();
        let mut memory = [MaybeUninit::uninit(); 32];
        let mut buf = ReadBuf::uninit(&mut memory);
        poll_fn(|cx| Pin::new(&mut server).poll_read(cx, &mut buf)).await.unwrap();
        assert_eq!((buf.filled(), buf.initialized().len()), (&b"abcdef"[..], 6));
    });
}

#[test]
fn lines_are_read_without_a_buffer_of_their_own() {
    run(|| async {
        let authority = Authority::new();
        let (mut client, mut server) = connected(&authority.connector(), &authority.acceptor()).await;
        client.write_all(b"first\nsecond\n").await.unwrap();
        client.shutdown().await.unwrap();
        let mut line = String::new();
        server.read_line(&mut line).await.unwrap();
        server.read_line(&mut line).await.unwrap();
        assert_eq!(line, "first\nsecond\n");
        assert_eq!(server.read_line(&mut line).await.unwrap(), 0);
    });
}

/// The two sides over pipes in memory of one byte: every step of the handshake and of each record blocks.
#[test]
fn a_stream_that_takes_a_byte_at_a_time_loses_nothing() {
    run(|| async {
        let authority = Authority::new();
        let (near, far) = duplex(1);
        let acceptor = authority.acceptor();
        let server = spawn(async move {
            let mut stream = acceptor.accept(far).await.unwrap();
            let mut text = Vec::new();
            stream.read_to_end(&mut text).await.unwrap();
            stream.write_all(&text).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let mut stream = authority.connector().connect("localhost", near).await.unwrap();
        let data = [7; 20_000];
        stream.write_all(&data).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        assert!(back == data);
        server.await.unwrap();
    });
}

#[test]
fn a_peer_that_does_not_read_holds_the_writer_and_no_more_than_a_bounded_buffer() {
    run(|| async {
        let authority = Authority::new();
        let (near, far) = duplex(4096);
        let acceptor = authority.acceptor();
        let accepting = spawn(async move { acceptor.accept(far).await.unwrap() });
        let mut client = authority.connector().connect("localhost", near).await.unwrap();
        let mut server = accepting.await.unwrap();
        let mut taken = 0;
        let write = |client: &mut TlsStream<_>, cx: &mut std::task::Context<'_>| {
            Poll::Ready(Pin::new(client).poll_write(cx, &[1; 8192]))
        };
        while let Poll::Ready(written) = poll_fn(|cx| write(&mut client, cx)).await {
            taken += written.unwrap();
            assert!(taken < 128 * 1024);
        }
        // The reader may still be polled, and does not take the writer's place.
        let writer = spawn(async move {
            client.write_all(&[1; 8192]).await.unwrap();
            client.shutdown().await.unwrap();
            client
        });
        let mut all = Vec::new();
        server.read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), taken + 8192);
        writer.await.unwrap();
    });
}

#[test]
fn what_a_writer_that_gave_up_has_left_is_sent_by_the_reader() {
    for reader_has_a_task_of_its_own in [false, true] {
        Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
            let authority = Authority::new();
            let (near, far) = duplex(4096);
            let acceptor = authority.acceptor();
            let accepting = spawn(async move { acceptor.accept(far).await.unwrap() });
            let mut client = authority.connector().connect("localhost", near).await.unwrap();
            let mut server = accepting.await.unwrap();
            let mut taken = 0;
            while let Ok(written) = timeout(Duration::from_secs(1), client.write(&[1; 8192])).await {
                taken += written.unwrap();
            }
            let answering = spawn(async move {
                let mut all = vec![0; taken];
                server.read_exact(&mut all).await.unwrap();
                server.write_all(b"answer").await.unwrap();
                server.flush().await.unwrap();
                server
            });
            let mut answer = [0; 6];
            let reading = async move {
                let read = timeout(Duration::from_secs(1), client.read_exact(&mut answer)).await;
                read.expect("the server has all that was taken").unwrap();
                answer
            };
            let answer =
                if reader_has_a_task_of_its_own { spawn(reading).await.unwrap() } else { reading.await };
            assert_eq!(&answer, b"answer");
            drop(answering.await.unwrap());
        });
    }
}
