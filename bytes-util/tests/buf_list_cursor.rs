//! A cursor over a list against `std::io::Cursor` over a plain vector.

use std::io::{BufRead, Cursor, IoSlice, Read, Seek, SeekFrom};

use bytes::{Buf, Bytes};
use minato_bytes_util::{BufList, BufListCursor};

mod kit;
use kit::{Random, seeds};

/// A list of any shape: with and without a front, segments and a tail.
fn any_list(random: &mut Random) -> BufList {
    let mut list = BufList::new();
    for _ in 0..random.up_to(12) {
        let max = [3, 40, 1100, 3000][random.up_to(3)];
        let len = random.up_to(max);
        let chunk: Bytes = (0..len).map(|_| random.next() as u8).collect();
        match random.up_to(2) {
            0 => list.push_front(chunk),
            1 => list.push_slice(&chunk),
            _ => list.push(chunk),
        }
    }
    list
}

fn step(cursor: &mut BufListCursor<'_>, model: &mut Cursor<Vec<u8>>, random: &mut Random) {
    let len = model.get_ref().len();
    match random.up_to(7) {
        0 => {
            let position = random.up_to(len + 20) as u64;
            cursor.set_position(position);
            model.set_position(position);
        }
        1 | 2 => {
            let distance = random.up_to(2 * len + 20) as i64 - len as i64 - 10;
            let to = match random.up_to(2) {
                0 => SeekFrom::Start(distance.unsigned_abs()),
                1 => SeekFrom::End(distance),
                _ => SeekFrom::Current(distance),
            };
            let (ours, theirs) = (cursor.seek(to), model.seek(to));
            assert_eq!(ours.map_err(|error| error.kind()), theirs.map_err(|error| error.kind()), "{to:?}");
        }
        3 => {
            let wanted = random.up_to(3000);
            let (mut ours, mut theirs) = (vec![0; wanted], vec![0; wanted]);
            assert_eq!(cursor.read(&mut ours).unwrap(), model.read(&mut theirs).unwrap());
            assert_eq!(ours, theirs);
        }
        4 => {
            let byte = random.next() as u8;
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            cursor.read_until(byte, &mut ours).unwrap();
            model.read_until(byte, &mut theirs).unwrap();
            assert_eq!(ours, theirs);
        }
        5 => {
            let count = random.up_to(model.remaining());
            cursor.advance(count);
            model.advance(count);
        }
        6 => {
            let count = random.up_to(model.remaining());
            assert_eq!(cursor.copy_to_bytes(count), model.copy_to_bytes(count));
        }
        _ => {
            let mut slices = [IoSlice::new(&[]); 20];
            let filled = cursor.chunks_vectored(&mut slices);
            let joined: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.iter().copied()).collect();
            assert_eq!(joined, model.chunk());
        }
    }
    assert_eq!(cursor.position(), model.position());
    assert_eq!(cursor.stream_position().unwrap(), model.position());
    assert_eq!(cursor.remaining(), model.remaining());
    assert!(model.chunk().starts_with(cursor.chunk()));
    assert_eq!(cursor.chunk().is_empty(), model.chunk().is_empty(), "no progress by chunk()");
}

#[test]
fn agrees_with_a_cursor_over_a_vector_under_random_operations() {
    for seed in seeds(150) {
        let mut random = Random(seed);
        let list = any_list(&mut random);
        let mut model = Cursor::new(list.clone().into_bytes().to_vec());
        let mut cursor = list.cursor();
        for _ in 0..80 {
            step(&mut cursor, &mut model, &mut random);
        }
        assert_eq!(list.len(), model.get_ref().len(), "seed {seed}: reading took something");
    }
}

#[test]
fn bytes_within_one_segment_are_shared() {
    let large = Bytes::from(vec![7; 4096]);
    let list: BufList = [large.clone(), large.clone()].into_iter().collect();
    let mut cursor = list.cursor();
    cursor.set_position(5000);
    assert_eq!(cursor.copy_to_bytes(100).as_ptr(), large[5000 - 4096..].as_ptr());
    cursor.set_position(10);
    assert_eq!(cursor.copy_to_bytes(4086).as_ptr(), large[10..].as_ptr());
    assert_eq!(cursor.chunk().len(), 4096);
}

#[test]
fn no_bytes_are_read_within_a_list_that_is_only_a_tail() {
    let mut list = BufList::new();
    list.push_slice(b"tail");
    let mut cursor = list.cursor();
    cursor.set_position(2);
    assert!(cursor.copy_to_bytes(0).is_empty());
    assert_eq!(cursor.copy_to_bytes(2), "il");
}

#[test]
fn positions_outside_read_as_nothing() {
    let list = BufList::from(Bytes::from_static(b"ab"));
    let mut cursor = list.cursor();
    for position in [2, 3, u64::MAX] {
        cursor.set_position(position);
        assert_eq!((cursor.remaining(), cursor.read(&mut [0]).unwrap()), (0, 0));
        assert!(cursor.copy_to_bytes(0).is_empty());
    }
    assert!(cursor.seek(SeekFrom::Current(1)).is_err());
    assert_eq!(cursor.seek(SeekFrom::End(-1)).unwrap(), 1);
    assert_eq!(cursor.chunk(), b"b");
    assert!(BufList::new().cursor().chunk().is_empty());
}

#[test]
#[should_panic(expected = "advance by 3 where 2 bytes follow")]
fn advancing_past_the_end_panics() {
    BufList::from(Bytes::from_static(b"ab")).cursor().advance(3);
}
