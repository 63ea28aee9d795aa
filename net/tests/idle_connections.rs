//! Peers that come in numbers, stay, and do nothing. Alone in its process, whose memory and switches it counts.

use minato_net::TcpListener;
use minato_runtime::io::AsyncReadExt;
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kibibytes of this process in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Voluntary and forced switches of all threads of this process: what an idle process does not have.
fn switches() -> usize {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        // A thread may end between the two reads.
        let Ok(status) = std::fs::read_to_string(task.unwrap().path().join("status")) else { continue };
        let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
        sum += counts
            .map(|line| line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap())
            .sum::<usize>();
    }
    sum
}

#[test]
fn ten_thousand_idle_connections_cost_little_memory_and_no_time() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(25_000).min(25_000);
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).unwrap();
    let connections = usize::try_from(wanted / 2 - 100).unwrap().min(10_000);
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
        // 381 when this was written; pages are shared with what else was allocated.
        assert!(each <= 450, "{each} bytes for the task, the socket and its place in the driver");
        let idle_since = switches();
        let waiting = minato_runtime::task::spawn_blocking(|| {
            std::thread::sleep(std::time::Duration::from_millis(300))
        });
        waiting.await.unwrap();
        let switched = switches() - idle_since;
        assert!(switched < 200, "{switched} switches while nothing happened");
        drop(clients);
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 0);
        }
    });
}
