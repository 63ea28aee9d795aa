//! Children, each test with ends noticed by pidfd and by signal.

use std::io;
use std::pin::pin;

use super::exit::Notice;
use super::*;
use crate::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use crate::runtime::{Builder, Runtime};
use crate::test_support::poll_once;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ]
}

/// Runs a test in both flavours of the runtime and with both ways to notice ends.
fn everywhere<F: Future<Output = ()>>(test: impl Fn(Notice) -> F) {
    for rt in runtimes() {
        for notice in [Notice::Best, Notice::BySignal] {
            rt.block_on(test(notice));
        }
    }
}

/// Whether a process is there, running or as a zombie.
fn is_there(pid: u32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
    rustix::process::test_kill_process(pid).is_ok()
}

/// Waits for the reaper, which is a thread of its own.
fn until_gone(pid: u32) {
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while is_there(pid) {
        assert!(std::time::Instant::now() < patience, "process {pid} was not reaped");
        std::thread::yield_now();
    }
}

#[test]
fn a_status_is_told_and_told_again() {
    everywhere(|notice| async move {
        let mut child = shell("exit 7").spawn_noticed(notice).unwrap();
        assert!(child.id().is_some());
        assert_eq!(child.wait().await.unwrap().code(), Some(7));
        assert_eq!(child.wait().await.unwrap().code(), Some(7));
        assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(7));
        assert_eq!(child.id(), None);
        assert_eq!(child.start_kill().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    });
}

