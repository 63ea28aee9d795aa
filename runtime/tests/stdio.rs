//! The standard streams, in child processes: this test binary, called again with a part to play.

#![cfg(all(feature = "io-std", feature = "process", target_os = "linux"))]
#![expect(clippy::print_stdout, reason = "printing is what is tested")]

mod support;

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{ChildStdin, Command, Output, Stdio};

use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, copy, stderr, stdin, stdout};
use support::{all_flavors, current_thread, multi_thread};

/// Which part the process plays.
const PART: &str = "MINATO_STDIO_PART";
/// What the child writes before its own output, after that of the test harness.
const MARK: &str = "<<begin>>\n";

/// This process as a child, in a part.
fn child(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["plays_its_part", "--exact", "--nocapture", "--test-threads=1"]).env(PART, part);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a child wrote in its part.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.split_once(MARK).unwrap().1.to_owned()
}

#[test]
fn plays_its_part() {
    let Ok(part) = std::env::var(PART) else { return };
    print!("{MARK}");
    std::io::stdout().flush().unwrap();
    match part.as_str() {
        "copy" => multi_thread(2).block_on(async {
            copy(&mut stdin(), &mut stdout()).await.unwrap();
        }),
        "read a byte" => {
            for rt in all_flavors() {
                let read = rt.block_on(async { stdin().read_u8().await.unwrap() });
                assert_eq!(read, b'x');
            }
        }
        "end while reading" => {
            for rt in all_flavors() {
                rt.block_on(async {
                    drop(minato_runtime::spawn(async { stdin().read(&mut [0; 8]).await }));
                    minato_runtime::task::yield_now().await;
                    minato_runtime::task::yield_now().await;
                });
                drop(rt);
            }
        }
        "read after a dropped read" => current_thread().block_on(async {
            use futures_util::FutureExt;

            assert!(stdin().read(&mut [0; 8]).now_or_never().is_none());
            stderr().write_all(b"asked\n").await.unwrap();
            let mut text = String::new();
            stdin().read_to_string(&mut text).await.unwrap();
            stdout().write_all(text.as_bytes()).await.unwrap();
        }),
        "write and exit" => current_thread().block_on(async {
            print!("printed, ");
            stdout().write_all(b"written").await.unwrap();
        }),
        "write much" => multi_thread(2).block_on(async {
            let mut out = stdout();
            for n in 0..20_000 {
                out.write_all(format!("{n}\n").as_bytes()).await.unwrap();
            }
            out.flush().await.unwrap();
        }),
        other => panic!("no part {other:?}"),
    }
    // Before the harness says anything more, and without its or any other destructors.
    std::process::exit(0);
}

fn feed(stdin: &mut ChildStdin, text: &str) {
    stdin.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_pipe_is_copied_to_its_end() {
    let text: String = (0..50_000).map(|n| format!("line {n}\n")).collect();
    let mut child = child("copy").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let fed = text.clone();
    let feeder = std::thread::spawn(move || feed(&mut stdin, &fed));
    assert_eq!(said(&child.wait_with_output().unwrap()), text);
    feeder.join().unwrap();
}

#[test]
fn a_regular_file_is_copied_from_where_it_stands() {
    let path =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stdin-{}", std::process::id()));
    std::fs::write(&path, "skipped, read").unwrap();
    let mut file = File::open(&path).unwrap();
    file.seek(std::io::SeekFrom::Start(9)).unwrap();
    assert_eq!(said(&child("copy").stdin(file).output().unwrap()), "read");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn nothing_is_read_from_the_null_device_and_from_no_descriptor() {
    assert_eq!(said(&child("copy").stdin(Stdio::null()).output().unwrap()), "");
    let script =
        format!("exec {:?} plays_its_part --exact --nocapture <&-", std::env::current_exe().unwrap());
    let closed = Command::new("sh").arg("-c").arg(script).env(PART, "copy").output().unwrap();
    assert_eq!(said(&closed), "");
}

#[test]
fn a_socket_and_a_terminal_can_be_waited_for() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let running = child("copy").stdin(OwnedFd::from(theirs)).spawn().unwrap();
    ours.write_all(b"through a socket").unwrap();
    drop(ours);
    assert_eq!(said(&running.wait_with_output().unwrap()), "through a socket");

    let (mut master, terminal) = terminal();
    let running = child("copy").stdin(terminal).spawn().unwrap();
    // Two lines before the child reads, then the end of input.
    master.write_all(b"first\nsecond\n\x04").unwrap();
    assert_eq!(said(&running.wait_with_output().unwrap()), "first\nsecond\n");
}

/// A terminal: the side of its user, and that of the program.
fn terminal() -> (File, OwnedFd) {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(master), terminal)
}

