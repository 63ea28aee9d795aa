//! A bound that is an error.

use std::fmt;
use std::io;

/// Fails once more than a number of bytes pass.
///
/// The bytes up to the limit pass; the next ones are an error of kind `FileTooLarge` with a [`LimitExceeded`] inside.
///
/// ```
/// use std::io::Read;
/// use minato_bytes_util::adapters::Limited;
///
/// let mut text = String::new();
/// Limited::new(&b"exactly"[..], 7).read_to_string(&mut text)?;
/// let error = Limited::new(&b"too much"[..], 7).read_to_string(&mut text).unwrap_err();
/// assert_eq!(error.to_string(), "more than 7 bytes");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Limited<T> {
    inner: T,
    limit: u64,
    left: u64,
}

/// More bytes came than were allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    limit: u64,
}

impl LimitExceeded {
    /// Bytes that were allowed.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} bytes", self.limit)
    }
}

impl std::error::Error for LimitExceeded {}

impl<T> Limited<T> {
    /// Lets `limit` bytes of a reader or to a writer pass.
    pub const fn new(inner: T, limit: u64) -> Self {
        Self { inner, limit, left: limit }
    }

    /// Bytes that may still pass.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// What is wrapped.
    pub const fn get_ref(&self) -> &T {
        &self.inner
    }

    /// What was wrapped.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn exceeded(&self) -> io::Error {
        io::Error::new(io::ErrorKind::FileTooLarge, LimitExceeded { limit: self.limit })
    }
}

impl<R: io::Read> io::Read for Limited<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buf.is_empty() {
            // Only another byte shows whether the input ends here.
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(self.exceeded()),
            };
        }
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let read = self.inner.read(&mut buf[..len])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<W: io::Write> io::Write for Limited<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        if len == 0 && !buf.is_empty() {
            return Err(self.exceeded());
        }
        let written = self.inner.write(&buf[..len])?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
