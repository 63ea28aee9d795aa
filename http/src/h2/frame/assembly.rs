//! A field block that came in several frames (RFC 9113 §6.10).

use super::Fault;
use crate::limits::{BLOCK_BYTES_PER_LIST_BYTE, BLOCK_FRAMES};
use crate::reason::Reason;

/// The parts of a field block that have arrived, while its last has not.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// The stream that HEADERS named: no other frame may come between.
    pub(crate) stream: u32,
    /// HEADERS ended the stream.
    pub(crate) is_end_stream: bool,
    /// The stream that HEADERS depended on.
    pub(crate) depends_on: Option<u32>,
    block: Vec<u8>,
    frames: usize,
    bytes_max: usize,
}

impl Assembly {
    /// Begins with the part that HEADERS carried. `list_bytes_max` is how large a field list we take.
    pub(crate) fn begin(
        stream: u32,
        is_end_stream: bool,
        depends_on: Option<u32>,
        block: &[u8],
        list_bytes_max: usize,
    ) -> Result<Self, Fault> {
        let bytes_max = list_bytes_max.saturating_mul(BLOCK_BYTES_PER_LIST_BYTE);
        let mut assembly =
            Self { stream, is_end_stream, depends_on, block: Vec::new(), frames: 0, bytes_max };
        assembly.push(block)?;
        Ok(assembly)
    }

    /// Adds the part that a frame carried.
    pub(crate) fn push(&mut self, block: &[u8]) -> Result<(), Fault> {
        self.frames += 1;
        if self.frames > BLOCK_FRAMES || self.block.len() + block.len() > self.bytes_max {
            return Err(Fault::Connection(Reason::ENHANCE_YOUR_CALM));
        }
        self.block.extend_from_slice(block);
        Ok(())
    }

    /// The block, once its last part is here.
    pub(crate) fn block(&self) -> &[u8] {
        &self.block
    }
}
