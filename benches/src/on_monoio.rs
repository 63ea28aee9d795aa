//! The work that monoio can do, on its driver over epoll: many kernels refuse io_uring to containers.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use local_sync::oneshot;
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream, UnixStream};
use monoio::time::{sleep, timeout};
use monoio::{LegacyDriver, RuntimeBuilder, spawn};

use crate::{Work, Workers};

const FAR: Duration = Duration::from_secs(60);

/// Work that is one task for each round.
fn in_task<F, Fut>(round: F) -> Work
where
    F: Fn(u64) -> Fut + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let mut runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build().expect("a runtime");
    Box::new(move |operations| {
        let round = round(operations);
        runtime.block_on(async { spawn(round).await });
    })
}

async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(crate) fn spawn_many() -> Work {
    in_task(|operations| async move {
        let mut left = operations;
        while left > 0 {
            let tasks = left.min(1000);
            left -= tasks;
            let count = std::rc::Rc::new(std::cell::Cell::new(tasks));
            let (done, is_done) = oneshot::channel();
            let done = std::rc::Rc::new(std::cell::Cell::new(Some(done)));
            for _ in 0..tasks {
                let (count, done) = (count.clone(), done.clone());
                drop(spawn(async move {
                    count.set(count.get() - 1);
                    if count.get() == 0
                        && let Some(done) = done.take()
                    {
                        assert!(done.send(()).is_ok());
                    }
                }));
            }
            assert!(is_done.await.is_ok());
        }
    })
}

pub(crate) fn spawn_join() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            assert_eq!(spawn(async move { number }).await, number);
        }
    })
}

pub(crate) fn yield_alone() -> Work {
    in_task(|operations| async move {
        for _ in 0..operations {
            yield_now().await;
        }
    })
}

pub(crate) fn ping_pong() -> Work {
    in_task(|operations| async move {
        for _ in 0..operations {
            let (ping, pinged) = oneshot::channel::<u64>();
            let (pong, ponged) = oneshot::channel::<u64>();
            drop(spawn(async move {
                let number = pinged.await.expect("a ping");
                assert!(pong.send(number + 1).is_ok());
            }));
            drop(spawn(async move { assert!(ping.send(1).is_ok()) }));
            assert_eq!(ponged.await.ok(), Some(2));
        }
    })
}

pub(crate) fn oneshot_in_task() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            let (sender, receiver) = oneshot::channel();
            assert!(sender.send(number).is_ok());
            assert_eq!(receiver.await.ok(), Some(number));
        }
    })
}

pub(crate) fn sleep_cancelled() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            {
                let mut sleep = pin!(sleep(FAR));
                let is_pending = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
                assert!(is_pending);
            }
            if number % 32 == 0 {
                yield_now().await;
            }
        }
    })
}

pub(crate) fn timeout_ready() -> Work {
    in_task(|operations| async move {
        for number in 0..operations {
            assert_eq!(timeout(FAR, std::future::ready(number)).await.ok(), Some(number));
        }
    })
}

pub(crate) fn timeout_pending() -> Work {
    in_task(|operations| async move {
        for _ in 0..operations {
            assert!(timeout(FAR, yield_now()).await.is_ok());
        }
    })
}

/// Starts an echo server, on one thread whatever is asked: it has no other kind.
pub(crate) fn echo(_: Workers) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut runtime = RuntimeBuilder::<LegacyDriver>::new().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            tell.send(listener.local_addr().expect("an address")).expect("somebody asked");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                drop(spawn(answer(stream)));
            }
        });
    });
    told.recv().expect("the server listens")
}

async fn answer(mut stream: TcpStream) {
    let mut buf = vec![0; 4096];
    loop {
        let (read, received) = stream.read(buf).await;
        let Ok(len @ 1..) = read else { return };
        let (written, sent) = stream.write_all(monoio::buf::IoBuf::slice(received, ..len)).await;
        if written.is_err() {
            return;
        }
        buf = sent.into_inner();
    }
}

/// Bytes of a piece, as the others have it.
const PIECE: usize = 64 * 1024;

macro_rules! transfer {
    ($near:ident, $far:ident, $operations:ident) => {
        let (mut near, mut far) = ($near, $far);
        let writer = spawn(async move {
            let mut piece = vec![7; PIECE];
            for _ in 0..$operations {
                let (written, sent) = near.write_all(piece).await;
                written.expect("the other end reads");
                piece = sent;
            }
        });
        let (mut buf, mut received) = (vec![0; PIECE], 0);
        loop {
            let (read, filled) = far.read(buf).await;
            let Ok(len @ 1..) = read else { break };
            received += len as u64;
            buf = filled;
        }
        assert_eq!(received, $operations * PIECE as u64);
        writer.await;
    };
}

pub(crate) fn tcp_copy() -> Work {
    in_task(|operations| async move {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let near = TcpStream::connect_addr(address).await.expect("it listens");
        let (far, _) = listener.accept().await.expect("a connection");
        transfer!(near, far, operations);
    })
}

pub(crate) fn unix_copy() -> Work {
    in_task(|operations| async move {
        let (near, far) = UnixStream::pair().expect("a pair");
        transfer!(near, far, operations);
    })
}
