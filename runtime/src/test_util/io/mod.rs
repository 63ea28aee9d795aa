//! A reader and writer that follows a script.
//!
//! - [`Builder`] writes the script: what is read, what must be written, errors and pauses;
//! - [`Mock`] follows it, panics where the code under test does something else, and when it is dropped with steps left;
//! - [`Handle`] adds to the script of a mock that is in use.

mod mock;
mod script;

use std::io;
use std::time::Duration;

pub use mock::Mock;

use self::script::{Shared, Step};

/// Writes the script of a [`Mock`].
///
/// ```
/// use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
/// use minato_runtime::test_util::{block_on, io};
///
/// block_on(async {
///     let mut peer = io::Builder::new().read(b"ping").write(b"pong").build();
///     let mut buf = [0; 4];
///     peer.read_exact(&mut buf).await.unwrap();
///     assert_eq!(&buf, b"ping");
///     peer.write_all(b"pong").await.unwrap();
/// });
/// ```
#[derive(Debug, Clone, Default)]
pub struct Builder {
    steps: Vec<Scripted>,
    name: String,
    piece_max: Option<usize>,
}

/// A step that can be cloned, which an error cannot.
#[derive(Debug, Clone)]
enum Scripted {
    Read(Vec<u8>),
    Write(Vec<u8>),
    Wait(Duration),
    ReadError(io::ErrorKind, String),
    WriteError(io::ErrorKind, String),
    Shutdown,
}

/// Adds to the script of a [`Mock`] that is in use; made by [`Builder::build_with_handle`].
///
/// While a handle is left, the end of the script is not the end of the stream: reads and writes wait for more.
#[derive(Debug)]
pub struct Handle {
    shared: Shared,
}

impl Builder {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Then `bytes` can be read.
    pub fn read(&mut self, bytes: &[u8]) -> &mut Self {
        self.push(Scripted::Read(bytes.to_vec()))
    }

    /// Then a read fails; the kind and the text of `error` are kept.
    pub fn read_error(&mut self, error: io::Error) -> &mut Self {
        self.push(Scripted::ReadError(error.kind(), error.to_string()))
    }

    /// Then `bytes` must be written, in one piece or several.
    pub fn write(&mut self, bytes: &[u8]) -> &mut Self {
        self.push(Scripted::Write(bytes.to_vec()))
    }

    /// Then a write fails; the kind and the text of `error` are kept.
    pub fn write_error(&mut self, error: io::Error) -> &mut Self {
        self.push(Scripted::WriteError(error.kind(), error.to_string()))
    }

    /// Then nothing happens for `duration`: reads and writes wait.
    pub fn wait(&mut self, duration: Duration) -> &mut Self {
        self.push(Scripted::Wait(duration))
    }

    /// Then the stream must be shut down. Without such a step a shutdown is always right.
    pub fn shutdown(&mut self) -> &mut Self {
        self.push(Scripted::Shutdown)
    }

    /// Moves at most `piece_max` bytes with each read and write: 1 shows what code does with the smallest pieces.
    ///
    /// # Panics
    ///
    /// If it is 0.
    pub fn pieces_of(&mut self, piece_max: usize) -> &mut Self {
        assert!(piece_max > 0, "nothing would ever move");
        self.piece_max = Some(piece_max);
        self
    }

    /// The name that panics give.
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        self.name = name.into();
        self
    }

    fn push(&mut self, step: Scripted) -> &mut Self {
        self.steps.push(step);
        self
    }

    /// The stream; after the script it has ended, and writing to it panics.
    pub fn build(&mut self) -> Mock {
        self.build_with_handle().0
    }

    /// The stream, and a handle to add to its script.
    pub fn build_with_handle(&mut self) -> (Mock, Handle) {
        let steps = self.steps.iter().cloned().map(|step| match step {
            Scripted::Read(bytes) => Step::Read(bytes.into()),
            Scripted::Write(bytes) => Step::Write(bytes.into()),
            Scripted::Wait(duration) => Step::Wait(duration),
            Scripted::ReadError(kind, text) => Step::ReadError(io::Error::new(kind, text)),
            Scripted::WriteError(kind, text) => Step::WriteError(io::Error::new(kind, text)),
            Scripted::Shutdown => Step::Shutdown,
        });
        let shared = Shared::new(steps.collect());
        let mock = Mock::new(shared.another(), self.name.clone(), self.piece_max.unwrap_or(usize::MAX));
        (mock, Handle { shared })
    }
}

impl Handle {
    /// Then `bytes` can be read.
    pub fn read(&mut self, bytes: &[u8]) -> &mut Self {
        self.push(Step::Read(bytes.to_vec().into()))
    }

    /// Then a read fails.
    pub fn read_error(&mut self, error: io::Error) -> &mut Self {
        self.push(Step::ReadError(error))
    }

    /// Then `bytes` must be written.
    pub fn write(&mut self, bytes: &[u8]) -> &mut Self {
        self.push(Step::Write(bytes.to_vec().into()))
    }

    /// Then a write fails.
    pub fn write_error(&mut self, error: io::Error) -> &mut Self {
        self.push(Step::WriteError(error))
    }

    fn push(&mut self, step: Step) -> &mut Self {
        self.shared.push(step);
        self
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.end();
    }
}
