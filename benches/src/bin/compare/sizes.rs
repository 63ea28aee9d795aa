//! What things are made of, in bytes.

use std::future::Future;
use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::process::{Command, ExitCode};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::allocations::count;
use crate::table::{Table, number, ratio};

/// The argument that makes this program one that holds many idle tasks and tells what that costs.
pub(crate) const RESIDENT_MODE: &str = "--resident";
/// The argument that makes this program one that waits, and tells how often it was woken.
pub(crate) const IDLE_MODE: &str = "--idle";

const TASKS: usize = 200_000;
const IDLE: Duration = Duration::from_secs(2);
/// Longer than the time for which workers stay up for more work.
const SETTLE: Duration = Duration::from_secs(3);

/// A future of `8 * WORDS` bytes that is never ready.
struct Idle<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Future for Idle<WORDS> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        black_box(&self.0);
        Poll::Pending
    }
}

/// Prints the sizes.
pub(crate) fn run() {
    let table = Table::new(&["bytes", "peer", "ours", "peer", "ratio"]);
    let row = |name: &str, [ours, theirs]: [f64; 2]| {
        let cells = [number(ours), number(theirs), ratio(ours, theirs)];
        table.row(&[&[name.to_owned(), "tokio".to_owned()], &cells[..]].concat());
    };
    row("task, no future", [on_minato::task::<0>(), on_tokio::task::<0>()]);
    row("task, future of 32", [on_minato::task::<4>(), on_tokio::task::<4>()]);
    row("task, future of 128", [on_minato::task::<16>(), on_tokio::task::<16>()]);
    for words in [0, 4, 16] {
        let resident = ["minato", "tokio"].map(|side| resident(side, words).unwrap_or(f64::NAN));
        row(&format!("resident, future of {}", words * 8), resident);
    }
    macro_rules! both {
        ($name:literal, $of:ident) => {
            row($name, [on_minato::$of(), on_tokio::$of()].map(|bytes| bytes as f64));
        };
    }
    both!("JoinHandle", join_handle);
    both!("Sleep", sleep_size);
    both!("Notify", notify);
    both!("Semaphore", semaphore);
    both!("Mutex<()>", mutex);
    both!("oneshot<u64>", oneshot);
    both!("mpsc(8)<u64>", mpsc_bounded);
    both!("mpsc unbounded<u64>", mpsc_unbounded);
    both!("watch<u64>", watch);
    both!("broadcast(8)<u64>", broadcast);
    let wakes = ["minato", "tokio"].map(|side| tell(&[IDLE_MODE, side]).unwrap_or(f64::NAN));
    row("wake-ups/s when idle", wakes);
}

fn resident(side: &str, words: usize) -> io::Result<f64> {
    tell(&[RESIDENT_MODE, side, &words.to_string()])
}

/// Runs this program again, for a figure of a process of its own.
fn tell(arguments: &[&str]) -> io::Result<f64> {
    let output = Command::new(std::env::current_exe()?).args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| io::Error::other("the child told no figure"))
}

/// The child that holds tasks.
pub(crate) fn hold(arguments: &[String]) -> ExitCode {
    let bytes = match (arguments[0].as_str(), arguments[1].as_str()) {
        ("minato", "0") => on_minato::resident::<0>(),
        ("minato", "4") => on_minato::resident::<4>(),
        ("minato", _) => on_minato::resident::<16>(),
        (_, "0") => on_tokio::resident::<0>(),
        (_, "4") => on_tokio::resident::<4>(),
        _ => on_tokio::resident::<16>(),
    };
    println!("{}", bytes as f64 / TASKS as f64);
    ExitCode::SUCCESS
}

/// The child that is idle: two workers that have worked, with a socket, a task and a timer that wait.
pub(crate) fn idle(arguments: &[String]) -> ExitCode {
    let switches = if arguments[0] == "minato" { on_minato::idle() } else { on_tokio::idle() };
    println!("{}", switches as f64 / IDLE.as_secs_f64());
    ExitCode::SUCCESS
}

