//! `AsyncFd` over the descriptors that Linux has.

#![cfg(target_os = "linux")]

mod support;

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt;
use minato_runtime::io::{AsyncFd, Interest, Ready};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::inotify;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use support::{all_flavors, current_thread};

fn read(fd: impl AsFd, buf: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(fd, buf)?)
}

fn pipe() -> (OwnedFd, OwnedFd) {
    pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).unwrap()
}

#[test]
fn an_eventfd_wakes_those_who_wait_for_it() {
    for rt in all_flavors() {
        rt.block_on(async {
            let fd = AsyncFd::new(eventfd(0, EventfdFlags::NONBLOCK).unwrap()).unwrap();
            let fd = Arc::new(fd);
            let waiters: Vec<_> = (0..3)
                .map(|_| {
                    let fd = Arc::clone(&fd);
                    minato_runtime::spawn(async move {
                        fd.async_io(Interest::READABLE, |fd| read(fd, &mut [0; 8])).await.unwrap()
                    })
                })
                .collect();
            minato_runtime::task::yield_now().await;
            // Each read takes the whole count, so that each waiter needs a write of its own.
            for waiter in waiters {
                rustix::io::write(fd.get_ref(), &1_u64.to_ne_bytes()).unwrap();
                while !waiter.is_finished() {
                    rustix::io::write(fd.get_ref(), &1_u64.to_ne_bytes()).unwrap();
                    minato_runtime::task::yield_now().await;
                }
                assert_eq!(waiter.await.unwrap(), 8);
            }
        });
    }
}

#[test]
fn a_guard_is_cleared_by_an_operation_that_blocks_and_only_then() {
    current_thread().block_on(async {
        let fd = AsyncFd::new(eventfd(1, EventfdFlags::NONBLOCK).unwrap()).unwrap();
        let mut guard = fd.readable().await.unwrap();
        assert!(guard.ready().is_readable());
        assert_eq!(guard.try_io(|fd| read(fd, &mut [0; 8])).unwrap().unwrap(), 8);
        // It was read and nobody said that nothing is left: still ready.
        let mut guard = fd.readable().await.unwrap();
        assert!(guard.try_io(|fd| read(fd, &mut [0; 8])).is_err());
        assert!(guard.ready().is_empty());
        assert!(fd.readable().now_or_never().is_none());
        assert!(fd.try_io(Interest::READABLE, |_| -> io::Result<()> { unreachable!() }).is_err());
        // Writing is another direction.
        assert!(fd.writable().await.unwrap().ready().is_writable());
    });
}

#[test]
fn clearing_a_part_leaves_the_rest() {
    current_thread().block_on(async {
        let fd = AsyncFd::new(eventfd(1, EventfdFlags::NONBLOCK).unwrap()).unwrap();
        let mut guard = fd.ready(Interest::READABLE | Interest::WRITABLE).await.unwrap();
        assert!(guard.ready().contains(Ready::READABLE | Ready::WRITABLE));
        guard.clear_ready_matching(Ready::READABLE);
        assert_eq!(guard.ready(), Ready::WRITABLE);
        guard.retain_ready();
        assert!(fd.readable().now_or_never().is_none());
        assert!(fd.writable().now_or_never().is_some());
    });
}

#[test]
fn what_comes_after_a_failed_try_is_not_cleared_away() {
    current_thread().block_on(async {
        let fd =
            AsyncFd::with_interest(eventfd(1, EventfdFlags::NONBLOCK).unwrap(), Interest::READABLE).unwrap();
        let mut early = fd.readable().await.unwrap();
        read(&fd, &mut [0; 8]).unwrap();
        assert!(fd.readable().await.unwrap().try_io(|fd| read(fd, &mut [0; 8])).is_err());
        rustix::io::write(&fd, &1_u64.to_ne_bytes()).unwrap();
        let late = fd.readable().await.unwrap();
        // The early guard speaks of an older event.
        early.clear_ready();
        assert!(late.ready().is_readable());
        assert!(fd.readable().now_or_never().is_some());
    });
}

