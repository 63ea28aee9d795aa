//! Bytes passed on between sockets.

use std::io::ErrorKind;

use minato_net::{TcpListener, TcpStream, UnixStream, copy_bidirectional};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::spawn;
use minato_runtime::task::JoinHandle;

fn flavors() -> Vec<Runtime> {
    vec![
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ]
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

/// The two ends of a proxy between a TCP and a Unix connection.
async fn relayed() -> (TcpStream, UnixStream, JoinHandle<std::io::Result<(u64, u64)>>) {
    let (client, mut front) = tcp_pair().await;
    let (mut back, server) = UnixStream::pair().unwrap();
    let relay = spawn(async move { copy_bidirectional(&mut front, &mut back).await });
    (client, server, relay)
}

#[test]
fn pieces_of_all_sizes_arrive_in_order_and_so_does_the_end() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (mut client, mut server, relay) = relayed().await;
            // Small and large by turns, so that copying and splicing alternate.
            let sizes = [1, 100, 8191, 8192, 8193, 300_000, 5, 1_000_000, 64];
            let sent: Vec<u8> = (0..sizes.iter().sum::<usize>()).map(|i| (i % 251) as u8).collect();
            let expected = sent.clone();
            let writer = spawn(async move {
                let mut rest = &sent[..];
                for size in sizes {
                    let (piece, later) = rest.split_at(size);
                    client.write_all(piece).await.unwrap();
                    minato_runtime::task::yield_now().await;
                    rest = later;
                }
                client.shutdown().await.unwrap();
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).await.unwrap();
                answer
            });
            let mut received = Vec::new();
            server.read_to_end(&mut received).await.unwrap();
            assert!(received == expected);
            // The other direction goes on after the end of the first.
            server.write_all(b"answer").await.unwrap();
            drop(server);
            assert_eq!(writer.await.unwrap(), b"answer");
            assert_eq!(relay.await.unwrap().unwrap(), (expected.len() as u64, 6));
        });
    }
}

#[test]
fn a_receiver_that_does_not_read_holds_the_sender_back() {
    flavors()[0].block_on(async {
        let (client, mut server, relay) = relayed().await;
        let mut written = 0;
        let piece = [7; 65_536];
        // Until the kernel's buffers on the way are full, and nothing has moved for some turns.
        let mut idle_turns = 0;
        while idle_turns < 100 {
            match client.try_write(&piece) {
                Ok(taken) => (written, idle_turns) = (written + taken, 0),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    idle_turns += 1;
                    minato_runtime::task::yield_now().await;
                }
            }
        }
        drop(client);
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        drop(server);
        assert_eq!(received.len(), written);
        assert_eq!(relay.await.unwrap().unwrap().0, written as u64);
    });
}

#[test]
fn a_reset_ends_the_relay_with_an_error() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (client, server, relay) = relayed().await;
            client.set_zero_linger().unwrap();
            drop(client);
            let error = relay.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            drop(server);
        });
    }
}
