//! The two directions of a stream, apart.

use std::fmt;
use std::net::Shutdown;
use std::sync::Arc;

use crate::stream::{SharedStream, readable, writable};

/// The reading half of a borrowed stream.
#[derive(Debug)]
pub struct ReadHalf<'a, S>(&'a S);

/// The writing half of a borrowed stream.
#[derive(Debug)]
pub struct WriteHalf<'a, S>(&'a S);

/// The reading half of a stream, which it owns together with the writing half.
#[derive(Debug)]
pub struct OwnedReadHalf<S>(Arc<S>);

/// The writing half of a stream, which it owns together with the reading half.
///
/// Dropping it ends the writing direction, so that the peer sees the end, unless [`forget`](Self::forget) was called.
#[derive(Debug)]
pub struct OwnedWriteHalf<S: SharedStream> {
    stream: Arc<S>,
    on_drop: OnDrop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDrop {
    EndWriting,
    Nothing,
}

readable!(['a, S: SharedStream] ReadHalf<'a, S>, this => this.0);
writable!(['a, S: SharedStream] WriteHalf<'a, S>, this => this.0);
readable!([S: SharedStream] OwnedReadHalf<S>, this => &*this.0);
writable!([S: SharedStream] OwnedWriteHalf<S>, this => &*this.stream);

pub(crate) fn split<S>(stream: &mut S) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    (ReadHalf(stream), WriteHalf(stream))
}

pub(crate) fn into_split<S: SharedStream>(stream: S) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let stream = Arc::new(stream);
    (OwnedReadHalf(stream.clone()), OwnedWriteHalf { stream, on_drop: OnDrop::EndWriting })
}

impl<S> AsRef<S> for ReadHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S> AsRef<S> for WriteHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.0
    }
}

impl<S: SharedStream> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: SharedStream> OwnedReadHalf<S> {
    /// Puts the halves of one stream together again.
    ///
    /// # Errors
    ///
    /// Gives both back if they are not halves of one stream.
    pub fn reunite(self, other: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.0, &other.stream) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        match Arc::try_unwrap(self.0) {
            Ok(stream) => Ok(stream),
            Err(_) => unreachable!("a stream has two halves, and both are here"),
        }
    }
}

impl<S: SharedStream> OwnedWriteHalf<S> {
    /// Puts the halves of one stream together again.
    ///
    /// # Errors
    ///
    /// Gives both back if they are not halves of one stream.
    pub fn reunite(self, other: OwnedReadHalf<S>) -> Result<S, ReuniteError<S>> {
        other.reunite(self)
    }

    /// Drops the half without ending the writing direction.
    pub fn forget(mut self) {
        self.on_drop = OnDrop::Nothing;
    }
}

impl<S: SharedStream> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::EndWriting {
            // The peer may have gone already.
            let _ = self.stream.end(Shutdown::Write);
        }
    }
}

/// The halves do not belong together.
pub struct ReuniteError<S: SharedStream>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

impl<S: SharedStream> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<S: SharedStream> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried to reunite halves that are not from the same stream")
    }
}

impl<S: SharedStream> std::error::Error for ReuniteError<S> {}
