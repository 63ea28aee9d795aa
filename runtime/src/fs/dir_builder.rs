//! Making folders with options.

use std::io;
use std::path::Path;

use super::job;

/// Makes folders with options; see [`std::fs::DirBuilder`].
///
/// ```
/// # let rt = minato_runtime::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// use minato_runtime::fs::{self, DirBuilder};
///
/// # let root = std::env::temp_dir().join(format!("minato-doc-dir-{}", std::process::id()));
/// DirBuilder::new().recursive(true).mode(0o700).create(root.join("a/b")).await?;
/// assert!(fs::try_exists(root.join("a/b")).await?);
/// # fs::remove_dir_all(root).await?;
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DirBuilder {
    recursive: bool,
    /// Nothing leaves it to the process.
    mode: Option<u32>,
}

impl DirBuilder {
    /// Makes one folder with the permissions that the process gives.
    #[must_use]
    pub const fn new() -> Self {
        Self { recursive: false, mode: None }
    }

    /// Whether the folders it lies in are made too, and one that is there already is fine.
    pub const fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// The permissions of new folders, before those that the process masks.
    pub const fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// As [`std::fs::DirBuilder::create`].
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;

        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.recursive);
        if let Some(mode) = self.mode {
            builder.mode(mode);
        }
        let path = path.as_ref().to_owned();
        job::run(move || builder.create(path)).await
    }
}

impl Default for DirBuilder {
    fn default() -> Self {
        Self::new()
    }
}
