//! Files, blocking jobs and child processes.

use std::env::temp_dir;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::platform::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, Command, fs, spawn_blocking};
use super::in_task;
use crate::{Work, Workers};

/// Bytes of a file that is read, and of a read.
const LENGTH: usize = 4096;

/// Bytes of a small write; a log line.
const LINE: usize = 64;

/// Writes between two flushes.
const LINES: u64 = 1000;

/// A file of 4 KiB that stays in the page cache.
fn file() -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = temp_dir().join(format!("minato-bench-{}-{number}", std::process::id()));
    std::fs::write(&path, [7; LENGTH]).expect("a temporary file");
    path
}

/// Opens, reads and closes a small file.
pub(crate) fn read_file(workers: Workers) -> Work {
    let path = file();
    in_task(workers, move |operations| {
        let path = path.clone();
        async move {
            for _ in 0..operations {
                assert_eq!(fs::read(&path).await.expect("it is there").len(), LENGTH);
            }
        }
    })
}

/// Reads 4 KiB of an open file, again and again from its start.
pub(crate) fn read_open_file(workers: Workers) -> Work {
    let path = file();
    in_task(workers, move |operations| {
        let path = path.clone();
        async move {
            let mut file = fs::File::open(&path).await.expect("it is there");
            let mut buf = [0; LENGTH];
            for _ in 0..operations {
                file.rewind().await.expect("a regular file");
                assert_eq!(file.read_exact(&mut buf).await.expect("its length is known"), LENGTH);
            }
        }
    })
}

/// Appends a line to a file, and flushes after a thousand.
pub(crate) fn write_lines(workers: Workers) -> Work {
    let path = file();
    in_task(workers, move |operations| {
        let path = path.clone();
        async move {
            let mut file = fs::File::create(&path).await.expect("it can be written");
            for number in 0..operations {
                file.write_all(&[b'x'; LINE]).await.expect("there is room");
                if number % LINES == LINES - 1 {
                    file.flush().await.expect("there is room");
                }
            }
            file.flush().await.expect("there is room");
        }
    })
}

/// A blocking job that does nothing, and its end.
pub(crate) fn blocking_job(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for number in 0..operations {
            assert_eq!(spawn_blocking(move || number).await.ok(), Some(number));
        }
    })
}

/// Starts a process that ends at once, and waits for it.
pub(crate) fn child(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        for _ in 0..operations {
            assert!(Command::new("true").status().await.expect("it is installed").success());
        }
    })
}
