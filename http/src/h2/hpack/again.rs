//! Literals that come again.
//!
//! Most encoders never give `:path` a place in the table, gRPC's among them, nor lengths: they come as literals, with
//! every request, and are nearly always the same few. Those are recognised as they stand in the block and cost what an
//! index costs. What comes once is only noted as a hash, so that it costs no memory.

use super::field::Field;
use super::sent::mix;

/// LIMIT: literals that are kept for a connection. A power of two.
const SLOTS: usize = 4;

/// LIMIT: bytes of a literal that is kept.
const BYTES: usize = 256;

/// A literal as it stands in a block: the index of its name in the static table, and its string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Literal<'a> {
    pub(super) index: usize,
    pub(super) string: RawString<'a>,
}

/// A string as it stands in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawString<'a> {
    pub(super) is_coded: bool,
    pub(super) bytes: &'a [u8],
}

#[derive(Debug, Default)]
enum Slot {
    #[default]
    Empty,
    /// One that came once.
    Once(u64),
    /// One that came again.
    Kept(Box<Kept>),
}

#[derive(Debug)]
struct Kept {
    index: usize,
    is_coded: bool,
    bytes: Box<[u8]>,
    field: Field,
    /// The length of its name and value.
    len: usize,
}

/// The literals of one direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Again {
    slots: [Slot; SLOTS],
}

/// What is known about a literal.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// The field, and the length of its name and value.
    Field(&'a Field, usize),
    /// It came before: it is worth keeping.
    Before,
    New,
}

impl Again {
    /// What is known about a literal, of which note is taken.
    #[inline]
    pub(super) fn look_up(&mut self, literal: Literal<'_>) -> Known<'_> {
        if literal.string.bytes.len() > BYTES {
            return Known::New;
        }
        let slot = &mut self.slots[slot(literal)];
        let hash = match slot {
            Slot::Kept(kept) if kept.is(literal) => None,
            _ => Some(mix(literal.index as u64, literal.string.bytes)),
        };
        match (slot, hash) {
            (Slot::Kept(kept), None) => Known::Field(&kept.field, kept.len),
            (Slot::Once(before), Some(hash)) if *before == hash => Known::Before,
            (slot, hash) => {
                *slot = hash.map_or(Slot::Empty, Slot::Once);
                Known::New
            }
        }
    }

    /// Keeps a literal that came before.
    pub(super) fn keep(&mut self, literal: Literal<'_>, field: Field, len: usize) {
        let Literal { index, string: RawString { is_coded, bytes } } = literal;
        self.slots[slot(literal)] =
            Slot::Kept(Box::new(Kept { index, is_coded, bytes: bytes.into(), field, len }));
    }
}

impl Kept {
    fn is(&self, literal: Literal<'_>) -> bool {
        self.index == literal.index
            && self.is_coded == literal.string.is_coded
            && *self.bytes == *literal.string.bytes
    }
}

/// Which slot a literal belongs to: cheap, for a wrong guess costs only what it would have cost without.
fn slot(literal: Literal<'_>) -> usize {
    let bytes = literal.string.bytes;
    let middle = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
    (literal.index + bytes.len() + usize::from(middle)) % SLOTS
}
