//! Files and folders.
//!
//! The operating system has no readiness for files, so what may have to wait for a disk runs on the threads for
//! blocking jobs. Three things keep that cheap:
//!
//! - An operation is one job, however many system calls it takes: [`read`] opens, measures and reads in one.
//! - What is in memory already is not a job at all. On Linux, a read that the page cache can answer
//!   (`preadv2` with `RWF_NOWAIT`) and an open whose path the directory cache knows (`openat2` with `RESOLVE_CACHED`),
//!   on a file system of this machine, are done on the spot; each is bounded.
//! - Writes gather while a write is under way, and one job writes them all.
//!
//! | file | what it holds |
//! |---|---|
//! | `operations` | the free functions that are one call of `std::fs` |
//! | `whole` | reading and writing whole files |
//! | `read_dir` | listing, 128 entries at a time |
//! | `open_options`, `dir_builder` | the builders |
//! | `file` | an open file |
//! | `cached` | what can be done without a job |
//! | `job` | what cannot |
//!
//! # Panics
//!
//! Everything here that needs a job panics on a thread that is in no runtime.
//!
//! # Cancel safety
//!
//! Dropping a future of this module does not undo, and does not stop, an operation that has begun. A read that is
//! dropped loses nothing: see [`File`].

mod cached;
mod dir_builder;
mod file;
mod job;
mod open_options;
mod operations;
mod read_dir;
mod whole;

#[cfg(all(test, not(loom)))]
mod tests;

pub use dir_builder::DirBuilder;
pub use file::File;
pub use open_options::OpenOptions;
pub use operations::{
    canonicalize, copy, create_dir, create_dir_all, hard_link, metadata, read_link, remove_dir,
    remove_dir_all, remove_file, rename, set_permissions, symlink, symlink_metadata, try_exists,
};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use whole::{read, read_to_string, write};
