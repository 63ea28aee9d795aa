//! The socket of a connection, between it and the engine.
//!
//! What has arrived is given to the engine, and what the engine has to write gathers until the end of a turn: a batch
//! of responses is one write. A long piece of data is not copied: it leaves with all that stands before it in one
//! vectored write.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use minato_runtime::io::{AsyncRead, AsyncWrite};

use super::engine::{Engine, EngineConfig};
use super::{Link, Role, Turn};
use crate::input::Input;
use crate::output::Output;

/// The socket, and what is on its way to and from it.
pub(crate) struct Wire<Io> {
    io: Io,
    link: Link,
    input: Input,
    /// Taken out of the engine, and not all written: it comes before what the engine has by now.
    writing: Output,
    /// Bytes that were written in all.
    sent: u64,
    /// There is input that the engine has not seen.
    is_fresh: bool,
}

/// What came of reading.
#[derive(Debug)]
pub(crate) enum Arrived {
    Something,
    /// The peer has ended its side.
    End,
}

impl<Io> Wire<Io> {
    /// A socket of which `input` has been read.
    pub(crate) fn new(io: Io, input: Input, role: Role, config: EngineConfig, turn: Arc<Turn>) -> Self {
        let link = Link::new(Engine::new(role, config), turn);
        let is_fresh = !input.is_empty();
        Self { io, link, input, writing: Output::default(), sent: 0, is_fresh }
    }

    /// Bytes that were read and written in all.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.input.received(), self.sent)
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// What has begun to arrive and is not here as a whole: the number of its first frame.
    pub(crate) fn arriving(&self, engine: &Engine) -> Option<u64> {
        engine.arriving(&self.input)
    }
}

impl<Io: AsyncRead + Unpin> Wire<Io> {
    /// Reads once, and gives what there is to the engine.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrived>> {
        let (may_read, data_left) = self.link.with(|engine| (engine.may_read(), engine.data_left()));
        if !may_read {
            return Poll::Pending;
        }
        // What was read before this connection was one of HTTP/2 comes first.
        if !std::mem::take(&mut self.is_fresh)
            && ready!(self.input.poll_fill(&mut self.io, cx, data_left))? == 0
        {
            return Poll::Ready(Ok(Arrived::End));
        }
        let input = &mut self.input;
        self.link.with(|engine| engine.handle_input(input));
        Poll::Ready(Ok(Arrived::Something))
    }

    /// Reads once, and throws away all there is, and what would be written; answers how much was read, which is nothing
    /// once there will be no more.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        // Our side has ended. Data may have an owner that minds, so they are dropped when the lock is free.
        drop(self.link.with(|engine| std::mem::take(&mut engine.output)));
        let known = self.input.bytes().len();
        self.input.consume(known);
        if known > 0 {
            return Poll::Ready(known as u64);
        }
        let read = ready!(self.input.poll_fill(&mut self.io, cx, None)).unwrap_or(0);
        Poll::Ready(read as u64)
    }
}

impl<Io: AsyncWrite + Unpin> Wire<Io> {
    /// Writes what has gathered. `progress` is set when the peer took any of it.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, progress: &mut bool) -> Poll<io::Result<()>> {
        loop {
            let before = self.writing.len();
            let written = self.writing.poll_write(&mut self.io, cx, progress);
            let taken = before - self.writing.len();
            self.sent += taken as u64;
            let writing = &mut self.writing;
            let is_done = self.link.with(|engine| {
                engine.handle_written(taken);
                if writing.is_empty() {
                    std::mem::swap(writing, &mut engine.output);
                }
                engine.backlog = writing.len();
                writing.is_empty()
            });
            ready!(written)?;
            if is_done {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes what has gathered, and ends our side.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write(cx, &mut false))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
