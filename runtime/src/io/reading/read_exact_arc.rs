//! Reading a shared slice.

use std::io;
use std::sync::Arc;

use super::AsyncReadExt;
use crate::io::AsyncRead;
use crate::limits::READ_TO_END_STEP;

/// Reads exactly `length` bytes into a slice that can be shared.
///
/// The memory grows with what arrives: a peer that announces a length and sends nothing costs nothing.
///
/// # Errors
///
/// `UnexpectedEof` if the source ends first, and those of the reader.
///
/// # Cancel safety
///
/// Not cancel safe: bytes already read are lost.
///
/// # Examples
///
/// ```
/// use minato_runtime::io;
///
/// # minato_runtime::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut source = &b"hello"[..];
/// assert_eq!(*io::read_exact_arc(&mut source, 4).await?, *b"hell");
/// assert_eq!(source, b"o");
/// # Ok::<(), io::Error>(())
/// # })?;
/// # Ok::<(), io::Error>(())
/// ```
pub async fn read_exact_arc<R: AsyncRead>(reader: R, length: usize) -> io::Result<Arc<[u8]>> {
    let mut reader = std::pin::pin!(reader);
    let mut bytes = Vec::with_capacity(length.min(READ_TO_END_STEP));
    while bytes.len() < length {
        let left = length - bytes.len();
        if bytes.len() == bytes.capacity() {
            bytes.reserve(left.min(bytes.len()));
        }
        if reader.as_mut().take(left as u64).read_buf(&mut bytes).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "early end of the source"));
        }
    }
    Ok(bytes.into())
}
