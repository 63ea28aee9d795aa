//! What TCP and Unix streams have in common: bytes both ways through a shared reference.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::BorrowedFd;
use std::task::{Context, Poll};

use minato_runtime::io::ReadBuf;

/// A stream that may be used by one reader and one writer at a time.
pub trait SharedStream: sealed::Sealed {}

pub(crate) mod sealed {
    use super::{BorrowedFd, Context, IoSlice, IoSliceMut, Poll, ReadBuf, Shutdown, io};

    /// The hidden half of [`SharedStream`](super::SharedStream).
    pub trait Sealed {
        /// Reads; one task at a time.
        fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;
        /// Reads into several slices; one task at a time.
        fn poll_recv_vectored(
            &self,
            cx: &mut Context<'_>,
            bufs: &mut [IoSliceMut<'_>],
        ) -> Poll<io::Result<usize>>;
        /// Waits for the end of what can be read, without reading; the task that reads.
        fn poll_read_closed(&self, cx: &mut Context<'_>) -> Poll<()>;
        /// Writes; one task at a time.
        fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>>;
        /// Writes several slices; one task at a time.
        fn poll_send_vectored(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;
        /// Moves at most `len` received bytes into an empty pipe; one task at a time.
        fn poll_splice_from(
            &self,
            cx: &mut Context<'_>,
            pipe: BorrowedFd<'_>,
            len: usize,
        ) -> Poll<io::Result<usize>>;
        /// Sends at most `len` bytes out of a pipe that has as many; one task at a time.
        fn poll_splice_to(
            &self,
            cx: &mut Context<'_>,
            pipe: BorrowedFd<'_>,
            len: usize,
        ) -> Poll<io::Result<usize>>;
        /// Ends a direction.
        fn end(&self, how: Shutdown) -> io::Result<()>;
    }
}

/// Gives a stream type, whose field `io` is a `PollEvented`, its shared reads and writes.
macro_rules! shared_stream {
    ($type:ty) => {
        impl $crate::stream::sealed::Sealed for $type {
            fn poll_recv(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &mut minato_runtime::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                self.io.poll_recv(cx, buf)
            }

            fn poll_recv_vectored(
                &self,
                cx: &mut std::task::Context<'_>,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_recv_vectored(cx, bufs)
            }

            fn poll_read_closed(&self, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
                // Nothing can be read from a socket without a driver either.
                self.io.poll_read_closed(cx).map(drop)
            }

            fn poll_send(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_send(cx, buf)
            }

            fn poll_send_vectored(
                &self,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_send_vectored(cx, bufs)
            }

            fn poll_splice_from(
                &self,
                cx: &mut std::task::Context<'_>,
                pipe: std::os::fd::BorrowedFd<'_>,
                len: usize,
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_read_io(cx, |io| $crate::sys::splice_in(io, pipe, len))
            }

            fn poll_splice_to(
                &self,
                cx: &mut std::task::Context<'_>,
                pipe: std::os::fd::BorrowedFd<'_>,
                len: usize,
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.io.poll_write_io(cx, |io| $crate::sys::splice_out(pipe, io, len))
            }

            fn end(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.io.get_ref().shutdown(how)
            }
        }

        impl $crate::stream::SharedStream for $type {}
    };
}

/// Gives a type the reading trait, through the shared stream that `$shared` finds in it.
macro_rules! readable {
    ([$($generics:tt)*] $type:ty, $this:ident => $shared:expr) => {
        impl<$($generics)*> minato_runtime::io::AsyncRead for $type {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut minato_runtime::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = &*self;
                $crate::stream::sealed::Sealed::poll_recv($shared, cx, buf)
            }

            fn poll_read_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = &*self;
                $crate::stream::sealed::Sealed::poll_recv_vectored($shared, cx, bufs)
            }

            fn is_read_vectored(&self) -> bool {
                true
            }

            fn poll_read_closed(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<()> {
                let $this = &*self;
                $crate::stream::sealed::Sealed::poll_read_closed($shared, cx)
            }
        }

        $crate::bridges::bridge!([$($generics)*] $type; read);
    };
}

/// Gives a type the writing trait, through the shared stream that `$shared` finds in it.
macro_rules! writable {
    ([$($generics:tt)*] $type:ty, $this:ident => $shared:expr) => {
        impl<$($generics)*> minato_runtime::io::AsyncWrite for $type {
            #[inline]
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = &*self;
                $crate::stream::sealed::Sealed::poll_send($shared, cx, buf)
            }

            #[inline]
            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = &*self;
                $crate::stream::sealed::Sealed::poll_send_vectored($shared, cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = &*self;
                std::task::Poll::Ready(
                    match $crate::stream::sealed::Sealed::end($shared, std::net::Shutdown::Write) {
                        Err(error) if error.kind() == std::io::ErrorKind::NotConnected => Ok(()),
                        result => result,
                    },
                )
            }
        }

        $crate::bridges::bridge!([$($generics)*] $type; write);
    };
}

pub(crate) use {readable, shared_stream, writable};
