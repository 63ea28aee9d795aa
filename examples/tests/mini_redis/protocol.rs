//! The codec alone: any pieces, any bytes.

use bytes::BytesMut;
use minato_examples::mini_redis::resp::{Frame, ProtocolError, RequestDecoder, RespCodec};
use minato_runtime::codec::{Decoder, Encoder, SliceDecoder};

/// A small deterministic generator (xorshift64*), so that a failure is a seed.
struct Random(u64);

impl Random {
    fn up_to(&mut self, max: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % (max as u64 + 1)) as usize
    }

    fn frame(&mut self, depth: usize) -> Frame {
        let kind = self.up_to(if depth == 0 { 6 } else { 10 });
        let mut many = || (0..self.up_to(4)).map(|_| self.frame(depth - 1)).collect();
        match kind {
            0 => Frame::Simple("OK".into()),
            1 => Frame::Error("ERR no".into()),
            2 => Frame::Integer(i64::MIN + self.up_to(usize::MAX >> 1) as i64),
            3 => Frame::Null,
            4 => Frame::Boolean(self.up_to(1) == 0),
            5 => Frame::Double(self.up_to(1000) as f64 / 8.0),
            6 => Frame::Bulk(vec![b'\n'; self.up_to(3000)].into()),
            7 => Frame::Array(many()),
            8 => Frame::Set(many()),
            9 => Frame::Push(many()),
            _ => Frame::Map(
                (0..self.up_to(3)).map(|_| (self.frame(depth - 1), self.frame(depth - 1))).collect(),
            ),
        }
    }

    /// Bytes that begin like the protocol.
    fn noise(&mut self) -> Vec<u8> {
        const PARTS: [&[u8]; 16] = [
            b"*2\r\n",
            b"*1\r\n",
            b"$3\r\n",
            b"$0\r\n",
            b"$-1\r\n",
            b"abc",
            b"\r\n",
            b"\n",
            b"*-1\r\n",
            b"+OK\r\n",
            b":1\r\n",
            b"%1\r\n",
            b"PING\r\n",
            b"*0\r\n",
            b"*99999999\r\n",
            b"\xff",
        ];
        (0..self.up_to(12)).flat_map(|_| PARTS[self.up_to(15)].iter().copied()).collect()
    }

    fn pieces(&mut self, mut whole: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        while !whole.is_empty() {
            let (piece, rest) = whole.split_at(self.up_to(7.min(whole.len())));
            pieces.push(piece.to_vec());
            whole = rest;
        }
        pieces
    }
}

fn rounds() -> std::ops::Range<u64> {
    let rounds = std::env::var("MINATO_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    1..rounds.unwrap_or(3_000)
}

fn requests(pieces: &[Vec<u8>]) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
    let (mut decoder, mut buf, mut requests) = (RequestDecoder::new(), Vec::new(), Vec::new());
    for piece in pieces {
        buf.extend_from_slice(piece);
        let mut rest = &buf[..];
        loop {
            match decoder.decode_slice(&mut rest) {
                Ok(Some(args)) => requests.push(args.iter().map(|arg| arg.to_vec()).collect()),
                Ok(None) => break,
                Err(error) => return (requests, Some(error)),
            }
        }
        let used = buf.len() - rest.len();
        buf.drain(..used);
    }
    (requests, None)
}

#[test]
fn any_bytes_are_the_same_requests_in_any_pieces() {
    for seed in rounds() {
        let mut random = Random(seed);
        let input = random.noise();
        let pieces = random.pieces(&input);
        assert_eq!(requests(&pieces), requests(&[input]), "seed {seed}");
    }
}

fn frames(pieces: &[Vec<u8>]) -> (Vec<Frame>, Option<String>) {
    let (mut codec, mut buf, mut frames) = (RespCodec::new(), BytesMut::new(), Vec::new());
    for piece in pieces {
        buf.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buf) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
    }
    (frames, None)
}

#[test]
fn any_bytes_are_the_same_frames_in_any_pieces() {
    for seed in rounds() {
        let mut random = Random(seed);
        let input = random.noise();
        let pieces = random.pieces(&input);
        assert_eq!(frames(&pieces), frames(&[input]), "seed {seed}");
    }
}

#[test]
fn every_frame_comes_back_in_any_pieces() {
    for seed in rounds().take(500) {
        let mut random = Random(seed);
        let (mut buf, mut sent) = (BytesMut::new(), Vec::new());
        for _ in 0..3 {
            let frame = random.frame(4);
            RespCodec::new().encode(frame.clone(), &mut buf).unwrap();
            sent.push(frame);
        }
        let pieces = random.pieces(&buf);
        assert_eq!(frames(&pieces), (sent, None), "seed {seed}");
    }
}

#[test]
fn arrays_in_arrays_have_a_limit() {
    let (frames, error) = frames(&[b"*1\r\n".repeat(1_000_000)]);
    assert_eq!((frames.len(), error.as_deref()), (0, Some("too deeply nested")));
}

#[test]
fn announced_counts_and_lengths_take_no_memory() {
    let mut buf = BytesMut::with_capacity(64);
    buf.extend_from_slice(b"*1048576\r\n*1048576\r\n$33554432\r\n");
    let capacity = buf.capacity();
    assert_eq!(RespCodec::new().decode(&mut buf).unwrap(), None);
    assert_eq!(buf.capacity(), capacity);
    assert_eq!(requests(&[b"*1048576\r\n$33554432\r\n".to_vec()]), (vec![], None));
}

#[test]
fn one_frame_has_so_many_values_and_no_more() {
    let (got, error) = frames(&[[&b"*1048576\r\n"[..], &b":1\r\n".repeat(1_048_576)].concat()]);
    assert_eq!((got.len(), error.as_deref()), (0, Some("too many values")));
}