/// How often the threads of this process, but for this one, have gone to sleep or been put aside.
fn switches() -> u64 {
    let own = rustix::thread::gettid().as_raw_nonzero().to_string();
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let others = tasks.filter(|task| task.file_name().to_string_lossy() != own);
    let of_thread = |task: std::fs::DirEntry| {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let count = |line: &str| line.rsplit('\t').next()?.parse::<u64>().ok();
        status.lines().filter(|line| line.contains("ctxt_switches")).filter_map(count).sum::<u64>()
    };
    others.map(of_thread).sum()
}

/// Resident memory of this process.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// The same for both runtimes.
macro_rules! sizes {
    ($module:ident, $runtime:ident, $($net:ident)::+) => {
        mod $module {
            use std::mem::size_of;

            use $($net)::+::TcpListener;
            use $runtime::runtime::Builder;
            use $runtime::sync::{Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};
            use $runtime::task::{JoinHandle, yield_now};
            use $runtime::time::{Sleep, sleep};

            use super::{Duration, IDLE, Idle, SETTLE, TASKS, black_box, count, resident_bytes, switches};

            /// Bytes allocated for a task that waits, without its share of lists.
            pub(super) fn task<const WORDS: usize>() -> f64 {
                let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    // Grows what lists there are.
                    (0..100).for_each(|_| drop($runtime::spawn(Idle::<1>([0]))));
                    yield_now().await;
                    let allocated = count(|| (0..20).for_each(|_| drop($runtime::spawn(Idle([0; WORDS])))));
                    allocated.bytes as f64 / 20.0
                })
            }

            /// Resident bytes of all tasks.
            pub(super) fn resident<const WORDS: usize>() -> u64 {
                let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    (0..1000).for_each(|_| drop($runtime::spawn(Idle::<1>([0]))));
                    yield_now().await;
                    let before = resident_bytes();
                    for number in 0..TASKS {
                        drop($runtime::spawn(Idle([number as u64; WORDS])));
                        if number % 64 == 0 {
                            yield_now().await;
                        }
                    }
                    yield_now().await;
                    resident_bytes() - before
                })
            }

            pub(super) fn idle() -> u64 {
                let runtime =
                    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
                for _ in 0..100 {
                    drop(runtime.spawn(async { yield_now().await }));
                }
                drop(runtime.spawn(async { sleep(Duration::from_secs(3600)).await }));
                drop(runtime.spawn(async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
                    drop(listener.accept().await);
                }));
                std::thread::sleep(SETTLE);
                let before = switches();
                std::thread::sleep(IDLE);
                switches() - before
            }

            pub(super) fn join_handle() -> u64 {
                size_of::<JoinHandle<()>>() as u64
            }

            pub(super) fn sleep_size() -> u64 {
                size_of::<Sleep>() as u64
            }

            pub(super) fn notify() -> u64 {
                size_of::<Notify>() as u64
            }

            pub(super) fn semaphore() -> u64 {
                size_of::<Semaphore>() as u64
            }

            pub(super) fn mutex() -> u64 {
                size_of::<Mutex<()>>() as u64
            }

            pub(super) fn oneshot() -> u64 {
                count(|| drop(black_box(oneshot::channel::<u64>()))).bytes
            }

            pub(super) fn mpsc_bounded() -> u64 {
                count(|| drop(black_box(mpsc::channel::<u64>(8)))).bytes
            }

            pub(super) fn mpsc_unbounded() -> u64 {
                count(|| drop(black_box(mpsc::unbounded_channel::<u64>()))).bytes
            }

            pub(super) fn watch() -> u64 {
                count(|| drop(black_box(watch::channel(0_u64)))).bytes
            }

            pub(super) fn broadcast() -> u64 {
                count(|| drop(black_box(broadcast::channel::<u64>(8)))).bytes
            }
        }
    };
}

sizes!(on_minato, minato_runtime, minato_net);
sizes!(on_tokio, tokio, tokio::net);
