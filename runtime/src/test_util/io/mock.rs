//! The stream that follows a script.
//!
//! Each poll takes the script out from under its lock for as long as it looks at it; wakers are called, and panics
//! begin, only after it was let go.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::thread;

use super::script::{Script, Shared, Step};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::time::{Sleep, sleep};

/// A reader and writer that follows a script; made by [`Builder::build`](super::Builder::build).
///
/// A read waits while the next step is a write, and a write while it is a read, as they would for a peer. (With
/// tokio-test such a write panics; here it panics if there is nobody who could still read.)
///
/// # Panics
///
/// If what is written is not what the script says, or after its end. Dropping it panics if steps are left, unless the
/// thread is panicking already.
#[derive(Debug)]
pub struct Mock {
    shared: Shared,
    name: String,
    piece_max: usize,
    pause: Option<Sleep>,
}

/// Whose step is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Reader,
    Writer,
}

/// What one look at the script has come to.
enum Look<T> {
    Done(T),
    /// The step is of the other side, or none is there yet.
    Wait,
    Pause(Sleep),
    Wrong(String),
}

impl Mock {
    pub(super) fn new(shared: Shared, name: String, piece_max: usize) -> Self {
        Self { shared, name, piece_max, pause: None }
    }

    /// Looks at the next step until there is an answer.
    fn poll_step<T>(
        &mut self,
        cx: &mut Context<'_>,
        side: Side,
        mut look: impl FnMut(&mut Script, usize) -> Look<T>,
    ) -> Poll<T> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.poll_elapsed(cx));
                self.pause = None;
            }
            let waker = cx.waker().clone();
            let mut script = self.shared.lock();
            let looked = match script.steps.front() {
                Some(Step::Wait(duration)) => {
                    let duration = *duration;
                    script.steps.pop_front();
                    Look::Pause(sleep(duration))
                }
                _ => look(&mut script, self.piece_max),
            };
            let wakers = match &looked {
                Look::Done(_) => script.take_wakers(),
                Look::Wait => {
                    let place = if side == Side::Reader { &mut script.reader } else { &mut script.writer };
                    [place.replace(waker), None]
                }
                Look::Pause(_) | Look::Wrong(_) => [None, None],
            };
            drop(script);
            match looked {
                Look::Done(done) => {
                    wakers.into_iter().flatten().for_each(Waker::wake);
                    return Poll::Ready(done);
                }
                Look::Wait => return Poll::Pending,
                Look::Pause(pause) => self.pause = Some(pause),
                Look::Wrong(what) => panic!("mock {:?}: {what}", self.name),
            }
        }
    }
}

/// Takes up to `room` bytes of the step at the front, which is over when it is empty.
fn take_front(script: &mut Script, room: usize) -> Vec<u8> {
    let Some(Step::Read(bytes) | Step::Write(bytes)) = script.steps.front_mut() else { return Vec::new() };
    let taken = bytes.drain(..bytes.len().min(room)).collect();
    if bytes.is_empty() {
        script.steps.pop_front();
    }
    taken
}

/// The error at the front, which the caller has seen there.
fn take_error(script: &mut Script) -> io::Error {
    match script.steps.pop_front() {
        Some(Step::ReadError(error) | Step::WriteError(error)) => error,
        _ => unreachable!("the step was looked at under the same lock"),
    }
}

fn look_to_read(script: &mut Script, room: usize) -> Look<io::Result<Vec<u8>>> {
    match script.steps.front() {
        Some(Step::Read(_)) => Look::Done(Ok(take_front(script, room))),
        Some(Step::ReadError(_)) => Look::Done(Err(take_error(script))),
        Some(_) => Look::Wait,
        None if script.is_open => Look::Wait,
        None => Look::Done(Ok(Vec::new())),
    }
}

fn look_to_write(script: &mut Script, written: &[u8]) -> Look<io::Result<usize>> {
    match script.steps.front() {
        Some(Step::Write(expected)) => {
            let length = expected.len().min(written.len());
            let expected: Vec<u8> = expected.iter().copied().take(length).collect();
            if expected != written[..length] {
                return Look::Wrong(format!(
                    "expected \"{}\" to be written, and not \"{}\"",
                    expected.escape_ascii(),
                    written[..length].escape_ascii()
                ));
            }
            take_front(script, length);
            Look::Done(Ok(length))
        }
        Some(Step::WriteError(_)) => Look::Done(Err(take_error(script))),
        Some(Step::Shutdown) => Look::Wrong("a write instead of the shutdown".to_owned()),
        Some(_) => Look::Wait,
        None if script.is_open => Look::Wait,
        None => Look::Wrong(format!("\"{}\" written after the end of the script", written.escape_ascii())),
    }
}

fn look_to_shut_down(script: &mut Script) -> Look<()> {
    match script.steps.front() {
        Some(Step::Shutdown) => {
            script.steps.pop_front();
            Look::Done(())
        }
        Some(Step::Write(left)) => {
            let left: Vec<u8> = left.iter().copied().collect();
            Look::Wrong(format!("shut down before \"{}\" was written", left.escape_ascii()))
        }
        _ => Look::Done(()),
    }
}

impl AsyncRead for Mock {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let room = buf.remaining();
        let read =
            self.poll_step(cx, Side::Reader, |script, piece_max| look_to_read(script, room.min(piece_max)));
        Poll::Ready(ready!(read).map(|bytes| buf.put_slice(&bytes)))
    }
}

impl AsyncWrite for Mock {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll_step(cx, Side::Writer, |script, piece_max| {
            look_to_write(script, &buf[..buf.len().min(piece_max)])
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_step(cx, Side::Writer, |script, _| look_to_shut_down(script)).map(Ok)
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let left = std::mem::take(&mut self.shared.lock().steps);
        let shown =
            |bytes: &VecDeque<u8>| bytes.iter().copied().collect::<Vec<u8>>().escape_ascii().to_string();
        for step in &left {
            match step {
                Step::Read(bytes) => panic!("mock {:?}: \"{}\" was not read", self.name, shown(bytes)),
                Step::Write(bytes) => panic!("mock {:?}: \"{}\" was not written", self.name, shown(bytes)),
                Step::ReadError(error) => panic!("mock {:?}: nobody read the error {error}", self.name),
                Step::WriteError(error) => panic!("mock {:?}: nobody met the error {error}", self.name),
                Step::Shutdown => panic!("mock {:?}: it was not shut down", self.name),
                Step::Wait(_) => {}
            }
        }
    }
}
