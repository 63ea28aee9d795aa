//! The Huffman code of RFC 7541 appendix B, both ways.
//!
//! The code is canonical: the lengths say it all, and the tables are made of them when this is compiled. Nearly every
//! byte that occurs in a field has a code of at most eight bits and is read by one look-up.

use super::CompressionError;

/// What ends a string in the tree, and must never occur in one.
const EOS: usize = 256;

/// The longest code.
const LEN_MAX: u32 = 30;

/// How long the code of each byte is, and that of [`EOS`].
const LENGTHS: [u8; EOS + 1] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, //
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, //
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, //
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, //
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, //
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, //
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, //
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// The code of each byte, in its lowest bits.
static CODES: [u32; EOS + 1] = TABLES.codes;

/// The byte whose code begins with these eight bits, and the length of the code; length zero where it is longer.
static SHORT: [(u8, u8); 256] = TABLES.short;

/// The bytes in the order of their codes.
static ORDER: [u16; EOS + 1] = TABLES.order;

/// For each length the first code beyond it, on the left of 32 bits, and what leads from a code to its place in `ORDER`.
static LONG: [(u64, u32); LEN_MAX as usize + 1] = TABLES.long;

struct Tables {
    codes: [u32; EOS + 1],
    short: [(u8, u8); 256],
    order: [u16; EOS + 1],
    long: [(u64, u32); LEN_MAX as usize + 1],
}

const TABLES: Tables = {
    let mut tables = Tables {
        codes: [0; EOS + 1],
        short: [(0, 0); 256],
        order: [0; EOS + 1],
        long: [(0, 0); LEN_MAX as usize + 1],
    };
    let (mut code, mut place, mut len) = (0_u32, 0, 1);
    while len <= LEN_MAX {
        code <<= 1;
        let first = code;
        let first_place = place;
        let mut symbol = 0;
        while symbol <= EOS {
            if LENGTHS[symbol] as u32 == len {
                tables.codes[symbol] = code;
                tables.order[place] = symbol as u16;
                if len <= 8 {
                    let start = (code as usize) << (8 - len);
                    let mut i = 0;
                    while i < 1 << (8 - len) {
                        tables.short[start + i] = (symbol as u8, len as u8);
                        i += 1;
                    }
                }
                place += 1;
                code += 1;
            }
            symbol += 1;
        }
        tables.long[len as usize] = ((code as u64) << (32 - len), (first_place as u32).wrapping_sub(first));
        len += 1;
    }
    // The code is complete: no bits are without a meaning.
    assert!(code == 1 << LEN_MAX && place == EOS + 1);
    tables
};

/// The byte at the left of `bits`, and the length of its code; `None` for the end of string.
#[inline]
fn symbol(bits: u64) -> Option<(u8, u32)> {
    match SHORT[(bits >> 56) as usize] {
        (_, 0) => long_symbol(bits >> 32),
        (byte, len) => Some((byte, u32::from(len))),
    }
}

#[cold]
fn long_symbol(bits: u64) -> Option<(u8, u32)> {
    let mut len = 9;
    // The last length ends beyond all of 32 bits.
    while bits >= LONG[len].0 {
        len += 1;
    }
    let code = (bits >> (32 - len)) as u32;
    let symbol = ORDER[code.wrapping_add(LONG[len].1) as usize];
    u8::try_from(symbol).ok().map(|byte| (byte, len as u32))
}

/// Bytes written at a time.
const BLOCK: usize = 8;

/// Appends what `coded` says.
pub(super) fn decode(coded: &[u8], out: &mut Vec<u8>) -> Result<(), CompressionError> {
    // The shortest code is five bits long.
    out.reserve(coded.len() * 8 / 5 + BLOCK);
    // The next bits, on the left; `count` of them are known.
    let (mut bits, mut count) = (0_u64, 0_u32);
    let mut rest = coded;
    while let Some(next) = rest.first_chunk() {
        // Bits beyond the count may be there already: they are the same ones.
        bits |= u64::from_be_bytes(*next) >> count;
        let taken = (63 - count) / 8;
        rest = &rest[taken as usize..];
        count += taken * 8;
        let (mut block, mut len) = ([0; BLOCK], 0);
        while count >= LEN_MAX {
            // RFC 7541 §5.2: the end of string within a string is an error.
            let (byte, code_len) = symbol(bits).ok_or(CompressionError)?;
            // At most seven codes end in the 34 bits that there are too many of.
            block[len % BLOCK] = byte;
            len += 1;
            bits <<= code_len;
            count -= code_len;
        }
        let end = out.len() + len;
        out.extend_from_slice(&block);
        out.truncate(end);
    }
    loop {
        while count < 56
            && let Some((&byte, behind)) = rest.split_first()
        {
            // The bits beyond the count are cleared here, for there may be some that were not counted.
            bits = (bits & !(u64::MAX >> count)) | u64::from(byte) << (56 - count);
            count += 8;
            rest = behind;
        }
        // Ones behind the end: they are the beginning of the end of string, as padding is.
        let ones = u64::MAX >> count;
        match symbol(bits | ones) {
            Some((byte, len)) if len <= count => {
                out.push(byte);
                bits <<= len;
                count -= len;
            }
            // RFC 7541 §5.2: padding is shorter than a byte, and the first bits of the end of string.
            _ if count < 8 && bits | ones == u64::MAX => return Ok(()),
            _ => return Err(CompressionError),
        }
    }
}

/// How many bytes `plain` takes when it is coded.
#[inline]
pub(super) fn encoded_len(plain: &[u8]) -> usize {
    plain.iter().map(|&byte| usize::from(LENGTHS[usize::from(byte)])).sum::<usize>().div_ceil(8)
}

/// Appends `plain`, coded.
pub(super) fn encode(plain: &[u8], out: &mut Vec<u8>) {
    // The last bits, on the right; `count` of them are not written.
    let (mut bits, mut count) = (0_u64, 0_u32);
    for &byte in plain {
        let len = u32::from(LENGTHS[usize::from(byte)]);
        bits = bits << len | u64::from(CODES[usize::from(byte)]);
        count += len;
        if count >= 32 {
            count -= 32;
            out.extend_from_slice(&((bits >> count) as u32).to_be_bytes());
        }
    }
    // RFC 7541 §5.2: the padding is ones.
    let whole = count.div_ceil(8) * 8;
    let bits = bits << (whole - count) | ((1 << (whole - count)) - 1);
    out.extend_from_slice(&((bits << 32 >> whole) as u32).to_be_bytes()[..(whole / 8) as usize]);
}
