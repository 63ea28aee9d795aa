//! What can be done without a job, because the kernel has it in memory.
//!
//! Nothing here waits for a disk, for a network or for a process: `RWF_NOWAIT` reads only what the page cache holds,
//! `RESOLVE_CACHED` walks only names that the directory cache holds, and both are used on the file systems of this
//! machine only ([`LOCAL`]), whose `open` and `stat` do not ask anybody. Every answer but success means "ask a job".
//!
//! A FIFO or a device must not be opened to find out what it is, since opening does something to it. So a path is first
//! opened as a mere place (`O_PATH`), and then for reading only if a regular file is there.

pub(super) use imp::{Links, metadata, metadata_of, open, read, read_at, read_whole};

#[cfg(target_os = "linux")]
mod imp {
    use std::fs::{File, Metadata};
    use std::io::IoSliceMut;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstatfs, openat2};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    use super::Miss;
    use crate::limits::CACHED_READ_MAX;

    /// The file systems of this machine, by their magic numbers: their `open` asks no server and no process.
    const LOCAL: [u64; 8] = [
        0xEF53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683E, // btrfs
        0x0102_1994, // tmpfs
        0x8584_58F6, // ramfs
        0xF2F5_2010, // F2FS
        0xCA45_1A4E, // bcachefs
        0x2FC1_2FC1, // ZFS
    ];

    /// The offset that means "where the file stands".
    const AT_CURSOR: u64 = u64::MAX;

    /// Set when the kernel or a sandbox says that it has no such call.
    static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

    /// Whether a link at the end of a path is followed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::fs) enum Links {
        Followed,
        Themselves,
    }

    /// The place a path leads to, if that is in memory and on this machine.
    fn place(path: &Path, links: Links) -> Option<File> {
        let mut flags = OFlags::PATH | OFlags::CLOEXEC;
        if links == Links::Themselves {
            flags |= OFlags::NOFOLLOW;
        }
        let place = File::from(resolve(path, flags)?);
        is_local(&place).then_some(place)
    }

    fn is_local(file: &File) -> bool {
        fstatfs(file).is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| LOCAL.contains(&kind)))
    }

    /// What is known of an open file, if that is known without waiting.
    pub(in crate::fs) fn metadata_of(file: &File) -> Option<Metadata> {
        if is_local(file) { file.metadata().ok() } else { None }
    }

    fn resolve(path: &Path, flags: OFlags) -> Option<OwnedFd> {
        if NO_OPENAT2.load(Relaxed) {
            return None;
        }
        match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED) {
            Ok(fd) => Some(fd),
            Err(error) => {
                if matches!(error, Errno::NOSYS | Errno::INVAL) {
                    NO_OPENAT2.store(true, Relaxed);
                }
                None
            }
        }
    }

    /// What is known of a file, if that is known without waiting.
    pub(in crate::fs) fn metadata(path: &Path, links: Links) -> Option<Metadata> {
        place(path, links)?.metadata().ok()
    }

    /// A regular file opened for reading, and what is known of it.
    fn open_regular(path: &Path) -> Option<(File, Metadata)> {
        if !place(path, Links::Followed)?.metadata().ok()?.is_file() {
            return None;
        }
        // A file with a lease would make us wait for its holder, if not for NONBLOCK.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(resolve(path, flags)?);
        let metadata = file.metadata().ok()?;
        metadata.is_file().then_some((file, metadata))
    }

    /// A regular file opened for reading, as `std` would open it.
    pub(in crate::fs) fn open(path: &Path) -> Option<File> {
        let (file, _) = open_regular(path)?;
        rustix::fs::fcntl_setfl(&file, OFlags::empty()).ok()?;
        Some(file)
    }

    /// A whole small file.
    pub(in crate::fs) fn read_whole(path: &Path) -> Option<Vec<u8>> {
        let (file, metadata) = open_regular(path)?;
        let size = usize::try_from(metadata.size()).ok()?;
        // Files that claim to be empty may be made up as they are read.
        if size == 0 || size > CACHED_READ_MAX {
            return None;
        }
        let mut bytes = vec![0; size];
        let flags = ReadWriteFlags::NOWAIT;
        let read = preadv2(&file, &mut [IoSliceMut::new(&mut bytes)], 0, flags).ok()?;
        (read == size).then_some(bytes)
    }

    /// Reads at the cursor of a file.
    pub(in crate::fs) fn read(file: &File, buf: &mut [u8]) -> Result<usize, Miss> {
        read_from(file, buf, AT_CURSOR)
    }

    /// Reads at an offset of a file.
    pub(in crate::fs) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> Result<usize, Miss> {
        if offset == AT_CURSOR { Err(Miss::NotNow) } else { read_from(file, buf, offset) }
    }

    fn read_from(file: &File, buf: &mut [u8], offset: u64) -> Result<usize, Miss> {
        let length = buf.len().min(CACHED_READ_MAX);
        match preadv2(file, &mut [IoSliceMut::new(&mut buf[..length])], offset, ReadWriteFlags::NOWAIT) {
            Ok(read) => Ok(read),
            Err(Errno::AGAIN | Errno::INTR) => Err(Miss::NotNow),
            // Not supported, or an error that the job will meet again and report.
            Err(_) => Err(Miss::Never),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::fs::{File, Metadata};
    use std::path::Path;

    use super::Miss;

    /// Whether a link at the end of a path is followed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::fs) enum Links {
        Followed,
        Themselves,
    }

    pub(in crate::fs) fn metadata(_: &Path, _: Links) -> Option<Metadata> {
        None
    }

    pub(in crate::fs) fn metadata_of(_: &File) -> Option<Metadata> {
        None
    }

    pub(in crate::fs) fn open(_: &Path) -> Option<File> {
        None
    }

    pub(in crate::fs) fn read_whole(_: &Path) -> Option<Vec<u8>> {
        None
    }

    pub(in crate::fs) fn read(_: &File, _: &mut [u8]) -> Result<usize, Miss> {
        Err(Miss::Never)
    }

    pub(in crate::fs) fn read_at(_: &File, _: &mut [u8], _: u64) -> Result<usize, Miss> {
        Err(Miss::Never)
    }
}

/// Why a read needs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// The bytes are not in memory; the next may be.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is read without a job there"))]
    NotNow,
    /// This file does not tell.
    Never,
}
