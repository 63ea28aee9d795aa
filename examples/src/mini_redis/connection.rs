//! One client: read what has come, execute all of it, write all answers at once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use minato_runtime::codec::{BytesCodec, FramedRead, FramedWrite};
use minato_runtime::io::{AsyncRead, AsyncWrite};
use minato_runtime::select;

use super::pubsub::Outbox;
use super::resp::{Replies, RequestDecoder};
use super::session::{Flow, Session};
use super::shared::Shared;

/// A client and its socket.
pub(super) struct Connection<'a, R, W> {
    read: FramedRead<R, RequestDecoder>,
    /// Answers are written into its queue; the codec is for bytes that are one already.
    write: FramedWrite<W, BytesCodec>,
    session: Session<'a>,
}

impl<'a, R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<'a, R, W> {
    pub(super) fn new(read: R, write: W, peer: SocketAddr, shared: &'a Shared) -> Self {
        Self {
            read: FramedRead::new(read, RequestDecoder::new()),
            write: FramedWrite::new(write, BytesCodec::new()),
            session: Session::new(peer, shared),
        }
    }

    /// Serves the client until it goes, or breaks the protocol.
    ///
    /// May be dropped while it waits: requests that were executed have their answers in the queue.
    pub(super) async fn run(&mut self) -> io::Result<()> {
        loop {
            let is_open = match self.session.outbox().cloned() {
                None => self.read.fill().await?,
                // Between two requests a subscriber also waits for messages.
                Some(outbox) => select! {
                    is_open = self.read.fill() => is_open?,
                    () = outbox.changed() => {
                        self.deliver(&outbox)?;
                        flush(&mut self.write, &self.session).await?;
                        continue;
                    }
                },
            };
            if !is_open {
                return self.finish().await;
            }
            if self.execute().await? == Flow::Close {
                return self.finish().await;
            }
            if let Some(outbox) = self.session.outbox().cloned() {
                self.deliver(&outbox)?;
            }
            flush(&mut self.write, &self.session).await?;
        }
    }

    /// Writes what is due, and ends the connection.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.write.close().await
    }

    /// Executes every request that is there. Answers beyond the high mark are written in between.
    async fn execute(&mut self) -> io::Result<Flow> {
        let mut executed = 0;
        let mut flow = Flow::Continue;
        for request in self.read.frames() {
            match request {
                Ok(args) => {
                    executed += 1;
                    flow = self.session.execute(&args, self.write.write_buffer_mut());
                }
                Err(error) => {
                    let mut replies = Replies::new(self.write.write_buffer_mut(), self.session.protocol());
                    replies.error(&format!("ERR Protocol error: {error}"));
                    flow = Flow::Close;
                }
            }
            if flow == Flow::Close {
                break;
            }
            if self.write.write_buffer().len() >= self.write.backpressure_boundary() {
                flush(&mut self.write, &self.session).await?;
            }
        }
        self.session.shared().statistics.commands.fetch_add(executed, Ordering::Relaxed);
        Ok(flow)
    }

    fn deliver(&mut self, outbox: &Arc<Outbox>) -> io::Result<()> {
        let messages = outbox.take()?;
        self.write.write_buffer_mut().append(messages);
        Ok(())
    }
}

/// Writes everything that is due. A subscriber that does not take it is cut when too many messages wait behind it.
async fn flush<W: AsyncWrite + Unpin>(
    write: &mut FramedWrite<W, BytesCodec>,
    session: &Session<'_>,
) -> io::Result<()> {
    match session.outbox() {
        None => write.flush().await,
        Some(outbox) => select! {
            flushed = write.flush() => flushed,
            overflowed = outbox.overflowed() => Err(overflowed.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minato_runtime::runtime::Builder;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// Takes everything, and counts the writes.
    #[derive(Default)]
    struct Counting {
        writes: usize,
        taken: Vec<u8>,
    }

    impl AsyncWrite for &mut Counting {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            self.writes += 1;
            self.taken.extend_from_slice(buf);
            Poll::Ready(Ok(buf.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_batch_of_requests_is_answered_in_one_write() {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let (shared, mut written) = (Shared::new(), Counting::default());
            let requests = b"*1\r\n$4\r\nPING\r\n".repeat(500);
            let peer = "127.0.0.1:1".parse().unwrap();
            Connection::new(&requests[..], &mut written, peer, &shared).run().await.unwrap();
            assert_eq!(written.taken, b"+PONG\r\n".repeat(500));
            assert_eq!(written.writes, 1);
        });
    }
}
