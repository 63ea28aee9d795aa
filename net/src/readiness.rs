//! What sockets have in common: waiting to be ready, and trying without waiting.
//!
//! Written once, as macros, so that each type shows the methods as its own.

/// The readiness methods of a socket type whose field `io` is a `PollEvented`.
macro_rules! readiness_methods {
    () => {
        /// Waits until the socket may be ready for `interest`, and answers what it is ready for.
        ///
        /// It may not be ready after all: try the operation, and wait again if it would block.
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
            Ok(self.io.ready(interest).await?.ready())
        }

        /// Waits until the socket may be readable.
        ///
        /// # Errors
        ///
        /// As [`ready`](Self::ready).
        ///
        /// # Cancel safety
        ///
        /// Nothing is lost when the future is dropped.
        pub async fn readable(&self) -> std::io::Result<()> {
            self.ready(minato_runtime::io::Interest::READABLE).await.map(drop)
        }

        /// Waits until the socket may be writable.
        ///
        /// # Errors
        ///
        /// As [`ready`](Self::ready).
        ///
        /// # Cancel safety
        ///
        /// Nothing is lost when the future is dropped.
        pub async fn writable(&self) -> std::io::Result<()> {
            self.ready(minato_runtime::io::Interest::WRITABLE).await.map(drop)
        }

        /// Waits until the socket may be readable; one task at a time.
        ///
        /// # Errors
        ///
        /// As [`ready`](Self::ready).
        pub fn poll_read_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_read_ready(cx).map_ok(drop)
        }

        /// Waits until the socket may be writable; one task at a time.
        ///
        /// # Errors
        ///
        /// As [`ready`](Self::ready).
        pub fn poll_write_ready(
            &self,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            self.io.poll_write_ready(cx).map_ok(drop)
        }

        /// Runs `operation` if the socket may be ready, and notes if it was not.
        ///
        /// # Errors
        ///
        /// `WouldBlock` if it is not ready, and those of `operation`.
        pub fn try_io<R>(
            &self,
            interest: minato_runtime::io::Interest,
            operation: impl FnOnce() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io.try_io(interest, |_| operation())
        }

        /// Runs `operation` when the socket may be ready, until it does not answer `WouldBlock`.
        ///
        /// # Errors
        ///
        /// As [`ready`](Self::ready), and those of `operation`.
        ///
        /// # Cancel safety
        ///
        /// Nothing is lost when the future is dropped, if an `operation` that would block has done nothing.
        pub async fn async_io<R>(
            &self,
            interest: minato_runtime::io::Interest,
            mut operation: impl FnMut() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            self.io.async_io(interest, |_| operation()).await
        }
    };
}

/// The methods of a stream type, whose field `io` is a `PollEvented`, that read and write without waiting.
macro_rules! try_transfer_methods {
    () => {
        /// Reads what is there into `buf`; 0 bytes are the end of the stream, if `buf` is not empty.
        ///
        /// # Errors
        ///
        /// `WouldBlock` if nothing is there, and those of the socket.
        pub fn try_read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.io.try_recv(buf)
        }

        /// Reads what is there into several buffers.
        ///
        /// # Errors
        ///
        /// As [`try_read`](Self::try_read).
        pub fn try_read_vectored(&self, bufs: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
            self.io.try_io(minato_runtime::io::Interest::READABLE, |mut io| {
                std::io::Read::read_vectored(&mut io, bufs)
            })
        }

        /// Appends what is there to `buf`, whose spare room need not be initialised.
        ///
        /// # Errors
        ///
        /// As [`try_read`](Self::try_read).
        pub fn try_read_buf<B: $crate::source::BufMut>(&self, buf: &mut B) -> std::io::Result<usize> {
            self.io.try_recv_buf(buf)
        }

        /// Writes what fits of `buf`.
        ///
        /// # Errors
        ///
        /// `WouldBlock` if nothing fits, and those of the socket.
        pub fn try_write(&self, buf: &[u8]) -> std::io::Result<usize> {
            self.io.try_send(buf)
        }

        /// Writes what fits of several buffers.
        ///
        /// # Errors
        ///
        /// As [`try_write`](Self::try_write).
        pub fn try_write_vectored(&self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            self.io.try_send_vectored(bufs)
        }
    };
}

pub(crate) use {readiness_methods, try_transfer_methods};
