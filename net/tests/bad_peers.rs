//! Peers that go away in every state.

use std::io::ErrorKind;

use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
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
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

fn is_gone(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

#[test]
fn a_reset_wakes_whoever_waits_to_read() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (near, mut far) = pair().await;
            let reading = spawn(async move { (far.read_u8().await.unwrap_err().kind(), far) });
            minato_runtime::task::yield_now().await;
            reset(near);
            let (kind, mut far) = reading.await.unwrap();
            assert_eq!(kind, ErrorKind::ConnectionReset);
            // And everything after it fails or ends, and does not hang.
            assert!(is_gone(far.write_all(b"x").await.unwrap_err().kind()));
            assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
            far.shutdown().await.unwrap();
        });
    }
}

#[test]
fn a_reset_wakes_whoever_waits_to_write() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (near, mut far) = pair().await;
            let writing = spawn(async move { far.write_all(&vec![0; 64 << 20]).await.unwrap_err().kind() });
            near.readable().await.unwrap();
            reset(near);
            assert!(is_gone(writing.await.unwrap()));
        });
    }
}

#[test]
fn a_reset_in_the_backlog_is_accepted_and_then_told() {
    for runtime in flavors() {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            reset(TcpStream::connect(address).await.unwrap());
            let good = TcpStream::connect(address).await.unwrap();
            // The first may be gone by now, or be told of it when it is read.
            loop {
                let (mut stream, peer) = listener.accept().await.unwrap();
                if peer == good.local_addr().unwrap() {
                    break;
                }
                assert_eq!(stream.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
            }
        });
    }
}

#[test]
fn a_half_closed_peer_is_served_to_the_end_and_its_end_is_no_error() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (mut near, mut far) = pair().await;
            near.shutdown().await.unwrap();
            assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
            let serving = spawn(async move {
                far.write_all(&vec![1; 1 << 20]).await.unwrap();
                far.shutdown().await.unwrap();
            });
            let mut all = Vec::new();
            near.read_to_end(&mut all).await.unwrap();
            assert_eq!(all.len(), 1 << 20);
            serving.await.unwrap();
        });
    }
}

#[test]
fn a_reset_after_a_half_close_is_told_to_whoever_still_writes() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (mut near, mut far) = pair().await;
            near.shutdown().await.unwrap();
            assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
            let writing = spawn(async move { far.write_all(&vec![0; 64 << 20]).await.unwrap_err().kind() });
            near.readable().await.unwrap();
            reset(near);
            assert!(is_gone(writing.await.unwrap()));
        });
    }
}

#[test]
fn a_reset_ends_both_halves_in_their_tasks_and_is_told_to_one_at_least() {
    for runtime in flavors() {
        runtime.block_on(async {
            let (mut near, far) = pair().await;
            let (mut read, mut write) = far.into_split();
            let reading = spawn(async move { read.read_to_end(&mut Vec::new()).await.map(drop) });
            let writing = spawn(async move { write.write_all(&vec![0; 64 << 20]).await });
            near.write_all(b"some").await.unwrap();
            near.readable().await.unwrap();
            // With what was written to it unread.
            drop(near);
            // The kernel tells it once; whoever comes second reads an end, or writes to nobody.
            let results = [reading.await.unwrap(), writing.await.unwrap()];
            let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
            assert!(!errors.is_empty() && errors.iter().all(|error| is_gone(error.kind())), "{errors:?}");
        });
    }
}
