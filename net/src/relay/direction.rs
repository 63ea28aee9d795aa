//! One way between two sockets.

use std::io;
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use minato_runtime::io::ReadBuf;

use super::stock::{Buffer, Pipe};
use crate::limits::{RELAY_BUFFER_BYTES, RELAY_SPLICE_BYTES};
use crate::stream::SharedStream;

/// What is on its way.
enum Load {
    /// Nothing, and so nothing is held.
    Nothing,
    /// Bytes from `start` to `end` of a buffer.
    Copied { buffer: Buffer, start: usize, end: usize },
    /// That many bytes in a pipe.
    Piped { pipe: Pipe, len: usize },
    /// The reader has ended and the writer was told.
    End,
}

/// How the next piece is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Copy,
    Splice,
}

pub(super) struct Direction {
    load: Load,
    manner: Manner,
    total: u64,
}

impl Direction {
    pub(super) fn new() -> Self {
        Self { load: Load::Nothing, manner: Manner::Copy, total: 0 }
    }

    /// Passes on what there is, and answers how much it was once the reader has ended.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reader: &impl SharedStream,
        writer: &impl SharedStream,
    ) -> Poll<io::Result<u64>> {
        loop {
            match &mut self.load {
                Load::Nothing => {
                    let taken = match self.manner {
                        Manner::Copy => ready!(self.poll_copy(cx, reader))?,
                        Manner::Splice => ready!(self.poll_splice(cx, reader))?,
                    };
                    if taken == 0 {
                        end(writer)?;
                        self.load = Load::End;
                    }
                    self.total += taken as u64;
                }
                Load::Copied { buffer, start, end } => {
                    while start < end {
                        *start += ready!(writer.poll_send(cx, &buffer.bytes()[*start..*end]))?;
                    }
                    self.load = Load::Nothing;
                }
                Load::Piped { pipe, len } => {
                    while *len > 0 {
                        *len -= ready!(writer.poll_splice_to(cx, pipe.reader(), *len))?;
                    }
                    let Load::Piped { pipe, .. } = std::mem::replace(&mut self.load, Load::Nothing) else {
                        unreachable!("it was one above");
                    };
                    pipe.give_back();
                }
                Load::End => return Poll::Ready(Ok(self.total)),
            }
        }
    }

    fn poll_copy(&mut self, cx: &mut Context<'_>, reader: &impl SharedStream) -> Poll<io::Result<usize>> {
        let mut buffer = Buffer::take();
        let mut room = ReadBuf::new(buffer.bytes_mut());
        ready!(reader.poll_recv(cx, &mut room))?;
        let end = room.filled().len();
        if end == RELAY_BUFFER_BYTES {
            self.manner = Manner::Splice;
        }
        if end > 0 {
            self.load = Load::Copied { buffer, start: 0, end };
        }
        Poll::Ready(Ok(end))
    }

    fn poll_splice(&mut self, cx: &mut Context<'_>, reader: &impl SharedStream) -> Poll<io::Result<usize>> {
        let pipe = match Pipe::take() {
            Ok(pipe) => pipe,
            // No descriptors, or no splicing here: copying goes on without them.
            Err(_) => {
                self.manner = Manner::Copy;
                return self.poll_copy(cx, reader);
            }
        };
        let spliced = reader.poll_splice_from(cx, pipe.writer(), RELAY_SPLICE_BYTES);
        let Poll::Ready(Ok(len @ 1..)) = spliced else {
            // Empty still.
            pipe.give_back();
            return spliced;
        };
        if len < RELAY_BUFFER_BYTES {
            self.manner = Manner::Copy;
        }
        self.load = Load::Piped { pipe, len };
        Poll::Ready(Ok(len))
    }
}

/// Tells the writer's peer that there is no more.
fn end(writer: &impl SharedStream) -> io::Result<()> {
    match writer.end(Shutdown::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        result => result,
    }
}
