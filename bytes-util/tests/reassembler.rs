//! `Reassembler` against a list of bytes that came or did not.

use bytes::{Buf, Bytes};
use minato_bytes_util::{Reassembler, ReassemblyErrorKind};

mod kit;
use kit::{Random, seeds};

const WINDOW: usize = 6000;
const GAPS_MAX: usize = 6;

/// The stream byte by byte, and how much of it was read.
struct Model {
    came: Vec<Option<u8>>,
    offset: usize,
}

impl Model {
    fn ready(&self) -> Vec<u8> {
        self.came[self.offset..].iter().map_while(|byte| *byte).collect()
    }

    fn end(&self) -> usize {
        self.came.iter().rposition(Option::is_some).map_or(0, |last| last + 1).max(self.offset)
    }

    fn missing(came: &[Option<u8>], offset: usize) -> Vec<std::ops::Range<u64>> {
        let mut missing: Vec<std::ops::Range<u64>> = Vec::new();
        for at in (offset..came.len()).filter(|&at| came[at].is_none()) {
            match missing.last_mut() {
                Some(gap) if gap.end == at as u64 => gap.end += 1,
                _ => missing.push(at as u64..at as u64 + 1),
            }
        }
        if came.last().is_some_and(Option::is_none) {
            missing.pop();
        }
        missing
    }

    fn insert(&mut self, offset: usize, data: &[u8]) -> Result<usize, ReassemblyErrorKind> {
        let window_end = self.offset + WINDOW;
        if offset + data.len() > window_end {
            return Err(ReassemblyErrorKind::BehindWindow { window_end: window_end as u64 });
        }
        let mut after = self.came.clone();
        let mut filled = 0;
        for (at, &byte) in (offset..).zip(data).filter(|&(at, _)| at >= self.offset) {
            match after[at] {
                Some(held) if held != byte => return Err(ReassemblyErrorKind::Conflict),
                Some(_) => {}
                None => {
                    after[at] = Some(byte);
                    filled += 1;
                }
            }
        }
        let gaps = Self::missing(&after, self.offset).len();
        if gaps > GAPS_MAX && gaps > Self::missing(&self.came, self.offset).len() {
            return Err(ReassemblyErrorKind::TooManyGaps { gaps_max: GAPS_MAX });
        }
        self.came = after;
        Ok(filled)
    }
}

fn check(stream: &Reassembler, model: &Model, seed: u64) {
    assert_eq!(stream.offset(), model.offset as u64, "seed {seed}");
    assert_eq!(stream.remaining(), model.ready().len(), "seed {seed}");
    assert_eq!(stream.end(), model.end() as u64, "seed {seed}");
    let held = model.came[model.offset..].iter().flatten().count();
    assert_eq!(stream.held(), held, "seed {seed}");
    let missing = Model::missing(&model.came, model.offset);
    assert_eq!(stream.missing().collect::<Vec<_>>(), missing, "seed {seed}");
    assert_eq!(stream.gap_count(), missing.len(), "seed {seed}");
}

fn insert_any(stream: &mut Reassembler, model: &mut Model, whole: &[u8], random: &mut Random, seed: u64) {
    let longest = [1, 30, 1500, 3000][random.up_to(3)];
    // Near the reading position, mostly where a range ends or begins already.
    let near = model.offset.saturating_sub(50);
    let start = match random.up_to(3) {
        0 => model.offset + model.ready().len(),
        1 => (near + random.up_to(WINDOW + 100)).min(whole.len()),
        2 => model.end(),
        _ => near,
    };
    let end = (start + random.up_to(longest)).min(whole.len());
    let mut data = whole[start..end].to_vec();
    if !data.is_empty() && random.up_to(20) == 0 {
        let at = random.up_to(data.len() - 1);
        data[at] ^= 1;
        // Wrong bytes may come first; the model keeps them, and then the true ones are the conflict.
    }
    let expected = model.insert(start, &data);
    let taken = stream.insert(start as u64, Bytes::from(data)).map_err(|error| error.kind);
    assert_eq!(taken, expected, "seed {seed}");
}

#[test]
fn agrees_with_single_bytes_under_random_ranges_and_reads() {
    for seed in seeds(25) {
        let mut random = Random(seed);
        let whole: Vec<u8> = (0..20_000).map(|_| random.next() as u8).collect();
        let mut stream = Reassembler::with_limits(WINDOW, GAPS_MAX);
        let mut model = Model { came: vec![None; whole.len() + 1], offset: 0 };
        for _ in 0..150 {
            if random.up_to(5) > 0 {
                insert_any(&mut stream, &mut model, &whole, &mut random, seed);
            } else {
                let ready = model.ready();
                let len = match random.up_to(2) {
                    0 => stream.pop().map_or(0, |piece| {
                        assert!(ready.starts_with(&piece), "seed {seed}");
                        piece.len()
                    }),
                    1 => {
                        let len = random.up_to(ready.len());
                        stream.advance(len);
                        len
                    }
                    _ => {
                        let len = random.up_to(ready.len());
                        assert_eq!(stream.copy_to_bytes(len), ready[..len], "seed {seed}");
                        len
                    }
                };
                model.offset += len;
            }
            check(&stream, &model, seed);
        }
    }
}

