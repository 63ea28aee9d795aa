//! A real accept loop in a process that has run out of descriptors. Alone in its file, because it uses them all up.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use minato_net::TcpListener;
use minato_net::accept::AcceptLoop;
use minato_runtime::runtime::Runtime;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn peers_are_turned_away_and_served_again_once_there_is_room() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: limit.maximum }).unwrap();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let mut connections = AcceptLoop::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = connections.get_ref().local_addr().unwrap();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        let mut hoard = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            hoard.push(file);
        }
        // There is no descriptor for the waiting connection: it is closed instead of left hanging.
        let accepting = minato_runtime::spawn(async move {
            let accepted = connections.accept().await;
            (connections, accepted)
        });
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let closed = minato_runtime::task::spawn_blocking(move || client.read(&mut [0; 1]));
        assert!(matches!(closed.await.unwrap(), Ok(0) | Err(_)));
        assert!(!accepting.is_finished());
        hoard.clear();
        let again = std::net::TcpStream::connect(address).unwrap();
        let (_connections, (_stream, peer)) = accepting.await.unwrap();
        assert_eq!(peer, again.local_addr().unwrap());
    });
}
