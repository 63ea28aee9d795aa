//! Files: order, errors, dropped futures, ended runtimes.

#![cfg(feature = "fs")]

mod support;

use std::io::{ErrorKind, Read, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use minato_runtime::fs::{self, DirBuilder, File};
use minato_runtime::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use minato_runtime::task::yield_now;
use support::{all_flavors, current_thread};

/// A folder of its own for each test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fs-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn reads_writes_and_seeks_follow_each_other() {
    let folder = Folder::new("order");
    for rt in all_flavors() {
        rt.block_on(async {
            let path = folder.path("file");
            let mut file =
                File::options().read(true).write(true).create(true).truncate(true).open(&path).await.unwrap();
            file.write_all(b"0123456789").await.unwrap();
            // A read after a write sees it, at the place behind it.
            assert_eq!(file.read(&mut [0; 4]).await.unwrap(), 0);
            assert_eq!(file.seek(SeekFrom::End(-4)).await.unwrap(), 6);
            let mut two = [0; 2];
            file.read_exact(&mut two).await.unwrap();
            assert_eq!(&two, b"67");
            file.write_all(b"XY").await.unwrap();
            assert_eq!(file.stream_position().await.unwrap(), 10);
            file.rewind().await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "01234567XY");
            file.set_len(4).await.unwrap();
            assert_eq!(file.metadata().await.unwrap().len(), 4);
            assert_eq!(file.seek(SeekFrom::Start(99)).await.unwrap(), 99);
            assert!(file.seek(SeekFrom::Current(-100)).await.is_err());
        });
    }
}

#[test]
fn a_dropped_file_loses_no_byte() {
    let folder = Folder::new("dropped");
    for (n, rt) in all_flavors().into_iter().enumerate() {
        let path = folder.path(&n.to_string());
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        rt.block_on(async {
            let mut file = File::create(&path).await.unwrap();
            for chunk in bytes.chunks(1000) {
                file.write_all(chunk).await.unwrap();
            }
        });
        drop(rt);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn the_end_of_the_runtime_waits_for_a_write_that_has_not_begun() {
    let folder = Folder::new("mandatory");
    let path = folder.path("file");
    let rt = minato_runtime::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let ender = rt.block_on(async {
        let file = std::fs::File::create(&path).unwrap();
        // The only thread is taken, so that the write cannot begin before the runtime ends.
        let (began, begun) = std::sync::mpsc::channel();
        drop(minato_runtime::task::spawn_blocking(move || {
            began.send(()).unwrap();
            let _ = released.recv();
        }));
        begun.recv().unwrap();
        File::from_std(file).write_all(b"kept").await.unwrap();
        std::thread::spawn(move || release.send(()))
    });
    drop(rt);
    ender.join().unwrap().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"kept");
}

#[test]
fn the_error_of_a_write_is_told_once_by_what_comes_next() {
    let folder = Folder::new("errors");
    std::fs::write(folder.path("file"), b"abc").unwrap();
    current_thread().block_on(async {
        // Opened for reading only: each write fails in its job.
        let mut file = File::open(folder.path("file")).await.unwrap();
        file.write_all(b"x").await.unwrap();
        let error = file.flush().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::BADF.raw_os_error()));
        file.flush().await.unwrap();

        file.write_all(b"x").await.unwrap();
        assert!(file.sync_all().await.is_err());
        file.write_all(b"x").await.unwrap();
        assert!(file.set_len(1).await.is_err());
        file.write_all(b"x").await.unwrap();
        assert!(file.rewind().await.is_err());
        file.write_all(b"x").await.unwrap();
        while file.write(b"y").await.is_ok() {
            yield_now().await;
        }
        // Reading goes on where it was: nothing was written.
        let _ = file.flush().await;
        let mut text = String::new();
        file.rewind().await.unwrap();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "abc");
    });
}

#[test]
fn a_full_device_is_told() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    current_thread().block_on(async {
        let mut file = File::options().write(true).open("/dev/full").await.unwrap();
        file.write_all(b"x").await.unwrap();
        assert_eq!(file.flush().await.unwrap_err().kind(), ErrorKind::StorageFull);
    });
}

/// A pipe with a reader that is a `File`: its reads block until somebody writes.
fn blocked_file() -> (File, std::fs::File) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    (File::from(reader), std::fs::File::from(writer))
}

