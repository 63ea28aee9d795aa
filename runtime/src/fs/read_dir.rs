//! Listing a folder.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{FileType, Metadata};
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::job;
use crate::limits::DIR_ENTRIES_PER_JOB;

/// Lists a folder.
///
/// # Errors
///
/// As [`std::fs::read_dir`].
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// use minato_runtime::fs;
///
/// # let folder = std::env::temp_dir().join(format!("minato-doc-list-{}", std::process::id()));
/// # fs::create_dir_all(&folder).await?;
/// fs::write(folder.join("only"), "").await?;
/// let mut entries = fs::read_dir(&folder).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     assert_eq!(entry.file_name(), "only");
/// }
/// # fs::remove_dir_all(&folder).await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let listing = job::run(move || {
        let mut listing = Listing { entries: VecDeque::new(), rest: Some(std::fs::read_dir(path)?) };
        listing.fill();
        Ok(listing)
    })
    .await?;
    Ok(ReadDir(State::Here(listing)))
}

/// The entries of a folder; made by [`read_dir`].
///
/// They are fetched 128 at a time, in no order. What is added or removed meanwhile may or may not be among them.
#[must_use = "a listing does nothing unless it is read"]
pub struct ReadDir(State);

enum State {
    Here(Listing),
    /// With a job that fetches more.
    Away(Pin<Box<dyn Future<Output = io::Result<Listing>> + Send>>),
    /// The job was lost with its runtime.
    Lost,
}

struct Listing {
    entries: VecDeque<io::Result<DirEntry>>,
    /// Nothing once the end was seen.
    rest: Option<std::fs::ReadDir>,
}

impl Listing {
    fn fill(&mut self) {
        let Some(rest) = &mut self.rest else { return };
        for entry in rest.by_ref().take(DIR_ENTRIES_PER_JOB) {
            let entry = entry.map(|entry| {
                // Told together with the name by most file systems; else this costs a call, but here it may.
                let kind = entry.file_type().ok();
                DirEntry { entry: Arc::new(entry), kind }
            });
            self.entries.push_back(entry);
        }
        if self.entries.len() < DIR_ENTRIES_PER_JOB {
            self.rest = None;
        }
    }
}

impl ReadDir {
    /// The next entry; nothing after the last.
    ///
    /// # Errors
    ///
    /// As the iterator of [`std::fs::read_dir`]. Others may follow an entry that could not be read.
    ///
    /// # Cancel safety
    ///
    /// No entry is lost when the future is dropped.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// The next entry; see [`next_entry`](Self::next_entry).
    ///
    /// # Errors
    ///
    /// As [`next_entry`](Self::next_entry).
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            self.0 = match std::mem::replace(&mut self.0, State::Lost) {
                State::Here(mut listing) => {
                    if let Some(entry) = listing.entries.pop_front() {
                        self.0 = State::Here(listing);
                        return Poll::Ready(entry.map(Some));
                    }
                    if listing.rest.is_none() {
                        self.0 = State::Here(listing);
                        return Poll::Ready(Ok(None));
                    }
                    State::Away(Box::pin(job::run(move || {
                        listing.fill();
                        Ok(listing)
                    })))
                }
                State::Away(mut fetch) => match fetch.as_mut().poll(cx) {
                    Poll::Ready(listing) => State::Here(listing?),
                    Poll::Pending => {
                        self.0 = State::Away(fetch);
                        return Poll::Pending;
                    }
                },
                State::Lost => return Poll::Ready(Err(job::gone())),
            };
        }
    }

    /// Whether it was told that its job is lost, after which nothing comes but that error.
    #[cfg(feature = "stream")]
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.0, State::Lost)
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = match &self.0 {
            State::Here(listing) => listing.entries.len(),
            State::Away(_) | State::Lost => 0,
        };
        f.debug_struct("ReadDir").field("held", &held).finish_non_exhaustive()
    }
}

/// One entry of a folder.
#[derive(Clone)]
pub struct DirEntry {
    entry: Arc<std::fs::DirEntry>,
    /// As it was told with the name.
    kind: Option<FileType>,
}

impl DirEntry {
    /// The path of the folder and the name of the entry.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The name alone.
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// The number of the file within its file system.
    #[must_use]
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.entry)
    }

    /// What is known of it; a link is not followed.
    ///
    /// # Errors
    ///
    /// As [`std::fs::DirEntry::metadata`].
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let entry = Arc::clone(&self.entry);
        job::run(move || entry.metadata()).await
    }

    /// Whether it is a file, a folder, a link or something else; a link is not followed.
    ///
    /// # Errors
    ///
    /// As [`std::fs::DirEntry::file_type`].
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(kind) = self.kind {
            return Ok(kind);
        }
        let entry = Arc::clone(&self.entry);
        job::run(move || entry.file_type()).await
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}
