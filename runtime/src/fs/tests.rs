//! What becomes a job and what does not, counted.

use std::io::SeekFrom;
use std::path::PathBuf;

use super::*;
use crate::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use crate::runtime::Builder;
use crate::scheduler;

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minato-fs-unit-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Jobs of the running runtime so far.
fn jobs() -> usize {
    scheduler::current().unwrap().blocking.submitted()
}

/// How many jobs an operation takes.
async fn hops<T>(operation: impl Future<Output = std::io::Result<T>>) -> usize {
    let before = jobs();
    operation.await.unwrap();
    jobs() - before
}

fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread().build().unwrap().block_on(test);
}

/// Whether the file system of the tests answers from memory; then reads must not be jobs.
fn answers_from_memory(path: &std::path::Path) -> bool {
    cached::read_whole(path).is_some()
}

#[test]
fn whole_operations_are_one_job() {
    let folder = Folder::new("whole");
    run(async {
        let path = folder.0.join("a");
        assert_eq!(hops(write(&path, b"hello")).await, 1);
        assert_eq!(hops(copy(&path, folder.0.join("b"))).await, 1);
        assert_eq!(hops(rename(folder.0.join("b"), folder.0.join("c"))).await, 1);
        assert_eq!(hops(create_dir_all(folder.0.join("x/y/z"))).await, 1);
        assert_eq!(hops(remove_dir_all(folder.0.join("x"))).await, 1);
        assert_eq!(hops(canonicalize(&path)).await, 1);
        assert_eq!(hops(File::create(folder.0.join("d"))).await, 1);
        assert_eq!(hops(read_to_string("/proc/self/status")).await, 1, "files made up as they are read");
    });
}

#[test]
fn what_is_in_memory_is_no_job() {
    let folder = Folder::new("memory");
    let small = folder.file("small", &[7; 4000]);
    let large = folder.file("large", &vec![7; crate::limits::CACHED_READ_MAX + 1]);
    if !answers_from_memory(&small) {
        eprintln_skip("the file system of the temporary folder does not answer from memory");
        return;
    }
    run(async {
        assert_eq!(hops(read(&small)).await, 0);
        assert_eq!(hops(read_to_string(&small)).await, 0);
        assert_eq!(hops(metadata(&small)).await, 0);
        assert_eq!(hops(symlink_metadata(&small)).await, 0);
        assert_eq!(hops(try_exists(&small)).await, 0);
        assert_eq!(hops(File::open(&small)).await, 0);
        let mut file = File::open(&small).await.unwrap();
        let mut bytes = Vec::new();
        assert_eq!(hops(file.read_to_end(&mut bytes)).await, 0);
        assert_eq!(bytes.len(), 4000);
        assert_eq!(hops(file.rewind()).await, 0);
        assert_eq!(hops(file.metadata()).await, 0);
        assert_eq!(hops(file.read_at(&mut [0; 100], 3950)).await, 0);
        // What is large would hold the worker.
        assert_eq!(hops(read(&large)).await, 1);
    });
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn eprintln_skip(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn writes_gather_while_one_is_under_way() {
    let folder = Folder::new("gather");
    run(async {
        let mut file = File::create(folder.0.join("log")).await.unwrap();
        let taken = hops(async {
            for n in 0..1000_u32 {
                file.write_all(&n.to_le_bytes()).await?;
            }
            file.flush().await
        })
        .await;
        // Each job takes all that was there; how many there are depends on the disk, not on the writes.
        assert!(taken < 500, "{taken} jobs for 1000 writes");
        let bytes = std::fs::read(folder.0.join("log")).unwrap();
        assert!(bytes.chunks(4).enumerate().all(|(n, chunk)| chunk == (n as u32).to_le_bytes()));
        assert_eq!(bytes.len(), 4000);
    });
}

#[test]
fn a_listing_takes_one_job_for_each_128_entries() {
    let folder = Folder::new("listing");
    for n in 0..300 {
        folder.file(&n.to_string(), b"");
    }
    run(async {
        let before = jobs();
        let mut entries = read_dir(&folder.0).await.unwrap();
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await.unwrap() {
            assert!(entry.file_type().await.unwrap().is_file());
            names.push(entry.file_name().into_string().unwrap().parse::<u32>().unwrap());
        }
        assert!(entries.next_entry().await.unwrap().is_none());
        names.sort_unstable();
        assert_eq!(names, (0..300).collect::<Vec<_>>());
        assert_eq!(jobs() - before, 3);
    });
}

#[test]
fn a_small_buffer_makes_writers_wait_and_readers_come_again() {
    let folder = Folder::new("small");
    run(async {
        let path = folder.0.join("file");
        let mut file = File::create_new(&path).await.unwrap();
        file.set_max_buf_size(16);
        assert_eq!(file.write(&[1; 100]).await.unwrap(), 16);
        file.write_all(&[2; 1000]).await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let mut bytes = [0; 100];
        assert!(file.read(&mut bytes).await.unwrap() <= 16);
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), 1000);
    });
}

#[test]
fn a_writer_that_is_faster_than_its_disk_waits() {
    use std::pin::pin;

    use crate::limits::FILE_BUFFER_MAX;
    use crate::test_support::poll_once;

    run(async {
        // A pipe that nobody reads is the slowest disk.
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let mut file = File::from(writer);
        let chunk = vec![0; 64 * 1024];
        let mut taken = 0;
        while let std::task::Poll::Ready(written) = poll_once(pin!(file.write(&chunk))) {
            taken += written.unwrap();
            // What its job is writing, and what waits for it.
            assert!(taken <= 2 * FILE_BUFFER_MAX);
        }
        assert!(taken >= FILE_BUFFER_MAX);
        drop(reader);
        assert_eq!(file.flush().await.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    });
}