#[test]
fn a_read_that_was_dropped_loses_no_byte() {
    for rt in all_flavors() {
        rt.block_on(async {
            let (mut file, mut writer) = blocked_file();
            let mut small = [0; 8];
            {
                let mut read = pin!(file.read(&mut small));
                let cx = &mut Context::from_waker(Waker::noop());
                assert!(read.as_mut().poll(cx).is_pending());
            }
            writer.write_all(b"abcdefgh").unwrap();
            let mut two = [0; 2];
            file.read_exact(&mut two).await.unwrap();
            assert_eq!(&two, b"ab");
            drop(writer);
            let mut rest = String::new();
            file.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "cdefgh");
        });
    }
}

#[test]
fn what_a_dropped_read_took_is_given_back_to_the_cursor() {
    let folder = Folder::new("cursor");
    let path = folder.path("file");
    std::fs::write(&path, b"0123456789").unwrap();
    current_thread().block_on(async {
        let mut file = File::options().read(true).write(true).open(&path).await.unwrap();
        file.read_exact(&mut [0; 3]).await.unwrap();
        let mut twin = file.try_clone().await.unwrap();
        // They share the cursor.
        twin.write_all(b"X").await.unwrap();
        twin.flush().await.unwrap();
        assert_eq!(file.stream_position().await.unwrap(), 4);
        let mut std_file = file.into_std().await;
        let mut rest = String::new();
        std_file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "456789");
        let back = File::from_std(std_file).try_into_std().unwrap();
        assert_eq!(back.metadata().unwrap().len(), 10);
    });
}

