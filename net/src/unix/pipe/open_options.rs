//! How a named pipe is opened.

use std::io;
use std::path::Path;

use super::{End, Receiver, Sender, open};

/// Opens the ends of named pipes (FIFOs).
///
/// ```
/// use minato_net::unix::pipe::OpenOptions;
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// # let path = std::env::temp_dir().join(format!("minato-doc-fifo-{}", std::process::id()));
/// # assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
/// // The reader comes first: without one, opening the sender is an error.
/// let mut receiver = OpenOptions::new().open_receiver(&path)?;
/// let mut sender = OpenOptions::new().open_sender(&path)?;
/// sender.write_all(b"ahoy").await?;
/// let mut text = [0; 4];
/// receiver.read_exact(&mut text).await?;
/// assert_eq!(&text, b"ahoy");
/// # std::fs::remove_file(&path)?;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "options open a pipe when told to"]
pub struct OpenOptions {
    access: Access,
    check: Check,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Access {
    #[default]
    OneEnd,
    BothEnds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Check {
    #[default]
    IsPipe,
    Nothing,
}

impl OpenOptions {
    /// The default: one end, of what must be a pipe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Holds the other end open too, so that neither is missing: a receiver never sees the end, and a sender may be
    /// opened before there is a receiver. Linux only.
    pub fn read_write(mut self, read_write: bool) -> Self {
        self.access = if read_write { Access::BothEnds } else { Access::OneEnd };
        self
    }

    /// Whether to leave out the check that the path is a pipe, for a caller who knows.
    pub fn unchecked(mut self, unchecked: bool) -> Self {
        self.check = if unchecked { Check::Nothing } else { Check::IsPipe };
        self
    }

    pub(super) fn is_read_write(self) -> bool {
        self.access == Access::BothEnds
    }

    pub(super) fn is_unchecked(self) -> bool {
        self.check == Check::Nothing
    }

    /// Opens the end that is read from. That there is no sender yet looks like a pipe that is empty, or at its end.
    ///
    /// # Errors
    ///
    /// Those of `open`; `InvalidInput` if the path is no pipe.
    pub fn open_receiver(self, path: impl AsRef<Path>) -> io::Result<Receiver> {
        Ok(Receiver::from_nonblocking(open(path.as_ref(), End::Receiver, self)?))
    }

    /// Opens the end that is written to.
    ///
    /// # Errors
    ///
    /// Those of `open`, among them `ENXIO` if there is no receiver yet; `InvalidInput` if the path is no pipe.
    pub fn open_sender(self, path: impl AsRef<Path>) -> io::Result<Sender> {
        Ok(Sender::from_nonblocking(open(path.as_ref(), End::Sender, self)?))
    }
}
