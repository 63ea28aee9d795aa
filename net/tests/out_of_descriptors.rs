//! A real server in a process that has run out of descriptors. Alone in its file, because it uses them all up.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream as Blocking;
use std::time::Duration;

use minato_net::accept::AcceptLoop;
use minato_net::{TcpListener, TcpStream};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use minato_runtime::task::spawn_blocking;
use minato_runtime::time::timeout;

mod kit;
use kit::{allow_descriptors, descriptors, turns_while_idle};

async fn serve(mut connections: AcceptLoop<TcpListener>) {
    loop {
        let (mut stream, _) = connections.accept().await;
        drop(spawn(async move {
            while let Ok(byte) = stream.read_u8().await {
                if stream.write_u8(byte).await.is_err() {
                    return;
                }
            }
        }));
    }
}

/// Whether the server answers; false if it closes the connection instead.
async fn is_served(client: Blocking) -> (Blocking, bool) {
    let asking = spawn_blocking(move || {
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let answer = (&client).write_all(b"x").and_then(|()| (&client).read(&mut [0; 1]));
        // Turned away means an end or a reset, and not that nothing comes.
        let hangs = matches!(&answer, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!hangs, "a peer is left hanging");
        (client, matches!(answer, Ok(1)))
    });
    asking.await.unwrap()
}

/// `ulimit -n 256`.
#[test]
fn peers_are_turned_away_and_served_again_once_there_is_room() {
    assert_eq!(allow_descriptors(256), 256);
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(serve(AcceptLoop::new(listener)));
        // Two threads for what blocks, which stay.
        let (first, was_served) = is_served(Blocking::connect(address).unwrap()).await;
        assert!(was_served);
        let before = descriptors();
        for _ in 0..2 {
            // Peers take what there is, both ends being here; then there is one for the last peer, and none to accept it.
            let mut crowd = Vec::new();
            while descriptors() + 3 < 256 {
                crowd.push(TcpStream::connect(address).await.unwrap());
                // Accepted, and answered: so it has its second descriptor.
                crowd.last_mut().unwrap().write_u8(1).await.unwrap();
                crowd.last_mut().unwrap().read_u8().await.unwrap();
            }
            assert!(crowd.len() > 100);
            let mut hoard = Vec::new();
            let last = loop {
                let client = Blocking::connect(address).unwrap();
                while let Ok(file) = File::open("/dev/null") {
                    hoard.push(file);
                }
                match is_served(client).await {
                    (client, true) => hoard.push(File::from(std::os::fd::OwnedFd::from(client))),
                    (client, false) => break client,
                }
                // It came before the last descriptors were gone; one is given back for another.
                hoard.remove(0);
            };
            // Those who are in are served, and nothing spins.
            for client in &mut crowd {
                client.write_u8(2).await.unwrap();
                assert_eq!(client.read_u8().await.unwrap(), 2);
            }
            let turns = turns_while_idle().await;
            assert!(turns < 50, "{turns} turns while nothing happened");
            drop((last, hoard, crowd));
            let (again, was_served) = is_served(Blocking::connect(address).unwrap()).await;
            assert!(was_served);
            drop(again);
        }
        let (first, was_served) = is_served(first).await;
        assert!(was_served);
        // Everything has come back once the server has seen the ends.
        let coming_back = async {
            while descriptors() > before {
                minato_runtime::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(30), coming_back).await.expect("descriptors are closed");
        drop(first);
        assert!(server.cancel().await.unwrap_err().is_cancelled());
    });
}
