//! Listeners as streams of connections, under the names of `tokio-stream`.
//!
//! An error of one connection is an item, and the stream goes on; it never ends. For a server that must go on when
//! descriptors run out, [`accept`](crate::accept) knows what to do about each error.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::tcp::{TcpListener, TcpStream};
use crate::unix::{UnixListener, UnixStream};

/// The connections of a [`TcpListener`].
///
/// ```
/// use minato_net::wrappers::TcpListenerStream;
/// use minato_net::{TcpListener, TcpStream};
/// use minato_runtime::stream::StreamExt;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let mut connections = TcpListenerStream::new(listener);
/// let server = connections.next().await.unwrap()?;
/// assert_eq!(server.peer_addr()?, client.local_addr()?);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct TcpListenerStream {
    listener: TcpListener,
}

/// The connections of a [`UnixListener`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct UnixListenerStream {
    listener: UnixListener,
}

macro_rules! listener_stream {
    ($wrapper:ident, $listener:ty, $io:ty) => {
        impl $wrapper {
            /// A stream of the connections of `listener`.
            pub fn new(listener: $listener) -> Self {
                Self { listener }
            }

            /// The listener.
            pub fn into_inner(self) -> $listener {
                self.listener
            }
        }

        impl AsRef<$listener> for $wrapper {
            fn as_ref(&self) -> &$listener {
                &self.listener
            }
        }

        impl AsMut<$listener> for $wrapper {
            fn as_mut(&mut self) -> &mut $listener {
                &mut self.listener
            }
        }

        impl From<$listener> for $wrapper {
            fn from(listener: $listener) -> Self {
                Self::new(listener)
            }
        }

        impl Stream for $wrapper {
            type Item = io::Result<$io>;

            fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
                self.listener.poll_accept(cx).map(|accepted| Some(accepted.map(|(io, _)| io)))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (usize::MAX, None)
            }
        }
    };
}

listener_stream!(TcpListenerStream, TcpListener, TcpStream);
listener_stream!(UnixListenerStream, UnixListener, UnixStream);

#[cfg(test)]
mod tests {
    use super::*;
    use minato_runtime::stream::StreamExt;
    use minato_runtime::test_util::block_on;

    #[test]
    fn a_unix_listener_is_a_stream_of_connections() {
        block_on(async {
            let folder = std::env::temp_dir().join(format!("minato-listener-stream-{}", std::process::id()));
            let _ = std::fs::remove_file(&folder);
            let mut connections = UnixListenerStream::from(UnixListener::bind(&folder).unwrap());
            let _client = UnixStream::connect(&folder).await.unwrap();
            let _server = connections.next().await.unwrap().unwrap();
            assert_eq!(connections.size_hint().1, None);
            drop(connections.into_inner());
            std::fs::remove_file(&folder).unwrap();
        });
    }
}