#[test]
fn a_timerfd_ticks() {
    for rt in all_flavors() {
        rt.block_on(async {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK).unwrap();
            let tick = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
            let spec = Itimerspec { it_interval: tick, it_value: tick };
            timerfd_settime(&timer, TimerfdTimerFlags::empty(), &spec).unwrap();
            let mut timer = AsyncFd::with_interest(timer, Interest::READABLE).unwrap();
            for _ in 0..3 {
                let mut buf = [0; 8];
                timer.async_io_mut(Interest::READABLE, |fd| read(fd, &mut buf)).await.unwrap();
                assert!(u64::from_ne_bytes(buf) >= 1);
            }
        });
    }
}

#[test]
fn a_pipe_tells_bytes_room_and_both_ends() {
    current_thread().block_on(async {
        let (reader, writer) = pipe();
        let mut reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
        let writer = AsyncFd::with_interest(writer, Interest::WRITABLE).unwrap();
        let mut written = 0;
        while let Ok(n) = writer.try_io(Interest::WRITABLE, |fd| Ok(rustix::io::write(fd, &[7; 4096])?)) {
            written += n;
            let _ = writer.writable().now_or_never();
        }
        assert!(written == 0, "nothing is ready before the driver has turned once");
        loop {
            let mut guard = writer.writable().await.unwrap();
            match guard.try_io(|fd| Ok(rustix::io::write(fd, &[7; 4096])?)) {
                Ok(n) => written += n.unwrap(),
                Err(_) => break,
            }
        }
        let mut read_bytes = 0;
        while read_bytes < written {
            let mut guard = reader.readable_mut().await.unwrap();
            if let Ok(n) = guard.try_io(|fd| read(fd.get_mut(), &mut [0; 65536])) {
                read_bytes += n.unwrap();
            }
        }
        assert!(writer.writable().await.unwrap().ready().is_writable());
        drop(writer);
        let at_end = loop {
            let mut guard = poll_fn(|cx| match reader.poll_read_ready(cx) {
                Poll::Ready(guard) => Poll::Ready(guard.map(|guard| guard.ready())),
                Poll::Pending => Poll::Pending,
            })
            .await
            .unwrap();
            if guard.is_read_closed() {
                break guard;
            }
            guard = Ready::EMPTY;
            assert!(guard.is_empty());
            let _ = reader.try_io(Interest::READABLE, |fd| read(fd, &mut [0; 8]));
        };
        assert!(at_end.is_read_closed());
        assert_eq!(reader.try_io(Interest::READABLE, |fd| read(fd, &mut [0; 8])).unwrap(), 0);
    });
}

#[test]
fn inotify_tells_of_a_new_file() {
    current_thread().block_on(async {
        let folder = std::env::temp_dir().join(format!("minato-inotify-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, &folder, inotify::WatchFlags::CREATE).unwrap();
        let watch = AsyncFd::with_interest(watch, Interest::READABLE).unwrap();
        let file = folder.join("fresh");
        let maker = minato_runtime::task::spawn_blocking(move || std::fs::write(file, b"x").unwrap());
        let mut buf = [0; 1024];
        let length = watch.async_io(Interest::READABLE, |fd| read(fd, &mut buf)).await.unwrap();
        assert!(buf[..length].windows(5).any(|name| name == b"fresh"));
        maker.await.unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn urgent_bytes_are_priority() {
    current_thread().block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let server = AsyncFd::with_interest(server, Interest::PRIORITY).unwrap();
        assert!(server.ready(Interest::PRIORITY).now_or_never().is_none());
        rustix::net::send(&client, b"!", rustix::net::SendFlags::OOB).unwrap();
        let guard = server.ready(Interest::PRIORITY).await.unwrap();
        assert!(guard.ready().is_priority());
    });
}

#[test]
fn a_descriptor_that_lives_on_elsewhere_troubles_nobody() {
    for rt in all_flavors() {
        rt.block_on(async {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            theirs.set_nonblocking(true).unwrap();
            let twin = theirs.try_clone().unwrap();
            let wrapped = AsyncFd::new(theirs).unwrap();
            let _ = wrapped.readable().now_or_never();
            drop(wrapped);
            // `epoll` would still tell of the open twin, in the name of a cell that the next descriptor gets.
            let (quiet, _other) = pipe();
            let quiet = AsyncFd::with_interest(quiet, Interest::READABLE).unwrap();
            ours.write_all(b"x").unwrap();
            // And the twin can be wrapped itself.
            let twin = AsyncFd::new(twin).unwrap();
            let read = twin.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 4])).await.unwrap();
            assert_eq!(read, 1);
            // By now the driver has seen the byte.
            assert!(quiet.readable().now_or_never().is_none());
        });
    }
}

