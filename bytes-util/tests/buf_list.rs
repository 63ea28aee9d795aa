//! `BufList` against a plain `Vec<u8>`, and the promises a vector cannot show.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
use minato_bytes_util::BufList;

/// A small deterministic generator (xorshift64*), so that a failure is a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number up to and including `max`.
    fn up_to(&mut self, max: usize) -> usize {
        (self.next() % (max as u64 + 1)) as usize
    }

    /// Bytes of a length around the thresholds of the list.
    fn bytes(&mut self) -> Bytes {
        let max = [3, 40, 1100, 9000][self.up_to(3)];
        let len = self.up_to(max);
        (0..len).map(|_| self.next() as u8).collect()
    }
}

fn contents(list: &BufList) -> Vec<u8> {
    list.iter().flatten().copied().collect()
}

fn check(list: &BufList, model: &[u8], seed: u64) {
    assert_eq!(list.remaining(), model.len(), "seed {seed}");
    assert_eq!(contents(list), model, "seed {seed}");
    assert!(list.iter().all(|segment| !segment.is_empty()), "seed {seed}: an empty segment");
    assert_eq!(list.iter().count(), list.segment_count(), "seed {seed}");
    assert_eq!(list.chunk().is_empty(), model.is_empty(), "seed {seed}: no progress by chunk()");
}

fn step(list: &mut BufList, model: &mut Vec<u8>, random: &mut Random) {
    match random.up_to(12) {
        0..=2 => {
            let chunk = random.bytes();
            model.extend_from_slice(&chunk);
            list.push(chunk);
        }
        3 => {
            let chunk = random.bytes();
            model.splice(0..0, chunk.iter().copied());
            list.push_front(chunk);
        }
        4 => {
            let chunk = random.bytes();
            model.extend_from_slice(&chunk);
            list.push_slice(&chunk);
        }
        5 => {
            let count = random.up_to(model.len());
            model.drain(..count);
            list.advance(count);
        }
        6 => {
            let count = random.up_to(model.len());
            let expected: Vec<u8> = model.drain(..count).collect();
            assert_eq!(list.copy_to_bytes(count), expected);
        }
        7 => {
            let at = random.up_to(model.len());
            let rest = model.split_off(at);
            assert_eq!(contents(&list.split_to(at)), *model);
            *model = rest;
        }
        8 => {
            let at = random.up_to(model.len());
            let rest = model.split_off(at);
            let taken = list.split_off(at);
            assert_eq!(contents(&taken), rest);
            if random.up_to(1) == 0 {
                list.append(taken);
                model.extend(rest);
            }
        }
        9 => {
            let len = random.up_to(model.len() + 3);
            model.truncate(len);
            list.truncate(len);
        }
        10 => {
            let end = random.up_to(model.len());
            let start = random.up_to(end);
            assert_eq!(contents(&list.slice(start..end)), model[start..end]);
        }
        11 => {
            let byte = random.next() as u8;
            assert_eq!(list.find(byte), model.iter().position(|&b| b == byte));
        }
        _ => {
            let mut prefix = vec![0; random.up_to(40)];
            let filled = list.peek(&mut prefix);
            assert_eq!(filled, prefix.len().min(model.len()));
            assert_eq!(prefix[..filled], model[..filled]);
        }
    }
}

#[test]
fn agrees_with_a_vector_under_random_operations() {
    for seed in 1..=60 {
        let mut random = Random(seed);
        let (mut list, mut model) = (BufList::new(), Vec::new());
        for _ in 0..300 {
            step(&mut list, &mut model, &mut random);
            check(&list, &model, seed);
        }
        assert_eq!(list.clone().into_bytes(), model, "seed {seed}");
    }
}

#[test]
fn one_byte_chunks_share_segments() {
    let list: BufList =
        (0..=255u8).cycle().take(100_000).map(|byte| Bytes::copy_from_slice(&[byte])).collect();
    assert_eq!(list.len(), 100_000);
    assert!(list.segment_count() <= 100_000 / 8192 + 2, "{list:?}");
}

#[test]
fn bytes_within_one_segment_are_not_copied() {
    let large = Bytes::from(vec![7; 4096]);
    let mut list = BufList::from(large.clone());
    list.push(large.clone());
    let part = list.copy_to_bytes(100);
    assert_eq!(part.as_ptr(), large.as_ptr());
    let rest_of_the_first = list.copy_to_bytes(3996);
    assert_eq!(rest_of_the_first.as_ptr(), large[100..].as_ptr());
    assert_eq!(list.slice(10..).chunk().as_ptr(), large[10..].as_ptr());
}

fn joined(slices: &[IoSlice<'_>]) -> Vec<u8> {
    slices.iter().flat_map(|slice| slice.iter().copied()).collect()
}

#[test]
fn vectored_export_covers_every_segment_and_stops_at_the_room_given() {
    let mut list = BufList::new();
    for byte in 0..4 {
        list.push(Bytes::from(vec![byte; 2000]));
    }
    list.push_slice(b"tail");
    let mut slices = [IoSlice::new(&[]); 8];
    assert_eq!(list.chunks_vectored(&mut slices), 5);
    assert_eq!(joined(&slices[..5]), contents(&list));
    let mut slices = [IoSlice::new(&[]); 2];
    assert_eq!(list.chunks_vectored(&mut slices), 2);
    assert_eq!(joined(&slices), contents(&list)[..4000]);
}

#[test]
#[should_panic(expected = "advance by 3 in a list of 2 bytes")]
fn advancing_past_the_end_panics() {
    BufList::from(Bytes::from_static(b"ab")).advance(3);
}
