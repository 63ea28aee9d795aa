use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::{block_on, block_on_paused, io, task};
use crate::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use crate::sync::{Notify, mpsc};
use crate::time::Instant;
use crate::{
    assert_elapsed, assert_err, assert_ok, assert_pending, assert_ready, assert_ready_eq, assert_ready_err,
    assert_ready_ok,
};

fn message(panics: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

#[test]
fn a_future_polled_by_hand_tells_of_its_wakes_and_wakers() {
    let notify = Notify::new();
    let mut waiting = task::spawn(notify.notified());
    assert_eq!((waiting.is_woken(), waiting.waker_count()), (false, 0));
    assert_pending!(waiting.poll());
    assert_eq!((waiting.is_woken(), waiting.waker_count()), (false, 1));
    notify.notify_one();
    assert_eq!((waiting.wake_count(), waiting.waker_count()), (1, 0));
    assert_ready!(waiting.poll());
    assert!(!waiting.is_woken());
    assert!(task::spawn(Some(1)).is_some());
    assert_eq!(task::spawn(5).into_inner(), 5);
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_is_polled_by_hand_too() {
    let (tx, rx) = mpsc::unbounded_channel();
    let mut stream = task::spawn(rx);
    assert_pending!(stream.poll_next());
    tx.send(1).unwrap();
    assert!(stream.is_woken());
    assert_ready_eq!(stream.poll_next(), Some(1));
    // The methods of what is inside.
    stream.close();
    assert_ready_eq!(stream.poll_next(), None);
}

#[test]
fn an_assertion_that_fails_says_why() {
    assert_eq!(message(|| assert_pending!(Poll::Ready(1))), "ready, with 1");
    assert_eq!(message(|| assert_pending!(Poll::Ready(1), "the {}", "second")), "ready, with 1: the second");
    assert_eq!(message(|| assert_ready!(Poll::<()>::Pending)), "pending");
    assert_eq!(message(|| assert_ready!(Poll::<()>::Pending, "at {}", 1)), "pending: at 1");
    assert_eq!(message(|| assert_ok!(Err::<(), _>("no"))), "an error: \"no\"");
    assert_eq!(message(|| assert_err!(Ok::<_, ()>(2), "why")), "no error, but 2: why");
    assert_eq!(assert_ready_ok!(Poll::Ready(Ok::<_, ()>(2))), 2);
    assert_eq!(assert_ready_err!(Poll::Ready(Err::<(), _>(3)), "why"), 3);
    assert!(message(|| assert_ready_eq!(Poll::Ready(1), 2)).contains("left: 1"));
}

#[test]
fn a_script_is_followed_with_its_pauses_and_errors() {
    block_on_paused(async {
        let start = Instant::now();
        let mut peer = io::Builder::new()
            .read(b"hello ")
            .wait(Duration::from_millis(20))
            .read(b"you")
            .write(b"bye")
            .read_error(ErrorKind::ConnectionReset.into())
            .write_error(std::io::Error::new(ErrorKind::BrokenPipe, "gone"))
            .shutdown()
            .build();
        let mut buf = [0; 9];
        peer.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"hello you");
        assert_elapsed!(start, Duration::from_millis(20));
        peer.write_all(b"b").await.unwrap();
        peer.write_all(b"ye").await.unwrap();
        assert_eq!(peer.read(&mut buf).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(peer.write(b"x").await.unwrap_err().to_string(), "gone");
        peer.shutdown().await.unwrap();
        assert_eq!(peer.read(&mut buf).await.unwrap(), 0);
    });
}

#[test]
fn a_mock_may_move_one_byte_at_a_time() {
    block_on(async {
        let mut peer = io::Builder::new().read(b"abc").write(b"de").pieces_of(1).build();
        let mut buf = [0; 8];
        assert_eq!(peer.read(&mut buf).await.unwrap(), 1);
        assert_eq!(peer.read(&mut buf).await.unwrap(), 1);
        assert_eq!(peer.read(&mut buf).await.unwrap(), 1);
        assert_eq!(peer.write(b"de").await.unwrap(), 1);
        assert_eq!(peer.write(b"e").await.unwrap(), 1);
    });
}

#[test]
fn what_the_script_does_not_say_panics() {
    let says = message(|| {
        block_on(async {
            io::Builder::new().write(b"abc").name("peer").build().write_all(b"abx").await.unwrap()
        });
    });
    assert_eq!(says, "mock \"peer\": expected \"abc\" to be written, and not \"abx\"");
    let says = message(|| block_on(async { io::Builder::new().build().write_all(b"a\n").await.unwrap() }));
    assert_eq!(says, "mock \"\": \"a\\n\" written after the end of the script");
    let says = message(|| drop(io::Builder::new().read(b"left").build()));
    assert_eq!(says, "mock \"\": \"left\" was not read");
    let says = message(|| drop(io::Builder::new().write(b"left").build()));
    assert_eq!(says, "mock \"\": \"left\" was not written");
    let says =
        message(|| block_on(async { io::Builder::new().write(b"x").build().shutdown().await.unwrap() }));
    assert!(says.contains("shut down before \"x\" was written"));
    drop(io::Builder::new().wait(Duration::from_secs(1)).build());
}

#[test]
fn a_handle_adds_to_a_script_that_is_in_use() {
    let (mut peer, mut handle) = io::Builder::new().build_with_handle();
    let mut buf = [0; 8];
    let mut read = task::spawn(peer.read(&mut buf));
    assert_pending!(read.poll());
    handle.read(b"hi");
    assert!(read.is_woken());
    assert_ready_eq!(read.poll().map(Result::unwrap), 2);
    drop(read);
    let mut write = task::spawn(peer.write(b"yo"));
    assert_pending!(write.poll());
    handle.write(b"yo");
    assert!(write.is_woken());
    assert_ready_ok!(write.poll());
    drop(write);
    let mut read = task::spawn(peer.read(&mut buf));
    assert_pending!(read.poll());
    handle.read_error(ErrorKind::TimedOut.into());
    assert_ready_err!(read.poll());
    drop(read);
    let mut read = task::spawn(peer.read(&mut buf));
    assert_pending!(read.poll());
    drop(handle);
    assert!(read.is_woken());
    assert_ready_eq!(read.poll().map(Result::unwrap), 0);
}

#[test]
fn a_read_waits_for_the_write_before_it_and_is_woken_by_it() {
    let mut peer = io::Builder::new().write(b"ping").read(b"pong").build();
    let mut buf = [0; 8];
    let mut reading = task::spawn(());
    assert_pending!(read_once(&mut reading, &mut peer, &mut buf));
    assert_ready_ok!(task::spawn(peer.write_all(b"ping")).poll());
    assert!(reading.is_woken());
    assert_ready_eq!(read_once(&mut reading, &mut peer, &mut buf), 4);
}

fn read_once(reading: &mut task::Spawn<()>, peer: &mut io::Mock, buf: &mut [u8]) -> Poll<usize> {
    reading.enter(|cx, _| {
        let mut buf = ReadBuf::new(buf);
        let polled = Pin::new(peer).poll_read(cx, &mut buf);
        polled.map(|result| result.map(|()| buf.filled().len()).unwrap())
    })
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_follows_its_script() {
    use super::StreamMockBuilder;
    use crate::stream::StreamExt;
    block_on_paused(async {
        let start = Instant::now();
        let mut stream = StreamMockBuilder::new().next(1).wait(Duration::from_secs(5)).next(2).build();
        assert_eq!(stream.next().await, Some(1));
        assert_eq!(stream.next().await, Some(2));
        assert_elapsed!(start, Duration::from_secs(5));
        assert_eq!(stream.next().await, None);
    });
    let says = message(|| drop(StreamMockBuilder::new().next(1).next(2).build()));
    assert_eq!(says, "2 items of the script were not asked for");
}