#[test]
fn every_way_to_cut_and_order_a_stream_reads_the_same() {
    for seed in seeds(100) {
        let mut random = Random(seed);
        let whole: Vec<u8> = (0..random.up_to(9000)).map(|_| random.next() as u8).collect();
        let mut ranges = Vec::new();
        let mut at = 0;
        while at < whole.len() {
            let longest = [2, 100, 2000][random.up_to(2)];
            let end = (at + 1 + random.up_to(longest)).min(whole.len());
            let overlap = random.up_to(at.min(20));
            ranges.push(at - overlap..end);
            at = end;
        }
        for last in (1..ranges.len()).rev() {
            ranges.swap(last, random.up_to(last));
        }
        let mut stream = Reassembler::with_limits(9000, 9000);
        for range in ranges {
            stream.insert(range.start as u64, Bytes::copy_from_slice(&whole[range])).unwrap();
        }
        assert_eq!(stream.held(), whole.len(), "seed {seed}");
        assert_eq!(stream.copy_to_bytes(whole.len()), whole, "seed {seed}");
        assert_eq!((stream.gap_count(), stream.held()), (0, 0), "seed {seed}");
    }
}

#[test]
fn a_range_behind_the_window_is_refused_until_the_window_moves() {
    let mut stream = Reassembler::new();
    let window = 1024 * 1024;
    let error = stream.insert(window, Bytes::from_static(b"x")).unwrap_err();
    assert_eq!(error.kind, ReassemblyErrorKind::BehindWindow { window_end: window });
    assert_eq!((stream.held(), stream.end()), (0, 0));
    stream.insert(0, Bytes::from_static(b"first")).unwrap();
    assert!(stream.insert(window, Bytes::from_static(b"x")).is_err(), "reading moves it, not arriving");
    stream.advance(1);
    stream.insert(window, Bytes::from_static(b"x")).unwrap();
    assert_eq!(stream.end(), window + 1);
}

#[test]
fn offsets_at_the_end_of_numbers_are_refused() {
    let mut stream = Reassembler::new();
    for offset in [u64::MAX, u64::MAX - 1] {
        assert!(stream.insert(offset, Bytes::from_static(b"xyz")).is_err());
    }
    let mut stream = Reassembler::with_limits(usize::MAX, 1);
    assert!(stream.insert(u64::MAX, Bytes::from_static(b"x")).is_err());
    assert_eq!(stream.insert(u64::MAX - 1, Bytes::from_static(b"x")), Ok(1));
    assert_eq!(stream.end(), u64::MAX);
}

#[test]
fn every_second_byte_is_refused_once_there_are_too_many_gaps() {
    let mut stream = Reassembler::new();
    for gap in 0..256 {
        stream.insert(gap * 2 + 1, Bytes::from_static(b"x")).unwrap();
    }
    let error = stream.insert(513, Bytes::from_static(b"x")).unwrap_err();
    assert_eq!(error.kind, ReassemblyErrorKind::TooManyGaps { gaps_max: 256 });
    assert_eq!((stream.held(), stream.gap_count()), (256, 256));
    // What fills a gap, or lies beside a range, is taken.
    stream.insert(2, Bytes::from_static(b"x")).unwrap();
    stream.insert(513, Bytes::from_static(b"x")).unwrap();
    assert_eq!((stream.held(), stream.gap_count()), (258, 256));
}

#[test]
fn the_first_bytes_win_over_bytes_that_differ() {
    let mut stream = Reassembler::new();
    stream.insert(4, Bytes::from_static(b"true")).unwrap();
    stream.insert(10, Bytes::from_static(b"more")).unwrap();
    let error = stream.insert(0, Bytes::from_static(b"not trUe, more")).unwrap_err();
    assert_eq!((error.offset, error.kind), (6, ReassemblyErrorKind::Conflict));
    assert_eq!((stream.held(), stream.remaining()), (8, 0), "nothing of it was taken");
    assert_eq!(stream.insert(0, Bytes::from_static(b"was true, more")), Ok(6));
    stream.advance(8);
    assert_eq!(stream.insert(0, Bytes::from_static(b"whatever")), Ok(0), "read already");
    assert_eq!(stream.copy_to_bytes(6), ", more");
}

#[test]
fn single_bytes_sent_backwards_are_a_few_pieces_of_memory() {
    let mut stream = Reassembler::new();
    for at in (0..200_000).rev() {
        stream.insert(at, Bytes::from_static(b"x")).unwrap();
    }
    assert_eq!(stream.remaining(), 200_000);
    let pieces = std::iter::from_fn(|| stream.pop()).count();
    assert!(pieces <= 200_000 / 1024 + 2, "{pieces} pieces");
}
