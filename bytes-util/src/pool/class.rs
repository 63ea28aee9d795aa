//! Size classes: powers of two from 512 bytes to 1 MiB.

use crate::limits::{POOL_BUFFER_LEN_MAX, POOL_CLASS_LOG2_MAX, POOL_CLASS_LOG2_MIN};

pub(super) const CLASS_COUNT: usize = (POOL_CLASS_LOG2_MAX - POOL_CLASS_LOG2_MIN + 1) as usize;

/// A size class, by its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(usize);

impl Class {
    /// The smallest class whose buffers hold `capacity` bytes.
    pub(super) fn holding(capacity: usize) -> Option<Self> {
        if capacity > POOL_BUFFER_LEN_MAX {
            return None;
        }
        let log2 = capacity.next_power_of_two().ilog2().max(POOL_CLASS_LOG2_MIN);
        Some(Self((log2 - POOL_CLASS_LOG2_MIN) as usize))
    }

    /// The largest class whose promise `bytes` of memory keep.
    pub(super) fn filled_by(bytes: usize) -> Option<Self> {
        if bytes > POOL_BUFFER_LEN_MAX {
            return None;
        }
        let log2 = bytes.checked_ilog2()?;
        log2.checked_sub(POOL_CLASS_LOG2_MIN).map(|class| Self(class as usize))
    }

    pub(super) fn index(self) -> usize {
        self.0
    }

    /// The capacity of a new buffer.
    pub(super) fn capacity(self) -> usize {
        1 << (self.0 as u32 + POOL_CLASS_LOG2_MIN)
    }
}
