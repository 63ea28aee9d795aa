//! Whole files at once.

use std::io;
use std::path::Path;

use super::{cached, job};

/// Reads a whole file.
///
/// # Errors
///
/// As [`std::fs::read`].
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// use minato_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("minato-doc-read-{}", std::process::id()));
/// # fs::create_dir_all(&folder).await?;
/// let path = folder.join("greeting");
/// fs::write(&path, "hello").await?;
/// assert_eq!(fs::read(&path).await?, b"hello");
/// # fs::remove_dir_all(&folder).await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    if let Some(bytes) = cached::read_whole(path.as_ref()) {
        return Ok(bytes);
    }
    let path = path.as_ref().to_owned();
    job::run(move || std::fs::read(path)).await
}

/// Reads a whole file as text.
///
/// # Errors
///
/// As [`std::fs::read_to_string`]: `InvalidData` if it is not UTF-8.
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    if let Some(bytes) = cached::read_whole(path.as_ref()) {
        return String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let path = path.as_ref().to_owned();
    job::run(move || std::fs::read_to_string(path)).await
}

/// Writes a whole file, in place of what it held.
///
/// # Errors
///
/// As [`std::fs::write`].
///
/// # Cancel safety
///
/// Dropped before it is ready, the file may be written whole, in part, or not at all.
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    let contents = contents.as_ref().to_owned();
    job::run(move || std::fs::write(path, contents)).await
}
