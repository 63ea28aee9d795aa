//! A client in a process of its own: this very program, told by its environment to be one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static TURN: Mutex<()> = Mutex::new(());

/// Keeps the other tests of this program waiting.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Descriptors this process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Sockets among them: what else there is comes and goes with the threads of the runtime.
pub(crate) fn sockets() -> usize {
    open().iter().filter(|path| path.starts_with("socket:")).count()
}

fn open() -> Vec<String> {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    entries
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .map(|path| path.display().to_string())
        .collect()
}

/// Waits, outside of any runtime, for what another thread brings about.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited a minute for {what}; open: {:?}", open());
        std::thread::yield_now();
    }
}

/// A process with so many connections, on each of which these bytes have been sent, and of whose answers it reads so many.
pub(crate) struct Client(Child);

impl Client {
    /// Starts the process, which then waits to be told what to say.
    pub(crate) fn spawn(server: SocketAddr, connections: usize, reads: usize) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["client::being_a_client", "--exact", "--nocapture", "--test-threads=1"])
            .env("MINATO_CLIENT", format!("{server} {connections} {reads}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Tells it what to say on each of its connections.
    pub(crate) fn tell(&mut self, says: &[u8]) {
        let input = self.0.stdin.as_mut().unwrap();
        input.write_all(&(says.len() as u64).to_be_bytes()).unwrap();
        input.write_all(says).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn start(server: SocketAddr, connections: usize, says: &[u8], reads: usize) -> Self {
        let mut client = Self::spawn(server, connections, reads);
        client.tell(says);
        client
    }

    /// Waits until it has said and read all that it was told to.
    pub(crate) fn is_settled(&mut self) {
        let output = self.0.stdout.as_mut().unwrap();
        let mut told = Vec::new();
        let mut byte = [0];
        while !told.ends_with(b"settled") {
            assert_eq!(output.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&told));
            told.push(byte[0]);
        }
    }

    /// `kill -9`: nothing of it says good-bye but the kernel.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test, but what the other process does; where nobody has told it to, nothing.
#[test]
fn being_a_client() {
    let Ok(told) = std::env::var("MINATO_CLIENT") else { return };
    let words: Vec<&str> = told.split(' ').collect();
    let server: SocketAddr = words[0].parse().unwrap();
    let (connections, reads): (usize, usize) = (words[1].parse().unwrap(), words[2].parse().unwrap());
    let mut input = std::io::stdin();
    let mut len = [0; 8];
    input.read_exact(&mut len).unwrap();
    let mut says = vec![0; u64::from_be_bytes(len) as usize];
    input.read_exact(&mut says).unwrap();
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut connection = TcpStream::connect(server).unwrap();
        connection.write_all(&says).unwrap();
        let mut answer = vec![0; reads];
        connection.read_exact(&mut answer).unwrap();
        open.push(connection);
    }
    let mut output = std::io::stdout();
    output.write_all(b"settled").unwrap();
    output.flush().unwrap();
    // Until it is killed, or the other process has gone.
    let _ = input.read(&mut [0]);
    drop(open);
}