#[test]
fn unwrapping_gives_back_a_descriptor_that_can_be_wrapped_again() {
    current_thread().block_on(async {
        let fd = eventfd(1, EventfdFlags::NONBLOCK).unwrap();
        let fd = AsyncFd::new(fd).unwrap().into_inner();
        let fd = AsyncFd::new(fd).unwrap();
        // The same open file twice in one epoll.
        let error = AsyncFd::try_new(fd.as_fd()).unwrap_err();
        assert_eq!(error.into_parts().1.kind(), io::ErrorKind::AlreadyExists);
        assert!(fd.readable().await.is_ok());
    });
}

#[test]
fn a_regular_file_and_a_missing_runtime_are_errors() {
    let file = std::fs::File::open("/proc/self/exe").unwrap();
    current_thread().block_on(async {
        assert_eq!(AsyncFd::new(file.as_fd()).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    });
    assert!(AsyncFd::new(file.as_fd()).unwrap_err().to_string().contains("outside a Minato runtime"));
}

#[test]
fn a_wait_ends_with_an_error_when_the_runtime_ends() {
    let rt = current_thread();
    let fd = {
        let _entered = rt.enter();
        AsyncFd::new(eventfd(0, EventfdFlags::NONBLOCK).unwrap()).unwrap()
    };
    drop(rt);
    let waited = current_thread().block_on(fd.readable()).map(drop);
    assert!(waited.unwrap_err().to_string().contains("shut down"));
}

#[test]
fn a_fifo_that_finds_another_writer_is_no_longer_at_its_end() {
    current_thread().block_on(async {
        let path = std::env::temp_dir().join(format!("minato-fifo-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK;
        let reader = rustix::fs::open(&path, flags, rustix::fs::Mode::empty()).unwrap();
        let reader = AsyncFd::with_interest(reader, Interest::READABLE).unwrap();
        let open = || std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        drop(open());
        assert_eq!(reader.async_io(Interest::READABLE, |fd| read(fd, &mut [0; 8])).await.unwrap(), 0);
        let mut second = open();
        // Blocked, with an end told before: that end is over, and waiting means waiting again.
        assert!(reader.try_io(Interest::READABLE, |fd| read(fd, &mut [0; 8])).is_err());
        assert!(reader.readable().now_or_never().is_none());
        second.write_all(b"again").unwrap();
        assert_eq!(reader.async_io(Interest::READABLE, |fd| read(fd, &mut [0; 8])).await.unwrap(), 5);
        std::fs::remove_file(&path).unwrap();
    });
}

#[test]
fn a_descriptor_may_take_the_number_of_one_whose_file_is_still_open() {
    use minato_runtime::io::PollEvented;

    for rt in all_flavors() {
        rt.block_on(async {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            theirs.set_nonblocking(true).unwrap();
            for _ in 0..3 {
                // Closed without leaving epoll, since the file is open in `theirs`; the next has the same number.
                let clone = PollEvented::new(theirs.try_clone().unwrap());
                assert!(
                    clone
                        .async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1]))
                        .now_or_never()
                        .is_none()
                );
                ours.write_all(b"x").unwrap();
                let read = clone.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1])).await.unwrap();
                assert_eq!(read, 1);
            }
        });
    }
}
