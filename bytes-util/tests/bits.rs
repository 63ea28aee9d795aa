//! Readers and writers of bits against lists of single bits.

use minato_bytes_util::bits::{BitErrorKind, BitOrder, BitReader, BitWriter, LsbFirst, MsbFirst};

mod kit;
use kit::{Random, seeds};

/// An order by its definition: one bit at a time.
trait Naive: BitOrder {
    /// Bit `index` of a thing of `width` bits.
    fn bit(value: u64, width: usize, index: usize) -> bool;

    fn bits(value: u64, width: usize) -> impl Iterator<Item = bool> {
        (0..width).map(move |index| Self::bit(value, width, index))
    }

    fn value(bits: &[bool]) -> u64 {
        (0..bits.len()).filter(|&index| bits[index]).map(|index| Self::weight(bits.len(), index)).sum()
    }

    fn weight(width: usize, index: usize) -> u64 {
        (0..64).map(|power| 1 << power).find(|&value| Self::bit(value, width, index)).unwrap()
    }

    fn all_bits(bytes: &[u8]) -> Vec<bool> {
        bytes.iter().flat_map(|&byte| Self::bits(byte.into(), 8)).collect()
    }
}

impl Naive for MsbFirst {
    fn bit(value: u64, width: usize, index: usize) -> bool {
        value >> (width - 1 - index) & 1 == 1
    }
}

impl Naive for LsbFirst {
    fn bit(value: u64, _: usize, index: usize) -> bool {
        value >> index & 1 == 1
    }
}

fn reads_agree<O: Naive>(random: &mut Random) {
    let bytes: Vec<u8> = (0..random.up_to(60)).map(|_| random.next() as u8).collect();
    let bits = O::all_bits(&bytes);
    let mut reader = BitReader::<O>::new(&bytes);
    let mut at = 0;
    for _ in 0..20 {
        match random.up_to(9) {
            0 => {
                let len = random.up_to(4);
                let start = at / 8;
                match reader.bytes(len) {
                    Ok(whole) => {
                        assert_eq!(whole, &bytes[start..start + len]);
                        at += len * 8;
                    }
                    Err(error) if !at.is_multiple_of(8) => assert_eq!(error.kind, BitErrorKind::Unaligned),
                    Err(_) => assert!(at + len * 8 > bits.len()),
                }
            }
            1 => {
                assert_eq!(reader.align() as usize, at.next_multiple_of(8) - at);
                at = at.next_multiple_of(8);
            }
            2 => {
                let count = random.up_to(100);
                let fits = reader.skip(count as u64).is_ok();
                assert_eq!(fits, at + count <= bits.len());
                at += if fits { count } else { 0 };
            }
            _ => {
                let width = random.up_to(64);
                match bits.get(at..at + width) {
                    Some(bits) => {
                        assert_eq!(reader.read(width as u32), Ok(O::value(bits)));
                        at += width;
                    }
                    None => {
                        let error = reader.read(width as u32).unwrap_err();
                        let (wanted, available) = (width as u64, (bits.len() - at) as u64);
                        assert_eq!(error.kind, BitErrorKind::Short { wanted, available });
                        assert_eq!(error.position, at as u64);
                    }
                }
            }
        }
        assert_eq!((reader.position(), reader.remaining()), (at as u64, (bits.len() - at) as u64));
    }
}

fn writes_agree<O: Naive>(random: &mut Random) {
    let mut room = vec![0; random.up_to(60)];
    let mut expected: Vec<bool> = Vec::new();
    let capacity = room.len() * 8;
    let mut writer = BitWriter::<_, O>::new(&mut room[..]);
    for _ in 0..20 {
        match random.up_to(9) {
            0 => {
                let bytes: Vec<u8> = (0..random.up_to(4)).map(|_| random.next() as u8).collect();
                match writer.bytes(&bytes) {
                    Ok(()) => expected.extend(O::all_bits(&bytes)),
                    Err(error) if !expected.len().is_multiple_of(8) => {
                        assert_eq!(error.kind, BitErrorKind::Unaligned)
                    }
                    Err(error) => {
                        assert_eq!(error.kind, BitErrorKind::Full);
                        assert!(expected.len() + bytes.len() * 8 > capacity);
                    }
                }
            }
            1 => {
                let aligned = expected.len().next_multiple_of(8);
                assert_eq!(writer.align() as usize, aligned - expected.len());
                expected.resize(aligned, false);
            }
            _ => {
                let width = random.up_to(64);
                let value = random.next().checked_shr(64 - width as u32).unwrap_or(0);
                match writer.write(value, width as u32) {
                    Ok(()) => expected.extend(O::bits(value, width)),
                    Err(error) => {
                        assert_eq!(error.kind, BitErrorKind::Full);
                        assert_eq!(error.position, expected.len() as u64);
                        assert!(expected.len() + width > capacity);
                    }
                }
            }
        }
        assert_eq!(writer.position(), expected.len() as u64);
    }
    writer.finish();
    expected.resize(capacity, false);
    assert_eq!(O::all_bits(&room), expected);
}

#[test]
fn both_orders_read_as_single_bits_do() {
    for seed in seeds(1500) {
        reads_agree::<MsbFirst>(&mut Random(seed));
        reads_agree::<LsbFirst>(&mut Random(seed));
    }
}

#[test]
fn both_orders_write_as_single_bits_do() {
    for seed in seeds(1500) {
        writes_agree::<MsbFirst>(&mut Random(seed));
        writes_agree::<LsbFirst>(&mut Random(seed));
    }
}

#[test]
fn a_number_wider_than_64_bits_is_an_error() {
    let mut reader = BitReader::<MsbFirst>::new(&[0; 20]);
    for width in [65, u32::MAX] {
        assert_eq!(reader.read(width).unwrap_err().kind, BitErrorKind::Width { width });
        let mut writer = BitWriter::<_, LsbFirst>::new(Vec::new());
        assert_eq!(writer.write(0, width).unwrap_err().kind, BitErrorKind::Width { width });
    }
    assert!(reader.skip(u64::MAX).is_err());
    assert!(reader.bytes(usize::MAX).is_err());
    assert_eq!(reader.position(), 0);
}

#[test]
fn a_number_that_does_not_fit_is_an_error_and_writes_nothing() {
    let mut writer = BitWriter::<_, MsbFirst>::new(Vec::new());
    for width in 0..64 {
        let kind = BitErrorKind::Value { width };
        assert_eq!(writer.write(1 << width, width).unwrap_err().kind, kind);
    }
    assert_eq!(writer.position(), 0);
    assert!(writer.finish().is_empty());
}
