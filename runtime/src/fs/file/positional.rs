//! Reading and writing at an offset; the cursor is neither used nor moved.

use std::io;
use std::os::unix::fs::FileExt;

use super::File;
use crate::fs::cached;

impl File {
    /// Reads at `offset` and answers how many bytes were read; 0 is the end of the file, if `buf` is not empty.
    ///
    /// Any number of tasks may read at once. What this file has written before is seen.
    ///
    /// # Errors
    ///
    /// Those of `pread`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.shared.idle().await;
        if let Ok(read) = cached::read_at(&self.file, buf, offset) {
            return Ok(read);
        }
        let mut bytes = vec![0; buf.len().min(self.buffer_max)];
        let bytes = self
            .with_file(move |file| {
                let read = file.read_at(&mut bytes, offset)?;
                bytes.truncate(read);
                Ok(bytes)
            })
            .await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Fills `buf` with what is at `offset`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends first, and those of `pread`.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while done < buf.len() {
            match self.read_at(&mut buf[done..], offset + done as u64).await {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "early end of the file")),
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes at `offset` and answers how many bytes were written. When this is ready, they are.
    ///
    /// Any number of tasks may write at once, in no order. A file that was opened to append writes at its end.
    ///
    /// # Errors
    ///
    /// Those of `pwrite`.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the bytes may be written or not; all that were are at `offset`, so that writing
    /// them again is harmless.
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.shared.idle().await;
        let bytes = buf[..buf.len().min(self.buffer_max)].to_vec();
        self.with_file(move |file| file.write_at(&bytes, offset)).await
    }

    /// Writes all of `buf` at `offset`. When this is ready, it is written.
    ///
    /// # Errors
    ///
    /// `WriteZero` if no more can be written, and those of `pwrite`.
    ///
    /// # Cancel safety
    ///
    /// As [`write_at`](Self::write_at).
    pub async fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while done < buf.len() {
            match self.write_at(&buf[done..], offset + done as u64).await {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
