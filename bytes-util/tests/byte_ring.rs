//! `ByteRing` against a `VecDeque`.

use std::collections::VecDeque;
use std::io::{BufRead, IoSlice, IoSliceMut, Read, Write};

use bytes::Buf;
use minato_bytes_util::ByteRing;

mod kit;
use kit::{Random, seeds};

fn contents(ring: &ByteRing) -> Vec<u8> {
    let (front, back) = ring.as_slices();
    [front, back].concat()
}

#[test]
fn a_ring_is_a_queue_whatever_is_done_to_it() {
    for seed in seeds(400) {
        let mut random = Random(seed);
        let capacity_max = random.up_to(300);
        let mut ring = match random.up_to(1) {
            0 => ByteRing::bounded(capacity_max),
            _ => ByteRing::growing(capacity_max),
        };
        let mut model: VecDeque<u8> = VecDeque::new();
        for step in 0..300 {
            let context = format!("seed {seed}, step {step}");
            let len = random.up_to(capacity_max / 2 + 3);
            let bytes = random.bytes(len, b"abc");
            let room = capacity_max - model.len();
            match random.up_to(11) {
                0 | 1 => {
                    let pushed = ring.push_slice(&bytes);
                    assert_eq!(pushed.is_ok(), len <= room, "{context}");
                    match pushed {
                        Ok(()) => model.extend(&bytes),
                        Err(full) => assert_eq!(full.room(), room, "{context}"),
                    }
                }
                2 => {
                    assert_eq!(ring.write(&bytes).unwrap(), len.min(room), "{context}");
                    model.extend(bytes.iter().take(room));
                }
                3 => {
                    let (one, other) = bytes.split_at(random.up_to(len));
                    let written = ring.write_vectored(&[one, other].map(IoSlice::new)).unwrap();
                    assert_eq!(written, len.min(room), "{context}");
                    model.extend(bytes.iter().take(room));
                }
                4 => {
                    ring.reserve(len);
                    assert!(ring.capacity() - ring.len() >= len.min(room), "{context}");
                    let (front, back) = ring.spare_slices();
                    let mut source = &bytes[..];
                    let received = source.read(front).unwrap();
                    let received = received + source.read(back).unwrap();
                    ring.commit(received);
                    model.extend(&bytes[..received]);
                }
                5 | 6 => {
                    let mut read = vec![0; len];
                    let count = ring.read(&mut read).unwrap();
                    assert_eq!(
                        read[..count],
                        model.drain(..len.min(model.len())).collect::<Vec<_>>(),
                        "{context}"
                    );
                }
                7 => {
                    let (mut one, mut other) = (vec![0; len / 3], vec![0; len - len / 3]);
                    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
                    let count = ring.read_vectored(&mut bufs).unwrap();
                    let read = [one, other].concat();
                    assert_eq!(
                        read[..count],
                        model.drain(..len.min(model.len())).collect::<Vec<_>>(),
                        "{context}"
                    );
                }
                8 => {
                    let chunk = ring.fill_buf().unwrap().to_vec();
                    assert_eq!(chunk.is_empty(), model.is_empty(), "{context}");
                    let count = random.up_to(chunk.len());
                    ring.consume(count);
                    assert_eq!(chunk[..count], model.drain(..count).collect::<Vec<_>>(), "{context}");
                }
                9 => {
                    let count = len.min(model.len());
                    ring.advance(count);
                    model.drain(..count);
                }
                10 => assert_eq!(ring.make_contiguous(), model.make_contiguous(), "{context}"),
                _ => match random.up_to(3) {
                    0 => {
                        ring.clear();
                        model.clear();
                    }
                    _ => {
                        ring.shrink_to_fit();
                        assert_eq!(ring.capacity(), model.len(), "{context}");
                    }
                },
            }
            assert_eq!(contents(&ring), model.iter().copied().collect::<Vec<_>>(), "{context}");
            assert_eq!((ring.len(), ring.remaining()), (model.len(), model.len()), "{context}");
            assert_eq!((ring.room(), ring.is_empty()), (capacity_max - model.len(), model.is_empty()));
            assert!(ring.capacity() <= capacity_max, "{context}");
            let mut slices = [IoSlice::new(&[]); 3];
            let filled = ring.chunks_vectored(&mut slices);
            assert_eq!(
                slices[..filled].iter().map(|slice| slice.len()).sum::<usize>(),
                model.len(),
                "{context}"
            );
        }
    }
}

#[test]
fn a_ring_grows_to_its_limit_and_no_further() {
    let mut ring = ByteRing::new();
    assert_eq!((ring.capacity(), ring.capacity_max()), (0, 1 << 20));
    let mut taken = 0;
    while let Ok(count @ 1..) = ring.write(&[7; 1000]) {
        taken += count;
    }
    assert_eq!((taken, ring.capacity(), ring.room()), (1 << 20, 1 << 20, 0));
    ring.advance(taken);
    ring.shrink_to_fit();
    assert_eq!(ring.capacity(), 0);
}

#[test]
fn what_passes_through_a_small_ring_allocates_nothing() {
    let mut ring = ByteRing::bounded(10);
    let memory = ring.spare_slices().0.as_ptr();
    for round in 0..1000_u16 {
        let bytes = round.to_be_bytes();
        ring.push_slice(&bytes).unwrap();
        ring.push_slice(b"xyz").unwrap();
        assert_eq!(ring.get_u16(), round);
        ring.advance(3);
    }
    assert_eq!(ring.spare_slices().0.as_ptr(), memory);
}

#[test]
#[should_panic(expected = "commit of 5 bytes to a ring with 4 to spare")]
fn more_than_was_lent_cannot_be_committed() {
    ByteRing::bounded(4).commit(5);
}
