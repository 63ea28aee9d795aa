//! A listing as a stream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::fs::{DirEntry, ReadDir};

/// The entries of a [`ReadDir`], or the errors that kept single ones from being read.
///
/// It ends after the last, and after the error that says that the runtime is gone.
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// use minato_runtime::fs;
/// use minato_runtime::stream::StreamExt;
/// use minato_runtime::stream::wrappers::ReadDirStream;
///
/// # let folder = std::env::temp_dir().join(format!("minato-doc-read-dir-{}", std::process::id()));
/// # fs::create_dir_all(&folder).await?;
/// fs::write(folder.join("only"), "").await?;
/// let mut entries = ReadDirStream::new(fs::read_dir(&folder).await?);
/// while let Some(entry) = entries.next().await {
///     assert_eq!(entry?.file_name(), "only");
/// }
/// # fs::remove_dir_all(&folder).await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct ReadDirStream {
    inner: ReadDir,
}

impl ReadDirStream {
    /// A stream of what comes from `inner`.
    pub fn new(inner: ReadDir) -> Self {
        Self { inner }
    }

    /// What is wrapped.
    pub fn into_inner(self) -> ReadDir {
        self.inner
    }
}

impl From<ReadDir> for ReadDirStream {
    fn from(inner: ReadDir) -> Self {
        Self::new(inner)
    }
}

impl AsRef<ReadDir> for ReadDirStream {
    fn as_ref(&self) -> &ReadDir {
        &self.inner
    }
}

impl AsMut<ReadDir> for ReadDirStream {
    fn as_mut(&mut self) -> &mut ReadDir {
        &mut self.inner
    }
}

impl Stream for ReadDirStream {
    type Item = io::Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.inner.is_lost() {
            return Poll::Ready(None);
        }
        self.inner.poll_next_entry(cx).map(Result::transpose)
    }
}
