//! How many system calls a connection takes, counted by strace.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use minato_net::TcpListener;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;

/// Where the process that is watched finds that it is.
const IS_SERVER: &str = "MINATO_TEST_SERVER";
/// Connections, and messages on the one that stays.
const COUNT: usize = 200;

/// The server that is watched: an echo.
#[test]
#[ignore = "run under strace by the other tests"]
#[expect(clippy::print_stdout, reason = "tells its address")]
fn server() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    Builder::new_current_thread().build().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("\naddress {}", listener.local_addr().unwrap());
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(spawn(async move {
                let mut buf = [0; 64];
                while let Ok(len @ 1..) = stream.read(&mut buf).await {
                    if buf[0] == b'.' {
                        std::process::exit(0);
                    }
                    stream.write_all(&buf[..len]).await.unwrap();
                }
            }));
        }
    });
}

/// The calls of a server that `talk` talked to, by name; none where there is no strace.
#[expect(clippy::print_stdout, reason = "why a test was skipped is for who runs it")]
fn calls(talk: impl FnOnce(&str)) -> Option<BTreeMap<String, usize>> {
    let program = std::env::current_exe().unwrap();
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=network,epoll_wait,epoll_ctl,close,read,write", "-e", "signal=none"])
        .arg(program)
        .args(["--exact", "server", "--ignored", "--nocapture"])
        .env(IS_SERVER, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut traced) = traced else {
        println!("skipped: strace is not installed");
        return None;
    };
    let mut errors = traced.stderr.take().unwrap();
    let lines = std::thread::spawn(move || {
        let mut all = String::new();
        errors.read_to_string(&mut all).unwrap();
        all
    });
    let mut output = BufReader::new(traced.stdout.take().unwrap()).lines();
    let Some(address) = output.find_map(|line| line.unwrap().strip_prefix("address ").map(str::to_owned))
    else {
        println!("skipped: strace may not watch here: {}", lines.join().unwrap());
        return None;
    };
    talk(&address);
    TcpStream::connect(&address).unwrap().write_all(b".").unwrap();
    traced.wait().unwrap();
    let mut calls = BTreeMap::new();
    for line in lines.join().unwrap().lines() {
        // `[pid 7] name(arguments) = result`; an interrupted call is told in two lines.
        let line =
            line.strip_prefix("[pid").map_or(line, |line| line.split_once("] ").map_or("", |(_, line)| line));
        if let Some((name, _)) = line.split_once('(') {
            *calls.entry(name.trim().to_owned()).or_default() += 1;
        }
    }
    Some(calls)
}

fn per_operation(calls: &BTreeMap<String, usize>) -> f64 {
    // What begins and ends the process is little.
    calls.values().sum::<usize>() as f64 / COUNT as f64
}

fn echo(stream: &mut TcpStream) {
    stream.write_all(&[b'x'; 64]).unwrap();
    stream.read_exact(&mut [0; 64]).unwrap();
}

#[test]
fn an_echo_is_a_wait_a_read_and_a_write() {
    let talk = |address: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        for _ in 0..COUNT {
            echo(&mut stream);
        }
    };
    let Some(calls) = calls(talk) else { return };
    assert!(per_operation(&calls) < 3.4, "{calls:?}");
    assert!(calls["epoll_ctl"] < 8, "{calls:?}");
}

#[test]
fn a_connection_takes_eleven_calls_at_most_and_leaves_epoll_by_being_closed() {
    let talk = |address: &str| {
        for _ in 0..COUNT {
            echo(&mut TcpStream::connect(address).unwrap());
        }
    };
    let Some(calls) = calls(talk) else { return };
    // accept twice, the second time in vain; wait, read in vain, join epoll, wait, read, write, wait, read the end, close.
    // Where the bytes come with the connection, there is nothing to wait for and no reason to join.
    assert!(per_operation(&calls) < 11.4, "{calls:?}");
    assert!(calls["epoll_ctl"] < COUNT + 8, "{calls:?}");
}
