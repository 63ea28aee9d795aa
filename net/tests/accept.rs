//! A loop that is paused, and goes on.

use minato_net::accept::AcceptLoop;
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use minato_runtime::task::yield_now;

#[test]
fn a_paused_loop_leaves_connections_in_the_backlog_until_it_may_go_on() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let mut connections = AcceptLoop::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let control = connections.control();
        let address = connections.get_ref().local_addr().unwrap();
        // Something else that happens, so that what waits would have been seen.
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let others = other.local_addr().unwrap();
        for pauses_first in [true, false] {
            let pause = || {
                control.pause();
                assert!(control.is_paused());
            };
            if pauses_first {
                pause();
            }
            let accepting = spawn(async move {
                let accepted = connections.accept().await;
                (connections, accepted)
            });
            yield_now().await;
            if !pauses_first {
                pause();
            }
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(b"x").await.unwrap();
            for _ in 0..50 {
                let (near, far) = minato_runtime::join!(TcpStream::connect(others), other.accept());
                let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
                near.write_all(b"y").await.unwrap();
                far.read_u8().await.unwrap();
                assert!(!accepting.is_finished());
            }
            control.resume();
            assert!(!control.is_paused());
            let (back, (mut stream, peer)) = accepting.await.unwrap();
            connections = back;
            assert_eq!(peer, client.local_addr().unwrap());
            assert_eq!(stream.read_u8().await.unwrap(), b'x');
        }
    });
}
