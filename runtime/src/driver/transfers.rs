//! What a descriptor reads beside a stream of bytes: datagrams, and into growing buffers.
//!
//! # Safety
//!
//! 1. Uninitialised memory is lent to the kernel only, which writes to it or leaves it alone.
//! 2. What is reported as initialised is what the system call says it has written, from the start of what was lent.

use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use bytes::BufMut;
use rustix::net::{RecvFlags, SocketAddrAny};

use super::cell::Direction;
use super::poll_evented::{Length, PollEvented};
use super::ready::Interest;
use crate::io::ReadBuf;

impl<S: AsFd> PollEvented<S> {
    /// Appends what a pipe has to `buf`, without waiting; no bytes means the end.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `read`.
    pub fn try_read_buf<B: BufMut + ?Sized>(&self, buf: &mut B) -> io::Result<usize> {
        self.try_fill(buf, |io, room| {
            Ok(rustix::io::read(io, &mut *room).map(|(filled, _)| (filled.len(), ()))?)
        })
        .map(|(read, ())| read)
    }

    /// Appends what a socket has received to `buf`, without waiting; no bytes means the end.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recv`.
    pub fn try_recv_buf<B: BufMut + ?Sized>(&self, buf: &mut B) -> io::Result<usize> {
        self.try_fill(buf, |io, room| {
            let ((filled, _), _) = rustix::net::recv(io, &mut *room, RecvFlags::empty())?;
            Ok((filled.len(), ()))
        })
        .map(|(received, ())| received)
    }

    /// Appends a datagram to `buf`, without waiting, and answers who sent it.
    ///
    /// # Errors
    ///
    /// `WouldBlock`, or those of `recvfrom`.
    pub fn try_recv_buf_from<B: BufMut + ?Sized>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, Option<SocketAddrAny>)> {
        self.try_fill(buf, |io, room| {
            let ((filled, _), _, from) = rustix::net::recvfrom(io, &mut *room, RecvFlags::empty())?;
            Ok((filled.len(), from))
        })
    }

    /// Receives a datagram into `buf`, which need not be initialised, and answers who sent it.
    ///
    /// # Errors
    ///
    /// Those of `recvfrom`.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        flags: RecvFlags,
    ) -> Poll<io::Result<Option<SocketAddrAny>>> {
        self.poll_transfer(Direction::Read, cx, |io| {
            // SAFETY: invariant 1.
            let unfilled = unsafe { buf.unfilled_mut() };
            let ((filled, _), _, from) = rustix::net::recvfrom(io, unfilled, flags)?;
            let received = filled.len();
            // SAFETY: invariant 2.
            unsafe { buf.assume_init(received) };
            buf.advance(received);
            Ok((from, Length::Unknown))
        })
    }

    fn try_fill<B: BufMut + ?Sized, R>(
        &self,
        buf: &mut B,
        read: impl FnOnce(&S, &mut [std::mem::MaybeUninit<u8>]) -> io::Result<(usize, R)>,
    ) -> io::Result<(usize, R)> {
        self.try_io(Interest::READABLE, |io| {
            // SAFETY: invariant 1.
            let room = unsafe { buf.chunk_mut().as_uninit_slice_mut() };
            let (filled, result) = read(io, room)?;
            // SAFETY: invariant 2.
            unsafe { buf.advance_mut(filled) };
            Ok((filled, result))
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::runtime::Builder;
    use std::future::poll_fn;
    use std::mem::MaybeUninit;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn a_growing_buffer_takes_datagrams() {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (a, b) = UnixDatagram::pair().unwrap();
            b.set_nonblocking(true).unwrap();
            let b = PollEvented::new(b);
            let mut all = bytes::BytesMut::with_capacity(64);
            a.send(b"one").unwrap();
            a.send(b"two").unwrap();
            assert_eq!(b.try_recv_buf(&mut all).unwrap(), 3);
            assert_eq!(b.try_recv_buf_from(&mut all).unwrap().0, 3);
            assert_eq!(&all[..], b"onetwo");
            assert_eq!(b.try_recv_buf(&mut all).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            let mut memory = [MaybeUninit::uninit(); 16];
            let mut buf = ReadBuf::uninit(&mut memory);
            let mut poll =
                |cx: &mut Context<'_>| b.poll_recv_from(cx, &mut buf, RecvFlags::empty()).map_ok(drop);
            assert!(poll_fn(|cx| Poll::Ready(poll(cx))).await.is_pending());
            a.send(b"three").unwrap();
            poll_fn(poll).await.unwrap();
            assert_eq!((buf.filled(), buf.initialized().len()), (&b"three"[..], 5));
        });
    }
}
