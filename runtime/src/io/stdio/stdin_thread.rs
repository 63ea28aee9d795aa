//! The thread that reads a standard input that can only be waited for by blocking.
//!
//! It belongs to the process: no runtime waits for it, and what it has read stays for whoever asks next. It reads only
//! when somebody has asked, and sleeps otherwise.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::io::ReadBuf;
use crate::isolated::wake_isolated;
use crate::limits::STDIN_READ_LEN;

static READER: Mutex<Reader> =
    Mutex::new(Reader { phase: Phase::Absent, held: Vec::new(), taken: 0, waiting: Vec::new() });
static ASKED: Condvar = Condvar::new();

struct Reader {
    phase: Phase,
    /// What was read and not asked for yet, from `taken` on.
    held: Vec<u8>,
    taken: usize,
    waiting: Vec<Waker>,
}

enum Phase {
    /// The thread has not been started.
    Absent,
    Idle,
    Asked,
    /// No bytes were the end, or an error.
    HasRead(io::Result<()>),
}

impl Reader {
    /// What there is for a reader, if anything.
    fn take(&mut self, buf: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        let held = &self.held[self.taken..];
        if !held.is_empty() {
            let length = held.len().min(buf.remaining());
            buf.put_slice(&held[..length]);
            self.taken += length;
            return Some(Ok(()));
        }
        if matches!(self.phase, Phase::HasRead(_))
            && let Phase::HasRead(result) = std::mem::replace(&mut self.phase, Phase::Idle)
        {
            return Some(result);
        }
        None
    }
}

fn lock() -> MutexGuard<'static, Reader> {
    READER.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn poll_read(cx: &Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    if buf.remaining() == 0 {
        return Poll::Ready(Ok(()));
    }
    if let Some(result) = lock().take(buf) {
        return Poll::Ready(result);
    }
    // Somebody else's code, and therefore without the lock.
    let waker = cx.waker().clone();
    let mut reader = lock();
    if let Some(result) = reader.take(buf) {
        return Poll::Ready(result);
    }
    if matches!(reader.phase, Phase::Absent) {
        let thread = std::thread::Builder::new().name("minato-stdin".into());
        if let Err(error) = thread.spawn(read_when_asked) {
            return Poll::Ready(Err(error));
        }
    }
    reader.phase = Phase::Asked;
    if !reader.waiting.iter().any(|waiting| waiting.will_wake(&waker)) {
        reader.waiting.push(waker);
        drop(reader);
    } else {
        drop(reader);
        drop(waker);
    }
    ASKED.notify_one();
    Poll::Pending
}

/// The life of the thread.
fn read_when_asked() {
    let mut buf = Vec::new();
    loop {
        let mut reader = lock();
        while !matches!(reader.phase, Phase::Asked) {
            reader = ASKED.wait(reader).unwrap_or_else(PoisonError::into_inner);
        }
        drop(reader);
        buf.clear();
        buf.reserve(STDIN_READ_LEN);
        let result = read(&mut buf);
        let mut reader = lock();
        std::mem::swap(&mut reader.held, &mut buf);
        reader.taken = 0;
        reader.phase =
            if result.is_ok() && !reader.held.is_empty() { Phase::Idle } else { Phase::HasRead(result) };
        let waiting = std::mem::take(&mut reader.waiting);
        drop(reader);
        waiting.into_iter().for_each(wake_isolated);
    }
}

fn read(buf: &mut Vec<u8>) -> io::Result<()> {
    loop {
        match rustix::io::read(rustix::stdio::stdin(), rustix::buffer::spare_capacity(buf)) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result.map(drop)?),
        }
    }
}
