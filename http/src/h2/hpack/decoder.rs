//! A block becomes a section (RFC 7541 §3, §6).

use super::again::{Again, Known, Literal, RawString};
use super::field::{Field, Keep, Name};
use super::section::{FieldLimits, Section};
use super::table::Table;
use super::{CompressionError, TABLE_BYTES, huffman, integer, known};

/// Strings longer than this do not leave their memory for the next.
const STRING_BYTES: usize = 1024;

/// Decodes the blocks of one direction of a connection.
#[derive(Debug)]
pub(crate) struct Decoder {
    table: Table,
    /// The table size that we allow.
    table_bytes_max: usize,
    /// We allow less than the peer has been using: its next block must begin with the change.
    is_change_due: bool,
    again: Again,
    /// The strings of a literal while they are decoded: its memory serves for one after another.
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Decoder {
    /// A decoder whose table has the size that both sides start with. It holds no memory before it is used.
    pub(crate) fn new() -> Self {
        Self {
            table: Table::new(),
            table_bytes_max: TABLE_BYTES as usize,
            is_change_due: false,
            again: Again::default(),
            name: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Allows another table size; to be called when the peer has acknowledged the setting that says so.
    pub(crate) fn set_table_size_max(&mut self, bytes_max: u32) {
        self.table_bytes_max = bytes_max as usize;
        // RFC 7541 §4.2: a reduced size is acknowledged at the start of the next block.
        self.is_change_due = self.table.bytes_max() > self.table_bytes_max;
    }

    /// Decodes a whole block. What is wrong with the section that it makes is told in there.
    pub(crate) fn decode(&mut self, block: &[u8], limits: &FieldLimits) -> Result<Section, CompressionError> {
        let mut rest = block;
        self.resize(&mut rest)?;
        let mut section = Section::new(limits);
        while let Some((&first, behind)) = rest.split_first() {
            rest = behind;
            match first {
                0x80.. => {
                    let index = integer::decode(first, 7, &mut rest)?;
                    self.add_indexed(index, &mut section)?;
                }
                0x40..0x80 => {
                    let name = self.name(integer::decode(first, 6, &mut rest)?, &mut rest)?;
                    let value = string(&mut rest, &mut self.value)?;
                    let len = name.len() + value.len();
                    let field = Field::new(name, value, Keep::Long);
                    section.add(&field, len);
                    self.table.insert(field, len);
                }
                // RFC 7541 §4.2: a change of size stands before the fields.
                0x20..0x40 => return Err(CompressionError),
                // Without indexing, and never indexed.
                ..0x20 => {
                    let index = integer::decode(first, 4, &mut rest)?;
                    match index {
                        1..=known::LEN if first < 0x10 => {
                            let string = raw_string(&mut rest)?;
                            self.add_literal(Literal { index, string }, &mut section)?;
                        }
                        _ => {
                            let name = self.name(index, &mut rest)?;
                            let value = string(&mut rest, &mut self.value)?;
                            let len = name.len() + value.len();
                            let keep = if first < 0x10 { Keep::Short } else { Keep::Secret };
                            section.take(len, || Field::new(name, value, keep));
                        }
                    }
                }
            }
        }
        section.finish();
        self.name.shrink_to(STRING_BYTES);
        self.value.shrink_to(STRING_BYTES);
        Ok(section)
    }

    #[inline]
    fn add_indexed(&self, index: usize, section: &mut Section) -> Result<(), CompressionError> {
        match index {
            // RFC 7541 §6.1: there is no such index.
            0 => Err(CompressionError),
            1..=known::LEN => {
                let (field, len) = known::field(index);
                section.take(len, || field);
                Ok(())
            }
            _ => {
                let (field, len) = self.table.get(index - known::LEN - 1).ok_or(CompressionError)?;
                section.add(field, len);
                Ok(())
            }
        }
    }

    /// Adds a literal that gets no place in the table, and whose name is of the static one.
    fn add_literal(&mut self, literal: Literal<'_>, section: &mut Section) -> Result<(), CompressionError> {
        let known = self.again.look_up(literal);
        if let Known::Field(field, len) = known {
            section.add(field, len);
            return Ok(());
        }
        let is_kept = matches!(known, Known::Before);
        let name = known::name(literal.index);
        let value = plain(literal.string, &mut self.value)?;
        let len = name.len() + value.len();
        if is_kept {
            let field = Field::new(name, value, Keep::Long);
            section.add(&field, len);
            self.again.keep(literal, field, len);
        } else {
            section.take(len, || Field::new(name, value, Keep::Short));
        }
        Ok(())
    }

    /// Takes the changes of the table size that stand before the fields.
    fn resize(&mut self, rest: &mut &[u8]) -> Result<(), CompressionError> {
        while let Some((&first @ 0x20..0x40, behind)) = rest.split_first() {
            *rest = behind;
            let bytes_max = integer::decode(first, 5, rest)?;
            if bytes_max > self.table_bytes_max {
                return Err(CompressionError);
            }
            self.table.resize(bytes_max);
            self.is_change_due = false;
        }
        match self.is_change_due {
            true => Err(CompressionError),
            false => Ok(()),
        }
    }

    /// The name of a literal, which is another one's or in the block.
    fn name(&mut self, index: usize, rest: &mut &[u8]) -> Result<Name, CompressionError> {
        match index {
            0 => Ok(Name::parse(string(rest, &mut self.name)?)),
            1..=known::LEN => Ok(known::name(index)),
            _ => match self.table.get(index - known::LEN - 1) {
                Some((field, _)) => Ok(field.name()),
                None => Err(CompressionError),
            },
        }
    }

    /// A decoder of a connection whose peer has used this table size from the start.
    #[cfg(test)]
    pub(super) fn with_table_size(bytes_max: usize) -> Self {
        let mut decoder = Self::new();
        decoder.table.resize(bytes_max);
        decoder.table_bytes_max = bytes_max;
        decoder
    }

    #[cfg(test)]
    pub(super) fn table(&self) -> &Table {
        &self.table
    }
}

/// A string (RFC 7541 §5.2): a part of the block, or what `decoded` holds then.
fn string<'a, 'd>(rest: &mut &'a [u8], decoded: &'d mut Vec<u8>) -> Result<&'d [u8], CompressionError>
where
    'a: 'd,
{
    plain(raw_string(rest)?, decoded)
}

#[inline]
fn raw_string<'a>(rest: &mut &'a [u8]) -> Result<RawString<'a>, CompressionError> {
    let (&first, behind) = rest.split_first().ok_or(CompressionError)?;
    *rest = behind;
    let len = integer::decode(first, 7, rest)?;
    let (bytes, behind) = rest.split_at_checked(len).ok_or(CompressionError)?;
    *rest = behind;
    Ok(RawString { is_coded: first & 0x80 != 0, bytes })
}

fn plain<'a, 'd>(string: RawString<'a>, decoded: &'d mut Vec<u8>) -> Result<&'d [u8], CompressionError>
where
    'a: 'd,
{
    if !string.is_coded {
        return Ok(string.bytes);
    }
    decoded.clear();
    huffman::decode(string.bytes, decoded)?;
    Ok(decoded)
}
