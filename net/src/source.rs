//! What sockets are built on; the one file that knows the reactor.

pub(crate) use bytes::BufMut;
#[cfg(target_os = "linux")]
pub(crate) use minato_runtime::io::PeerCredentials;
pub use minato_runtime::io::{Interest, Ready};
pub(crate) use minato_runtime::io::{PollEvented, SocketOption};
pub(crate) use minato_runtime::task::spawn_blocking;

/// Lends the descriptor of a socket type whose field `io` is a `PollEvented`.
macro_rules! descriptor {
    ($($type:ty),*) => {$(
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.io.get_ref().as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(&std::os::fd::AsFd::as_fd(self))
            }
        }
    )*};
}

pub(crate) use descriptor;
