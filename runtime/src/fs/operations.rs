//! The functions that are one call of `std::fs`.

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use super::{cached, job};

/// One function of `std::fs` as one job.
macro_rules! one_job {
    ($(
        $(#[doc = $doc:literal])+
        fn $name:ident($($path:ident),+ $(; $argument:ident: $type:ty)?) -> $output:ty = $call:path;
    )+) => {$(
        $(#[doc = $doc])+
        pub async fn $name($($path: impl AsRef<Path>,)+ $($argument: $type)?) -> io::Result<$output> {
            $(let $path = $path.as_ref().to_owned();)+
            job::run(move || $call($($path,)+ $($argument)?)).await
        }
    )+};
}

one_job! {
    /// The absolute path, without links, of something that exists.
    ///
    /// # Errors
    ///
    /// As [`std::fs::canonicalize`].
    fn canonicalize(path) -> PathBuf = std::fs::canonicalize;

    /// Copies the contents and the permissions of a file, and answers how many bytes were copied.
    ///
    /// # Errors
    ///
    /// As [`std::fs::copy`].
    fn copy(from, to) -> u64 = std::fs::copy;

    /// Makes a folder.
    ///
    /// # Errors
    ///
    /// As [`std::fs::create_dir`].
    fn create_dir(path) -> () = std::fs::create_dir;

    /// Makes a folder, and those it lies in where they are missing.
    ///
    /// # Errors
    ///
    /// As [`std::fs::create_dir_all`].
    fn create_dir_all(path) -> () = std::fs::create_dir_all;

    /// Gives a file another name in the same file system.
    ///
    /// # Errors
    ///
    /// As [`std::fs::hard_link`].
    fn hard_link(original, link) -> () = std::fs::hard_link;

    /// What a symbolic link points to.
    ///
    /// # Errors
    ///
    /// As [`std::fs::read_link`].
    fn read_link(path) -> PathBuf = std::fs::read_link;

    /// Removes an empty folder.
    ///
    /// # Errors
    ///
    /// As [`std::fs::remove_dir`].
    fn remove_dir(path) -> () = std::fs::remove_dir;

    /// Removes a folder and everything in it.
    ///
    /// # Errors
    ///
    /// As [`std::fs::remove_dir_all`].
    fn remove_dir_all(path) -> () = std::fs::remove_dir_all;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// As [`std::fs::remove_file`].
    fn remove_file(path) -> () = std::fs::remove_file;

    /// Moves a file or folder within its file system, in place of what has that name.
    ///
    /// # Errors
    ///
    /// As [`std::fs::rename`].
    fn rename(from, to) -> () = std::fs::rename;

    /// Changes who may do what with a file or folder.
    ///
    /// # Errors
    ///
    /// As [`std::fs::set_permissions`].
    fn set_permissions(path; permissions: Permissions) -> () = std::fs::set_permissions;

    /// Makes a symbolic link.
    ///
    /// # Errors
    ///
    /// As [`std::os::unix::fs::symlink`].
    fn symlink(original, link) -> () = std::os::unix::fs::symlink;
}

/// What is known of a file or folder; links are followed.
///
/// # Errors
///
/// As [`std::fs::metadata`].
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    if let Some(found) = cached::metadata(path.as_ref(), cached::Links::Followed) {
        return Ok(found);
    }
    let path = path.as_ref().to_owned();
    job::run(move || std::fs::metadata(path)).await
}

/// What is known of a file, a folder or a link itself.
///
/// # Errors
///
/// As [`std::fs::symlink_metadata`].
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    if let Some(found) = cached::metadata(path.as_ref(), cached::Links::Themselves) {
        return Ok(found);
    }
    let path = path.as_ref().to_owned();
    job::run(move || std::fs::symlink_metadata(path)).await
}

/// Whether there is something of that name; links are followed.
///
/// # Errors
///
/// As [`std::fs::exists`]: if it cannot be told.
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    if cached::metadata(path.as_ref(), cached::Links::Followed).is_some() {
        return Ok(true);
    }
    let path = path.as_ref().to_owned();
    job::run(move || std::fs::exists(path)).await
}
