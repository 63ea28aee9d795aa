//! A buffer on loan from a pool.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;

use super::Pool;
use crate::limits::POOL_FREEZE_COPY_LEN_MAX;

/// A growable buffer whose memory goes back to its [`Pool`] when it is dropped.
///
/// It dereferences to `Vec<u8>`, which is a [`BufMut`](bytes::BufMut): write with `buf.put_slice(..)`, or pass
/// `&mut *buf` where an `impl BufMut` is asked for. [`freeze`](Self::freeze) turns it into [`Bytes`].
pub struct PooledBuf {
    memory: Vec<u8>,
    pool: Pool,
}

impl PooledBuf {
    pub(super) fn new(memory: Vec<u8>, pool: Pool) -> Self {
        Self { memory, pool }
    }

    /// The contents as `Bytes`; the memory goes back to the pool when the last clone of them is dropped.
    ///
    /// A few bytes are copied out instead, so that they do not pin a large buffer.
    #[must_use]
    pub fn freeze(self) -> Bytes {
        if self.memory.len() <= POOL_FREEZE_COPY_LEN_MAX {
            return Bytes::copy_from_slice(&self.memory);
        }
        Bytes::from_owner(self)
    }
}

impl Drop for PooledBuf {
    fn drop(&mut self) {
        self.pool.put(std::mem::take(&mut self.memory));
    }
}

impl Deref for PooledBuf {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.memory
    }
}

impl DerefMut for PooledBuf {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.memory
    }
}

impl AsRef<[u8]> for PooledBuf {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl AsMut<[u8]> for PooledBuf {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }
}

impl fmt::Debug for PooledBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledBuf")
            .field("len", &self.memory.len())
            .field("capacity", &self.memory.capacity())
            .finish()
    }
}
