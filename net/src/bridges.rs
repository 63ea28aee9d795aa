//! Our types in other libraries' words: the I/O traits of tokio, futures and hyper, implemented on the types directly.
//!
//! Where a trait reads into initialised memory only, the caller's slice goes to the kernel as it is; where it does not,
//! the memory stays uninitialised. Nothing is zeroed or copied either way.

/// Gives a type with our traits those of other libraries, as features ask; one direction at a time.
macro_rules! bridge {
    ($generics:tt $type:ty; $direction:ident) => {
        #[cfg(feature = "tokio-io")]
        $crate::bridges::tokio_io!($direction $generics $type);
        #[cfg(feature = "futures-io")]
        $crate::bridges::futures_io!($direction $generics $type);
        #[cfg(feature = "hyper")]
        $crate::bridges::hyper_io!($direction $generics $type);
    };
}

/// The methods that write, which have the same signatures in our trait and in all others.
#[cfg(any(feature = "futures-io", feature = "hyper", feature = "tokio-io"))]
macro_rules! forward_writes {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty as $ours:ident;)*) => {$(
        #[inline]
        fn $name(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            $($argument: $type),*
        ) -> std::task::Poll<std::io::Result<$result>> {
            minato_runtime::io::AsyncWrite::$ours(self, cx, $($argument),*)
        }
    )*};
}

#[cfg(feature = "tokio-io")]
macro_rules! tokio_io {
    (read [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> tokio::io::AsyncRead for $type {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                minato_runtime::io::tokio_compat::poll_read(self, cx, buf)
            }
        }
    };
    (write [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> tokio::io::AsyncWrite for $type {
            $crate::bridges::forward_writes! {
                poll_write(buf: &[u8]) -> usize as poll_write;
                poll_write_vectored(bufs: &[std::io::IoSlice<'_>]) -> usize as poll_write_vectored;
                poll_flush() -> () as poll_flush;
                poll_shutdown() -> () as poll_shutdown;
            }

            fn is_write_vectored(&self) -> bool {
                minato_runtime::io::AsyncWrite::is_write_vectored(self)
            }
        }
    };
}

#[cfg(feature = "futures-io")]
macro_rules! futures_io {
    (read [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> futures_io::AsyncRead for $type {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let mut buf = minato_runtime::io::ReadBuf::new(buf);
                minato_runtime::io::AsyncRead::poll_read(self, cx, &mut buf).map_ok(|()| buf.filled().len())
            }

            #[inline]
            fn poll_read_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                minato_runtime::io::AsyncRead::poll_read_vectored(self, cx, bufs)
            }
        }
    };
    (write [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> futures_io::AsyncWrite for $type {
            $crate::bridges::forward_writes! {
                poll_write(buf: &[u8]) -> usize as poll_write;
                poll_write_vectored(bufs: &[std::io::IoSlice<'_>]) -> usize as poll_write_vectored;
                poll_flush() -> () as poll_flush;
                poll_close() -> () as poll_shutdown;
            }
        }
    };
}

#[cfg(feature = "hyper")]
macro_rules! hyper_io {
    (read [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> hyper::rt::Read for $type {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: hyper::rt::ReadBufCursor<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                minato_runtime::compat::hyper::poll_read(self, cx, buf)
            }
        }
    };
    (write [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> hyper::rt::Write for $type {
            $crate::bridges::forward_writes! {
                poll_write(buf: &[u8]) -> usize as poll_write;
                poll_write_vectored(bufs: &[std::io::IoSlice<'_>]) -> usize as poll_write_vectored;
                poll_flush() -> () as poll_flush;
                poll_shutdown() -> () as poll_shutdown;
            }

            fn is_write_vectored(&self) -> bool {
                minato_runtime::io::AsyncWrite::is_write_vectored(self)
            }
        }
    };
}

pub(crate) use bridge;
#[cfg(any(feature = "futures-io", feature = "hyper", feature = "tokio-io"))]
pub(crate) use forward_writes;

#[cfg(feature = "futures-io")]
pub(crate) use futures_io;
#[cfg(feature = "hyper")]
pub(crate) use hyper_io;
#[cfg(feature = "tokio-io")]
pub(crate) use tokio_io;