/// Something that can be read and cannot be opened again: it has no name.
fn counter(value: u64) -> OwnedFd {
    let counter = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).unwrap();
    rustix::io::write(&counter, &value.to_ne_bytes()).unwrap();
    counter
}

#[test]
fn an_input_that_can_only_be_blocked_on_is_read_by_a_thread_that_no_runtime_owns() {
    // Eight bytes at once, of which four runtimes take one each.
    let counter = counter(u64::from_ne_bytes([b'x'; 8]));
    assert!(child("read a byte").stdin(counter).status().unwrap().success());
}

/// The open and silent inputs there are.
fn silent() -> Vec<(Box<dyn AsFd>, Stdio)> {
    let (socket, their_socket) = UnixStream::pair().unwrap();
    let (master, terminal) = terminal();
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let counter = counter(0);
    let twin = counter.try_clone().unwrap();
    vec![
        (Box::new(counter), twin.into()),
        (Box::new(socket), OwnedFd::from(their_socket).into()),
        (Box::new(master), terminal.into()),
        (Box::new(writer), reader.into()),
        (Box::new(File::open("/dev/null").unwrap()), Stdio::null()),
    ]
}

#[test]
fn a_runtime_ends_although_its_input_is_open_and_silent() {
    for (held, input) in silent() {
        // It ends by itself: nothing is written, and `held` is open until it has.
        let output = child("end while reading").stdin(input).output().unwrap();
        drop(held);
        assert_eq!(said(&output), "");
    }
}

#[test]
fn the_mode_of_the_shared_descriptor_is_left_alone() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let twin = reader.try_clone().unwrap();
    let before = rustix::fs::fcntl_getfl(&twin).unwrap();
    let mut running = child("read a byte").stdin(reader).spawn().unwrap();
    // One at a time: each of its runtimes opens the input anew.
    File::from(writer).write_all(b"xxxx").unwrap();
    assert!(running.wait().unwrap().success());
    assert_eq!(rustix::fs::fcntl_getfl(&twin).unwrap(), before);
}

#[test]
fn a_dropped_read_takes_nothing() {
    let mut running = child("read after a dropped read").stdin(Stdio::piped()).spawn().unwrap();
    let mut asked = [0; 6];
    running.stderr.as_mut().unwrap().read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"asked\n");
    feed(&mut running.stdin.take().unwrap(), "all of it");
    assert_eq!(said(&running.wait_with_output().unwrap()), "all of it");
}

#[test]
fn what_was_written_is_there_without_a_flush() {
    assert_eq!(said(&child("write and exit").output().unwrap()), "printed, written");
}

#[test]
fn outputs_of_every_kind_get_all_bytes_in_order() {
    let expected: String = (0..20_000).map(|n| format!("{n}\n")).collect();
    assert_eq!(said(&child("write much").output().unwrap()), expected);

    let path =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stdout-{}", std::process::id()));
    let status = child("write much").stdout(File::create(&path).unwrap()).status().unwrap();
    assert!(status.success());
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.split_once(MARK).unwrap().1, expected);
    std::fs::remove_file(&path).unwrap();

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut running = child("write much").stdout(OwnedFd::from(theirs)).spawn().unwrap();
    let mut text = String::new();
    // The command, which holds the other end, is gone.
    ours.read_to_string(&mut text).unwrap();
    assert_eq!(text.split_once(MARK).unwrap().1, expected);
    assert!(running.wait().unwrap().success());

    assert!(child("write much").stdout(Stdio::null()).status().unwrap().success());
}