#[test]
fn waiting_ends_for_a_child_that_had_ended_before() {
    everywhere(|notice| async move {
        let mut child = shell("exit 0").stdout(Stdio::piped()).spawn_noticed(notice).unwrap();
        // The end of its output is the end of the child, or nearly.
        child.stdout.take().unwrap().read_to_end(&mut Vec::new()).await.unwrap();
        while child.try_wait().unwrap().is_none() {
            crate::task::yield_now().await;
        }
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn what_goes_in_comes_out() {
    everywhere(|notice| async move {
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn_noticed(notice).unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for n in 0..100 {
            stdin.write_all(format!("line {n}\n").as_bytes()).await.unwrap();
            assert_eq!(lines.next_line().await.unwrap().unwrap(), format!("line {n}"));
        }
        // Much more than a pipe holds, both ways at once.
        let writer = crate::spawn(async move {
            stdin.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
            stdin.shutdown().await.unwrap();
            stdin.write(b"more").await.unwrap_err().kind()
        });
        let mut rest = Vec::new();
        lines.into_inner().read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), 1 << 20);
        assert_eq!(writer.await.unwrap(), io::ErrorKind::BrokenPipe);
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn output_is_read_while_the_child_goes_on() {
    everywhere(|notice| async move {
        let script =
            "i=0; while [ $i -lt 3000 ]; do echo out-line-$i; echo err-line-$i >&2; i=$((i+1)); done; exit 3";
        let mut command = shell(script);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.spawn_noticed(notice).unwrap().wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout.split(|&b| b == b'\n').count(), 3001);
        assert_eq!(output.stderr.split(|&b| b == b'\n').count(), 3001);
    });
}

#[test]
fn waiting_closes_the_standard_input() {
    everywhere(|notice| async move {
        let mut command = Command::new("cat");
        let mut child = command.stdin(Stdio::piped()).spawn_noticed(notice).unwrap();
        assert!(child.try_wait().unwrap().is_none());
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn killing_ends_it_and_tells_by_what() {
    use std::os::unix::process::ExitStatusExt;

    everywhere(|notice| async move {
        let mut child = shell("exec sleep 1000").spawn_noticed(notice).unwrap();
        child.kill().await.unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(9));
    });
}

#[test]
fn a_dropped_child_is_reaped_and_killed_if_that_was_asked() {
    everywhere(|notice| async move {
        let mut killed = shell("exec sleep 1000");
        let pid = {
            let child = killed.kill_on_drop(true).spawn_noticed(notice).unwrap();
            child.id().unwrap()
        };
        until_gone(pid);

        // Not killed: it lives until its input ends, and then is no zombie either.
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn_noticed(notice).unwrap();
        let (pid, stdin) = (child.id().unwrap(), child.stdin.take());
        drop(child);
        assert!(is_there(pid));
        drop(stdin);
        until_gone(pid);
    });
}

#[test]
fn orphans_outlive_their_runtime_and_are_reaped() {
    for notice in [Notice::Best, Notice::BySignal] {
        let rt = Builder::new_current_thread().build().unwrap();
        let (pid, stdin) = rt.block_on(async {
            let mut child = Command::new("cat").stdin(Stdio::piped()).spawn_noticed(notice).unwrap();
            let stdin = child.stdin.take().unwrap().into_owned_fd().unwrap();
            let pid = child.id().unwrap();
            // A task waits for it, and is dropped with the runtime.
            drop(crate::spawn(async move { child.wait().await }));
            crate::task::yield_now().await;
            (pid, stdin)
        });
        drop(rt);
        assert!(is_there(pid));
        drop(stdin);
        until_gone(pid);
    }
}

#[test]
fn a_wait_fails_when_the_runtime_ends_and_the_child_stays_usable() {
    for notice in [Notice::Best, Notice::BySignal] {
        let rt = Builder::new_current_thread().build().unwrap();
        let mut child = shell("exec sleep 1000").spawn_noticed(notice).unwrap();
        rt.block_on(async {
            assert!(poll_once(pin!(child.wait())).is_pending());
        });
        drop(rt);
        let other = Builder::new_current_thread().build().unwrap();
        assert!(other.block_on(child.wait()).unwrap_err().to_string().contains("shut down"));
        child.start_kill().unwrap();
        while child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn many_children_at_once_all_end() {
    everywhere(|notice| async move {
        let children: Vec<_> = (0..100)
            .map(|n| {
                let mut child = shell(&format!("exit {}", n % 50)).spawn_noticed(notice).unwrap();
                crate::spawn(async move { (n, child.wait().await.unwrap().code()) })
            })
            .collect();
        for child in children {
            let (n, code) = child.await.unwrap();
            assert_eq!(code, Some(n % 50));
        }
    });
}

#[test]
fn a_pipe_becomes_the_input_of_the_next() {
    everywhere(|notice| async move {
        let mut first = shell("echo through").stdout(Stdio::piped()).spawn_noticed(notice).unwrap();
        let between: Stdio = first.stdout.take().unwrap().try_into().unwrap();
        let mut command = Command::new("cat");
        let second = command.stdin(between).stdout(Stdio::piped()).spawn_noticed(notice).unwrap();
        assert_eq!(second.wait_with_output().await.unwrap().stdout, b"through\n");
        assert!(first.wait().await.unwrap().success());
    });
}

#[test]
fn the_command_of_std_is_there() {
    let rt = Builder::new_current_thread().build().unwrap();
    rt.block_on(async {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $0 $GREETING $(pwd); exit $CODE"]).arg("zero").env_clear();
        command.env("PATH", "/usr/bin:/bin").envs([("GREETING", "hello"), ("CODE", "4")]);
        command.env_remove("CODE").current_dir("/").process_group(0);
        assert_eq!(command.as_std().get_program(), "sh");
        assert!(!command.get_kill_on_drop());
        let output = command.output().await.unwrap();
        assert_eq!(output.stdout, b"zero hello /\n");
        assert!(shell("exit 0").status().await.unwrap().success());
        assert_eq!(Command::new("/nonexistent").status().await.unwrap_err().kind(), io::ErrorKind::NotFound);
        let mut renamed = shell("exit 9");
        renamed.arg0("renamed");
        assert_eq!(renamed.into_std().status().unwrap().code(), Some(9));
    });
}
