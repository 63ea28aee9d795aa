//! The two directions of a stream, apart.

use std::fmt;
use std::net::Shutdown;
use std::sync::Arc;

use crate::stream::{SharedStream, readable, writable};

/// The reading half of a borrowed stream.
#[derive(Debug)]
pub struct ReadHalf<'a, S>(&'a S);

/// The writing half of a borrowed stream.
#[derive(Debug)]
pub struct WriteHalf<'a, S>(&'a S);

/// The reading half of a stream, which it owns together with the writing half.
///
/// ```
/// use minato_net::UnixStream;
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let (near, mut far) = UnixStream::pair()?;
/// let (mut read, mut write) = near.into_split();
/// let writing = minato_runtime::spawn(async move {
///     write.write_all(b"question").await?;
///     // Dropped here, it would tell the peer that there is no more.
///     std::io::Result::Ok(write)
/// });
/// far.write_all(b"answer").await?;
/// let mut text = [0; 6];
/// read.read_exact(&mut text).await?;
/// assert_eq!(&text, b"answer");
/// let near = read.reunite(writing.await.unwrap()?).expect("halves of one stream");
/// # drop(near);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<S>(Arc<S>);

/// The writing half of a stream, which it owns together with the reading half.
///
/// Dropping it ends the writing direction, so that the peer sees the end, unless [`forget`](Self::forget) was called.
#[derive(Debug)]
pub struct OwnedWriteHalf<S: SharedStream> {
    stream: Arc<S>,
    on_drop: OnDrop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDrop {
    EndWriting,
    Nothing,
}

readable!(['a, S: SharedStream] ReadHalf<'a, S>, this => this.0);
writable!(['a, S: SharedStream] WriteHalf<'a, S>, this => this.0);
readable!([S: SharedStream] OwnedReadHalf<S>, this => &*this.0);
writable!([S: SharedStream] OwnedWriteHalf<S>, this => &*this.stream);

pub(crate) fn split<S>(stream: &mut S) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    (ReadHalf(stream), WriteHalf(stream))
}

pub(crate) fn into_split<S: SharedStream>(stream: S) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let stream = Arc::new(stream);
    (OwnedReadHalf(stream.clone()), OwnedWriteHalf { stream, on_drop: OnDrop::EndWriting })
}

impl<S> AsRef<S> for ReadHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S> AsRef<S> for WriteHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.0
    }
}

impl<S: SharedStream> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: SharedStream> OwnedReadHalf<S> {
    /// Puts the halves of one stream together again.
    ///
    /// # Errors
    ///
    /// Gives both back if they are not halves of one stream.
    pub fn reunite(self, other: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.0, &other.stream) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        match Arc::try_unwrap(self.0) {
            Ok(stream) => Ok(stream),
            Err(_) => unreachable!("a stream has two halves, and both are here"),
        }
    }
}

impl<S: SharedStream> OwnedWriteHalf<S> {
    /// Puts the halves of one stream together again.
    ///
    /// # Errors
    ///
    /// Gives both back if they are not halves of one stream.
    pub fn reunite(self, other: OwnedReadHalf<S>) -> Result<S, ReuniteError<S>> {
        other.reunite(self)
    }

    /// Drops the half without ending the writing direction.
    pub fn forget(mut self) {
        self.on_drop = OnDrop::Nothing;
    }
}

impl<S: SharedStream> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::EndWriting {
            // The peer may have gone already.
            let _ = self.stream.end(Shutdown::Write);
        }
    }
}

/// The halves do not belong together.
pub struct ReuniteError<S: SharedStream>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

impl<S: SharedStream> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<S: SharedStream> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried to reunite halves that are not from the same stream")
    }
}

impl<S: SharedStream> std::error::Error for ReuniteError<S> {}

/// What one direction can do without the traits, for the halves of one stream type.
macro_rules! half_methods {
    ($($half:ty),* => $address:ty) => {$(
        impl $half {
            /// Waits until the socket may be ready for `interest`, and answers what it is ready for.
            ///
            /// # Errors
            ///
            /// If there is no runtime, or it has shut down.
            ///
            /// # Cancel safety
            ///
            /// Nothing is lost when the future is dropped.
            pub async fn ready(
                &self,
                interest: minato_runtime::io::Interest,
            ) -> std::io::Result<minato_runtime::io::Ready> {
                self.as_ref().ready(interest).await
            }

            /// The local address.
            ///
            /// # Errors
            ///
            /// Those of `getsockname`.
            pub fn local_addr(&self) -> std::io::Result<$address> {
                self.as_ref().local_addr()
            }

            /// The address of the peer.
            ///
            /// # Errors
            ///
            /// Those of `getpeername`.
            pub fn peer_addr(&self) -> std::io::Result<$address> {
                self.as_ref().peer_addr()
            }
        }
    )*};
}

/// What reading halves can do without the traits.
macro_rules! read_half_methods {
    ($($half:ty),*) => {$(
        impl $half {
            /// Waits until the socket may be readable.
            ///
            /// # Errors
            ///
            /// If there is no runtime, or it has shut down.
            ///
            /// # Cancel safety
            ///
            /// Nothing is lost when the future is dropped.
            pub async fn readable(&self) -> std::io::Result<()> {
                self.as_ref().readable().await
            }

            /// Reads what is there into `buf`; 0 bytes are the end of the stream, if `buf` is not empty.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing is there, and those of the socket.
            pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.as_ref().try_read(buf)
            }

            /// Reads what is there into several buffers.
            ///
            /// # Errors
            ///
            /// As [`try_read`](Self::try_read).
            pub fn try_read_vectored(
                &self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                self.as_ref().try_read_vectored(bufs)
            }

            /// Appends what is there to `buf`, whose spare room need not be initialised.
            ///
            /// # Errors
            ///
            /// As [`try_read`](Self::try_read).
            pub fn try_read_buf<B: $crate::source::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
                self.as_ref().try_read_buf(buf)
            }
        }
    )*};
}

/// What writing halves can do without the traits.
macro_rules! write_half_methods {
    ($($half:ty),*) => {$(
        impl $half {
            /// Waits until the socket may be writable.
            ///
            /// # Errors
            ///
            /// If there is no runtime, or it has shut down.
            ///
            /// # Cancel safety
            ///
            /// Nothing is lost when the future is dropped.
            pub async fn writable(&self) -> std::io::Result<()> {
                self.as_ref().writable().await
            }

            /// Writes what fits of `buf`.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing fits, and those of the socket.
            pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
                self.as_ref().try_write(buf)
            }

            /// Writes what fits of several buffers.
            ///
            /// # Errors
            ///
            /// As [`try_write`](Self::try_write).
            pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                self.as_ref().try_write_vectored(bufs)
            }
        }
    )*};
}

/// What reading halves of TCP streams can do beside.
macro_rules! peek_methods {
    ($($half:ty),*) => {$(
        impl $half {
            /// Looks at bytes without taking them.
            ///
            /// # Errors
            ///
            /// Those of `recv`.
            ///
            /// # Cancel safety
            ///
            /// Nothing is lost when the future is dropped.
            pub async fn peek(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.as_ref().peek(buf).await
            }

            /// Looks at bytes without taking them; one task at a time.
            ///
            /// # Errors
            ///
            /// Those of `recv`.
            pub fn poll_peek(
                &self,
                cx: &mut std::task::Context<'_>,
                buf: &mut minato_runtime::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.as_ref().poll_peek(cx, buf)
            }
        }
    )*};
}

pub(crate) use {half_methods, peek_methods, read_half_methods, write_half_methods};
