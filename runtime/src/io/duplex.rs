//! A pair of connected streams in memory.

use super::simplex::{Pipe, reads_from, writes_to};
use crate::shim::Arc;

/// Two connected streams: what is written to one is read from the other.
///
/// At most `capacity` bytes wait in each direction; a writer waits for room. Dropping one end, or shutting it down,
/// ends what the other reads; writing to an end whose peer is gone is a broken pipe.
///
/// # Examples
///
/// ```
/// use minato_runtime::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (mut client, mut server) = io::duplex(64);
/// client.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
///
/// # Panics
///
/// If `capacity` is 0: nothing could ever be written.
#[must_use]
pub fn duplex(capacity: usize) -> (DuplexStream, DuplexStream) {
    let there = Arc::new(Pipe::new(capacity));
    let back = Arc::new(Pipe::new(capacity));
    (
        DuplexStream { read: Arc::clone(&back), write: Arc::clone(&there) },
        DuplexStream { read: there, write: back },
    )
}

/// One end of a pair of streams in memory; made by [`duplex`].
#[derive(Debug)]
pub struct DuplexStream {
    read: Arc<Pipe>,
    write: Arc<Pipe>,
}

reads_from!(DuplexStream, read);
writes_to!(DuplexStream, write);

impl Drop for DuplexStream {
    fn drop(&mut self) {
        self.write.end();
        self.read.abandon();
    }
}
