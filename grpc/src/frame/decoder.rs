//! From bytes to messages.

use bytes::{Buf, Bytes};
use minato_bytes_util::BufList;

use super::{Fault, PREFIX_LEN};

/// One message as it was on the wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) is_compressed: bool,
    pub(crate) message: Bytes,
}

/// Takes bytes in any pieces and gives whole messages.
///
/// INVARIANT: it holds less than one allowed message besides the piece that was pushed last, because a message above
/// the limit is a fault as soon as its prefix is complete.
#[derive(Debug)]
pub(crate) struct Decoder {
    bytes: BufList,
    prefix: Option<Prefix>,
    len_max: usize,
}

/// A prefix that was read; its message is still to come.
#[derive(Debug, Clone, Copy)]
struct Prefix {
    is_compressed: bool,
    len: usize,
}

impl Decoder {
    pub(crate) fn new(len_max: usize) -> Self {
        Self { bytes: BufList::new(), prefix: None, len_max }
    }

    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.bytes.push(bytes);
    }

    /// The next message; `None` where more bytes are needed. A message that came in one piece is not copied.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, Fault> {
        let prefix = match self.prefix {
            Some(prefix) => prefix,
            None if self.bytes.len() < PREFIX_LEN => return Ok(None),
            None => {
                let prefix = self.read_prefix()?;
                *self.prefix.insert(prefix)
            }
        };
        if self.bytes.len() < prefix.len {
            return Ok(None);
        }
        self.prefix = None;
        let message = self.bytes.copy_to_bytes(prefix.len);
        Ok(Some(Frame { is_compressed: prefix.is_compressed, message }))
    }

    fn read_prefix(&mut self) -> Result<Prefix, Fault> {
        let is_compressed = match self.bytes.get_u8() {
            0 => false,
            1 => true,
            flag => return Err(Fault::Flag(flag)),
        };
        let len = self.bytes.get_u32() as usize;
        if len > self.len_max {
            return Err(Fault::TooLarge { len, len_max: self.len_max });
        }
        Ok(Prefix { is_compressed, len })
    }

    /// Says whether the bytes may end here.
    pub(crate) fn finish(&self) -> Result<(), Fault> {
        if self.prefix.is_some() || !self.bytes.is_empty() { Err(Fault::Truncated) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn up_to(&mut self, max: usize) -> usize {
            (self.next() % (max as u64 + 1)) as usize
        }
    }

    /// The same in the plainest way: all bytes at once, one slice after the other.
    fn oracle(mut bytes: &[u8], len_max: usize) -> (Vec<Frame>, Result<(), Fault>) {
        let mut frames = Vec::new();
        loop {
            let [flag, a, b, c, d, rest @ ..] = bytes else {
                return (frames, if bytes.is_empty() { Ok(()) } else { Err(Fault::Truncated) });
            };
            if *flag > 1 {
                return (frames, Err(Fault::Flag(*flag)));
            }
            let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            if len > len_max {
                return (frames, Err(Fault::TooLarge { len, len_max }));
            }
            if rest.len() < len {
                return (frames, Err(Fault::Truncated));
            }
            let message = Bytes::copy_from_slice(&rest[..len]);
            frames.push(Frame { is_compressed: *flag == 1, message });
            bytes = &rest[len..];
        }
    }

    fn decode(pieces: impl Iterator<Item = Bytes>, len_max: usize) -> (Vec<Frame>, Result<(), Fault>) {
        let mut decoder = Decoder::new(len_max);
        let mut frames = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            loop {
                match decoder.next() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(fault) => return (frames, Err(fault)),
                }
            }
        }
        let end = decoder.finish();
        (frames, end)
    }

    fn stream(random: &mut Random) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..random.up_to(6) {
            let max = [0, 4, 300, 5000][random.up_to(3)];
            let len = random.up_to(max);
            let flag = if random.up_to(20) == 0 { 2 + random.up_to(200) } else { random.up_to(1) };
            bytes.push(flag as u8);
            bytes.extend((len as u32).to_be_bytes());
            bytes.extend((0..len).map(|_| random.next() as u8));
        }
        let cut = if random.up_to(3) == 0 { random.up_to(bytes.len()) } else { bytes.len() };
        bytes.truncate(cut);
        bytes
    }

    #[test]
    fn agrees_with_the_plain_decoder_however_the_bytes_are_cut() {
        for seed in 1..=400 {
            let mut random = Random(seed);
            let bytes = stream(&mut random);
            let expected = oracle(&bytes, 4000);
            let step = 1 + random.up_to(600);
            let even = decode(bytes.chunks(step).map(Bytes::copy_from_slice), 4000);
            assert_eq!(even, expected, "seed {seed}, pieces of {step}");
            let single = decode(bytes.chunks(1).map(Bytes::copy_from_slice), 4000);
            assert_eq!(single, expected, "seed {seed}, single bytes");
        }
    }

    #[test]
    fn any_bytes_at_all_give_frames_or_a_fault() {
        for seed in 1..=2000 {
            let mut random = Random(seed);
            let bytes: Vec<u8> = (0..random.up_to(64)).map(|_| random.next() as u8 & 3).collect();
            let expected = oracle(&bytes, 100);
            assert_eq!(decode(bytes.chunks(7).map(Bytes::copy_from_slice), 100), expected, "seed {seed}");
        }
    }

    #[test]
    fn a_message_in_one_piece_is_not_copied() {
        let piece = Bytes::from([&[0, 0, 0, 0, 200][..], &[7; 200]].concat());
        let mut decoder = Decoder::new(1000);
        decoder.push(piece.clone());
        let frame = decoder.next().unwrap().unwrap();
        assert_eq!(frame.message.as_ptr(), piece[PREFIX_LEN..].as_ptr());
    }

    #[test]
    fn a_message_above_the_limit_is_refused_at_its_prefix() {
        let mut decoder = Decoder::new(4 << 20);
        decoder.push(Bytes::from_static(&[0, 0x80, 0, 0, 0]));
        assert_eq!(decoder.next(), Err(Fault::TooLarge { len: 0x8000_0000, len_max: 4 << 20 }));
        let mut decoder = Decoder::new(10);
        decoder.push(Bytes::from_static(&[0, 0, 0, 0, 10]));
        assert_eq!(decoder.next(), Ok(None));
    }
}
