//! Peers that come in numbers, stay, and do nothing. Alone in its process, whose memory and turns it counts.

use minato_net::TcpListener;
use minato_runtime::io::AsyncReadExt;
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;

mod kit;
use kit::{allow_descriptors, resident, turns_while_idle};

#[test]
fn ten_thousand_idle_connections_cost_little_memory_and_no_time() {
    let allowed = allow_descriptors(25_000);
    let connections = usize::try_from(allowed / 2 - 100).unwrap().min(10_000);
    Builder::new_current_thread().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let before = resident();
        let mut clients = Vec::with_capacity(connections);
        let mut tasks = Vec::with_capacity(connections);
        for _ in 0..connections {
            clients.push(std::net::TcpStream::connect(address).unwrap());
            let (mut stream, _) = listener.accept().await.unwrap();
            tasks.push(spawn(async move { stream.read(&mut [0; 1]).await }));
            // So that it joins the driver and waits.
            minato_runtime::task::yield_now().await;
        }
        let each = (resident() - before) * 1024 / connections;
        assert!(each <= 400, "{each} bytes for the task, the socket and its place in the driver");
        let turns = turns_while_idle().await;
        assert!(turns < 50, "{turns} turns while nothing happened");
        drop(clients);
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 0);
        }
    });
}
