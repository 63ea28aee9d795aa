//! Passing bytes on between two sockets.
//!
//! - `direction`: one way, from readiness to readiness
//! - `stock`: the pipes and buffers of a thread, which nobody holds while nothing flows
//!
//! Bytes that come in small pieces are copied through a buffer: two system calls each. Once a read fills the buffer, more
//! is there than it holds, and the kernel moves the pages from socket to socket (`splice`) without showing them to us,
//! until a piece is small again. Splicing small pieces would cost more than copying them: a system call more, since a
//! short splice does not say that the socket is empty. Where there is no `splice`, all is copied.

mod direction;
mod stock;

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use crate::stream::SharedStream;
use direction::Direction;

/// Passes bytes on between two sockets in both directions until both have ended, and answers how many went from `a` to
/// `b` and from `b` to `a`.
///
/// The end of one socket is passed on to the other as the end of writing. It is
/// [`io::copy_bidirectional`](minato_runtime::io::copy_bidirectional) for TCP and Unix streams, where the kernel moves
/// large pieces itself, and without a buffer while nothing flows.
///
/// # Errors
///
/// The first error of either socket; the other direction ends with it.
///
/// # Cancel safety
///
/// When the future is dropped, bytes that were received and not sent yet are lost.
///
/// ```
/// use minato_net::{UnixStream, copy_bidirectional};
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let (mut client, mut proxy_front) = UnixStream::pair()?;
/// let (mut proxy_back, mut server) = UnixStream::pair()?;
/// let proxy = minato_runtime::spawn(async move {
///     copy_bidirectional(&mut proxy_front, &mut proxy_back).await
/// });
/// client.write_all(b"ahoy").await?;
/// client.shutdown().await?;
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// drop(server);
/// assert_eq!((text.as_str(), proxy.await.unwrap()?), ("ahoy", (4, 0)));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub async fn copy_bidirectional<A: SharedStream, B: SharedStream>(
    a: &mut A,
    b: &mut B,
) -> io::Result<(u64, u64)> {
    let (a, b) = (&*a, &*b);
    let (mut there, mut back) = (Direction::new(), Direction::new());
    poll_fn(|cx| {
        let there = there.poll(cx, a, b)?;
        let back = back.poll(cx, b, a)?;
        match (there, back) {
            (Poll::Ready(there), Poll::Ready(back)) => Poll::Ready(Ok((there, back))),
            _ => Poll::Pending,
        }
    })
    .await
}
