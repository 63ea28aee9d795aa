//! An open file.
//!
//! - `state`: what is under way, and the bytes on their way in or out
//! - `transfer`: reading, writing and seeking at the cursor
//! - `positional`: reading and writing at an offset
//!
//! Invariants
//! 1. At most one job uses the cursor at a time. It has been told all it needs; nobody has to poll for it to finish.
//! 2. What the caller sees as the position is the cursor of the system, less the bytes read and not asked for
//!    ([`State::incoming`]) and more the bytes not yet written ([`State::outgoing`]); never are there both.
//! 3. A job has dropped its reference to the file before it says that it is done.
//!
//! [`State::incoming`]: state::State
//! [`State::outgoing`]: state::State

mod positional;
mod state;
mod transfer;

use std::fmt;
use std::fs::{File as StdFile, FileTimes, Metadata, Permissions};
use std::io::{self, SeekFrom};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::Arc;

use self::state::Shared;
use self::transfer::Cached;
use super::{OpenOptions, cached, job};
use crate::limits::FILE_BUFFER_MAX;
use crate::task::yield_now;

/// An open file.
///
/// It reads, writes and seeks through [`AsyncRead`](crate::io::AsyncRead), [`AsyncWrite`](crate::io::AsyncWrite) and
/// [`AsyncSeek`](crate::io::AsyncSeek), and at any offset through [`read_at`](Self::read_at) and
/// [`write_at`](Self::write_at).
///
/// # Reads
///
/// A read that the page cache can answer is done on the spot (Linux, on file systems that tell; ext4, XFS and btrfs do).
/// Others are jobs. A read that is dropped loses nothing: its bytes are kept for the next one.
///
/// # Writes
///
/// A write is ready when the bytes are copied, and written by a job that the file starts; while it works, further
/// writes gather, and the same job writes them. [`flush`](crate::io::AsyncWriteExt::flush) waits until all is written,
/// [`sync_all`](Self::sync_all) until it is on the disk.
///
/// Dropping the file does not lose them: the job goes on, and the end of the runtime waits for it. What is lost is the
/// *error*, if there was one. An error is reported by the next write, flush, shutdown, seek, sync or
/// `set_len`, whichever comes first; writes that had gathered behind the failed one are dropped with it, so that no
/// hole is left in the file.
///
/// # Examples
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// use minato_runtime::fs::File;
/// use minato_runtime::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
///
/// # let path = std::env::temp_dir().join(format!("minato-doc-file-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path).await?;
/// file.write_all(b"hello, world").await?;
/// file.rewind().await?;
/// let mut text = String::new();
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello, world");
///
/// let mut word = [0; 5];
/// file.read_exact_at(&mut word, 7).await?;
/// assert_eq!(&word, b"world");
/// # minato_runtime::fs::remove_file(&path).await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct File {
    file: Arc<StdFile>,
    shared: Arc<Shared>,
    buffer_max: usize,
    cached: Cached,
    /// Asked for, and not begun.
    seek: Option<SeekFrom>,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::open`].
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        if let Some(file) = cached::open(path.as_ref()) {
            return Ok(Self::from_std(file));
        }
        OpenOptions::new().read(true).open(path).await
    }

    /// Opens a file for writing, made if it is missing, emptied if not.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::create`].
    pub async fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path).await
    }

    /// Makes a file and opens it for reading and writing; it must not be there.
    ///
    /// # Errors
    ///
    /// As [`std::fs::File::create_new`].
    pub async fn create_new(path: impl AsRef<Path>) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path).await
    }

    /// All the ways to open a file.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes over a file of `std`.
    #[must_use]
    pub fn from_std(file: StdFile) -> Self {
        Self {
            file: Arc::new(file),
            shared: Arc::new(Shared::new()),
            buffer_max: FILE_BUFFER_MAX,
            cached: Cached::Perhaps,
            seek: None,
        }
    }

    /// Limits the bytes held for writes, and those asked for by one read; 2 MiB by default, at least 1.
    pub fn set_max_buf_size(&mut self, bytes: usize) {
        self.buffer_max = bytes.max(1);
    }

    /// The limit that [`set_max_buf_size`](Self::set_max_buf_size) sets.
    #[must_use]
    pub fn max_buf_size(&self) -> usize {
        self.buffer_max
    }

    /// Waits until everything written is on the disk, and what is known of the file too.
    ///
    /// # Errors
    ///
    /// That of an earlier write, or those of `fsync`.
    pub async fn sync_all(&self) -> io::Result<()> {
        self.written().await?;
        self.with_file(|file| file.sync_all()).await
    }

    /// Waits until everything written is on the disk.
    ///
    /// # Errors
    ///
    /// That of an earlier write, or those of `fdatasync`.
    pub async fn sync_data(&self) -> io::Result<()> {
        self.written().await?;
        self.with_file(|file| file.sync_data()).await
    }

    /// Cuts the file, or extends it with zeros; the cursor stays.
    ///
    /// # Errors
    ///
    /// That of an earlier write, or those of `ftruncate`.
    pub async fn set_len(&self, length: u64) -> io::Result<()> {
        self.written().await?;
        self.with_file(move |file| file.set_len(length)).await
    }

    /// What is known of the file, once what was written before is counted.
    ///
    /// # Errors
    ///
    /// Those of `fstat`.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.shared.idle().await;
        match cached::metadata_of(&self.file) {
            Some(known) => Ok(known),
            None => self.with_file(|file| file.metadata()).await,
        }
    }

    /// Changes who may do what with the file.
    ///
    /// # Errors
    ///
    /// Those of `fchmod`.
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.with_file(move |file| file.set_permissions(permissions)).await
    }

    /// Changes when the file was last read and changed, once what was written before is.
    ///
    /// # Errors
    ///
    /// Those of `futimens`.
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.shared.idle().await;
        self.with_file(move |file| file.set_times(times)).await
    }

    /// Another handle to the same open file: they share the cursor.
    ///
    /// What was written before is written, and what a dropped read took is given back, so that the cursor is where
    /// this file stands.
    ///
    /// # Errors
    ///
    /// Those of `dup`.
    pub async fn try_clone(&self) -> io::Result<Self> {
        self.shared.idle().await;
        self.shared.give_back(&self.file)?;
        Ok(Self::from_std(self.file.try_clone()?))
    }

    /// Gives the file of `std` back, once what was written before is written.
    ///
    /// The cursor is where this file stood. The error of an earlier write is lost:
    /// [`flush`](crate::io::AsyncWriteExt::flush) first to see it.
    pub async fn into_std(self) -> StdFile {
        self.shared.idle().await;
        let _ = self.shared.give_back(&self.file);
        let mut file = self.file;
        loop {
            match Arc::try_unwrap(file) {
                Ok(file) => return file,
                // An operation whose future was dropped still has it, for as long as one call takes.
                Err(busy) => file = busy,
            }
            yield_now().await;
        }
    }

    /// Gives the file of `std` back, if nothing is under way.
    ///
    /// # Errors
    ///
    /// This file, if something is under way.
    pub fn try_into_std(self) -> Result<StdFile, Self> {
        if !self.shared.is_idle() || self.shared.give_back(&self.file).is_err() {
            return Err(self);
        }
        let Self { file, shared, buffer_max, cached, seek } = self;
        Arc::try_unwrap(file).map_err(|file| Self { file, shared, buffer_max, cached, seek })
    }

    /// Waits until all is written, and tells the error of a write nobody has been told of.
    async fn written(&self) -> io::Result<()> {
        self.shared.idle().await;
        self.shared.take_fault()
    }

    /// Runs one operation on the file as a job.
    async fn with_file<R: Send + 'static>(
        &self,
        operation: impl FnOnce(&StdFile) -> io::Result<R> + Send + 'static,
    ) -> io::Result<R> {
        let file = Arc::clone(&self.file);
        job::run(move || operation(&file)).await
    }
}

impl From<StdFile> for File {
    fn from(file: StdFile) -> Self {
        Self::from_std(file)
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> Self {
        Self::from_std(fd.into())
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("file", &self.file).finish_non_exhaustive()
    }
}