#[test]
fn many_tasks_use_offsets_of_one_file_at_once() {
    let folder = Folder::new("offsets");
    let path = folder.path("file");
    for rt in all_flavors() {
        rt.block_on(async {
            let file =
                File::options().read(true).write(true).create(true).truncate(true).open(&path).await.unwrap();
            let file = Arc::new(file);
            let tasks: Vec<_> = (0..50_u64)
                .map(|n| {
                    let file = Arc::clone(&file);
                    minato_runtime::spawn(async move {
                        let bytes = [n as u8; 100];
                        file.write_all_at(&bytes, n * 100).await.unwrap();
                        let mut back = [0; 100];
                        file.read_exact_at(&mut back, n * 100).await.unwrap();
                        assert_eq!(back, bytes);
                        file.sync_data().await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(file.metadata().await.unwrap().len(), 5000);
            let past = file.read_exact_at(&mut [0; 2], 4999).await.unwrap_err();
            assert_eq!(past.kind(), ErrorKind::UnexpectedEof);
            assert_eq!(
                file.read_at(&mut [0; 2], u64::MAX).await.unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
        });
    }
}

#[test]
fn an_operation_after_the_end_of_its_runtime_fails_and_does_not_hang() {
    let folder = Folder::new("after");
    let rt = current_thread();
    let mut file = rt.block_on(File::create(folder.path("file"))).unwrap();
    let handle = rt.handle().clone();
    drop(rt);
    let _entered = handle.enter();
    let mut write = pin!(async {
        file.write_all(b"x").await?;
        file.flush().await
    });
    let cx = &mut Context::from_waker(Waker::noop());
    let std::task::Poll::Ready(result) = write.as_mut().poll(cx) else { panic!("it hangs") };
    assert!(result.unwrap_err().to_string().contains("shut down"));
}

#[test]
fn the_free_functions_do_what_those_of_std_do() {
    let folder = Folder::new("functions");
    for rt in all_flavors() {
        rt.block_on(async {
            let root = folder.path("root");
            fs::create_dir(&root).await.unwrap();
            assert_eq!(fs::create_dir(&root).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
            DirBuilder::new().recursive(true).mode(0o755).create(root.join("a/b")).await.unwrap();
            fs::create_dir_all(root.join("a/c")).await.unwrap();
            let file = root.join("a/b/file");
            fs::write(&file, "contents").await.unwrap();
            assert_eq!(fs::copy(&file, root.join("copy")).await.unwrap(), 8);
            fs::hard_link(&file, root.join("hard")).await.unwrap();
            fs::symlink("copy", root.join("soft")).await.unwrap();
            assert_eq!(fs::read_link(root.join("soft")).await.unwrap(), Path::new("copy"));
            assert_eq!(fs::read_to_string(root.join("soft")).await.unwrap(), "contents");
            assert!(fs::symlink_metadata(root.join("soft")).await.unwrap().is_symlink());
            assert!(fs::metadata(root.join("soft")).await.unwrap().is_file());
            assert!(fs::metadata(&root).await.unwrap().is_dir());
            assert_eq!(fs::canonicalize(root.join("soft")).await.unwrap().file_name().unwrap(), "copy");
            let mut locked = fs::metadata(&file).await.unwrap().permissions();
            locked.set_readonly(true);
            fs::set_permissions(&file, locked.clone()).await.unwrap();
            assert!(fs::metadata(&file).await.unwrap().permissions().readonly());
            fs::rename(root.join("copy"), root.join("moved")).await.unwrap();
            assert!(!fs::try_exists(root.join("soft")).await.unwrap());
            assert!(fs::try_exists(root.join("moved")).await.unwrap());
            assert_eq!(fs::read(root.join("none")).await.unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(fs::read(&root).await.unwrap_err().kind(), ErrorKind::IsADirectory);
            fs::remove_file(root.join("moved")).await.unwrap();
            assert!(fs::remove_dir(root.join("a")).await.is_err());
            fs::remove_dir(root.join("a/c")).await.unwrap();
            fs::write(root.join("invalid"), [0xff]).await.unwrap();
            let invalid = fs::read_to_string(root.join("invalid")).await.unwrap_err();
            assert_eq!(invalid.kind(), ErrorKind::InvalidData);
            fs::remove_dir_all(&root).await.unwrap();
        });
    }
}

#[test]
fn times_and_permissions_of_an_open_file_change() {
    let folder = Folder::new("times");
    current_thread().block_on(async {
        let mut file = File::create(folder.path("file")).await.unwrap();
        file.write_all(b"x").await.unwrap();
        let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        file.set_times(std::fs::FileTimes::new().set_modified(then)).await.unwrap();
        let known = file.metadata().await.unwrap();
        assert_eq!((known.modified().unwrap(), known.len()), (then, 1));
        let mut permissions = known.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).await.unwrap();
        assert!(file.metadata().await.unwrap().permissions().readonly());
    });
}

#[test]
fn a_fifo_is_neither_opened_nor_read_in_place() {
    let folder = Folder::new("fifo");
    let path = folder.path("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    current_thread().block_on(async {
        // Both ends wait for each other in jobs, and the runtime goes on meanwhile.
        let reader = minato_runtime::spawn(fs::read(path.clone()));
        for _ in 0..10 {
            yield_now().await;
        }
        assert!(!reader.is_finished());
        fs::write(&path, "through").await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), b"through");
    });
}

#[test]
fn writing_and_reading_of_foreign_data_in_one_file_is_seen() {
    let folder = Folder::new("fresh");
    let path = folder.path("file");
    std::fs::write(&path, b"old-old-old").unwrap();
    current_thread().block_on(async {
        let mut file = File::open(&path).await.unwrap();
        file.read_exact(&mut [0; 4]).await.unwrap();
        let mut other = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        other.write_all(b"new-new-new").unwrap();
        // Nothing was read ahead.
        let mut rest = String::new();
        file.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "new-new");
    });
}

#[test]
fn without_a_thread_operations_fail_and_nothing_is_left_waiting() {
    let folder = Folder::new("threads");
    // More than the address space has, so that no thread can be started.
    let rt =
        minato_runtime::runtime::Builder::new_current_thread().thread_stack_size(1 << 46).build().unwrap();
    rt.block_on(async {
        assert!(fs::write(folder.path("file"), "x").await.is_err());
        let mut file = File::from_std(std::fs::File::create(folder.path("file")).unwrap());
        file.write_all(b"x").await.unwrap();
        assert!(file.flush().await.unwrap_err().to_string().contains("did not begin"));
        file.flush().await.unwrap();
        assert!(file.sync_all().await.is_err());
        let job = std::panic::catch_unwind(|| drop(minato_runtime::task::spawn_blocking(|| ())));
        assert!(job.unwrap_err().downcast::<String>().unwrap().contains("no thread can be started"));
    });
    drop(rt);
}
