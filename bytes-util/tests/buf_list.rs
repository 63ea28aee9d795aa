//! `BufList` against a plain `Vec<u8>`, and the promises a vector cannot show.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
use minato_bytes_util::BufList;

mod kit;
use kit::Random;

/// Bytes of a length around the thresholds of the list.
fn any_bytes(random: &mut Random) -> Bytes {
    let max = [3, 40, 1100, 9000][random.up_to(3)];
    let len = random.up_to(max);
    (0..len).map(|_| random.next() as u8).collect()
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
    match random.up_to(15) {
        0..=2 => {
            let chunk = any_bytes(random);
            model.extend_from_slice(&chunk);
            list.push(chunk);
        }
        3 => {
            let chunk = any_bytes(random);
            model.splice(0..0, chunk.iter().copied());
            list.push_front(chunk);
        }
        4 => {
            let chunk = any_bytes(random);
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
            // A pattern that is there, mostly, and often across segments.
            let len = random.up_to(6.min(model.len()));
            let at = random.up_to(model.len() - len);
            let pattern = model[at..at + len].to_vec();
            let found = (0..=model.len() - len).find(|&at| model[at..].starts_with(&pattern));
            assert_eq!(list.find_slice(&pattern), found, "{pattern:?}");
        }
        12 => {
            let chunk = any_bytes(random);
            model.extend_from_slice(&chunk);
            list.with_tail(|tail| tail.extend_from_slice(&chunk));
        }
        13 => {
            let first = list.iter().next().map(<[u8]>::to_vec);
            let popped = list.pop_front();
            assert_eq!(popped.as_deref(), first.as_deref());
            model.drain(..popped.map_or(0, |segment| segment.len()));
        }
        14 => {
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

#[test]
fn an_encoder_that_panics_leaves_the_list_consistent() {
    let mut list = BufList::from(Bytes::from_static(b"before "));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        list.with_tail(|tail| {
            tail.extend_from_slice(b"half");
            panic!("no more");
        })
    }));
    assert!(panicked.is_err());
    check(&list, b"before half", 0);
}

#[test]
fn many_lists_can_share_the_memory_of_a_tail() {
    let mut list = BufList::new();
    assert!(list.take_spare().is_none());
    list.set_spare(bytes::BytesMut::with_capacity(4096));
    list.push_slice(b"small");
    assert!(list.take_spare().is_none(), "in use");
    list.advance(5);
    let spare = list.take_spare().unwrap();
    assert!(spare.capacity() >= 4091);
    assert!(list.take_spare().is_none());
}

#[test]
fn the_first_of_several_patterns_is_found_as_in_one_piece() {
    for seed in kit::seeds(500) {
        let mut random = kit::Random(seed);
        let whole = random.bytes(40, b"ab");
        let list: BufList = random.pieces(&whole).into_iter().map(Bytes::copy_from_slice).collect();
        let patterns: Vec<Vec<u8>> = (0..3)
            .map(|_| {
                let len = random.up_to(4);
                random.bytes(len, b"ab")
            })
            .collect();
        let patterns: Vec<&[u8]> = patterns.iter().map(Vec::as_slice).collect();
        let naive = (0..=whole.len()).find_map(|at| {
            let which = patterns.iter().position(|pattern| whole[at..].starts_with(pattern))?;
            Some((at, which))
        });
        assert_eq!(list.find_any(&patterns), naive, "seed {seed}");
    }
}

#[test]
fn a_pattern_is_found_across_any_number_of_segments() {
    let mut list = BufList::new();
    list.push_front(Bytes::from_static(b"d\n"));
    for byte in [b"\r", b"\n", b"\r", b"c"] {
        list.push_front(Bytes::from_static(byte));
    }
    assert_eq!(list.segment_count(), 5);
    assert_eq!(list.find_slice(b"\r\n\rd"), Some(1));
    assert_eq!(list.find_slice(b"\r\r"), None);
    assert_eq!(list.find_slice(b""), Some(0));
}
