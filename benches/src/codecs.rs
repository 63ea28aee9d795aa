//! Frames in memory: ours beside tokio-util's.
//!
//! An operation is a buffer of 64 frames, 100 bytes each, copied in and taken apart, or 64 frames put together.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use minato_runtime::codec as ours;
use tokio_util::codec as theirs;

use crate::{Work, Workers};

const FRAMES: usize = 64;
const FRAME_LEN: usize = 100;
/// A payload that is worth not being copied.
const LONG_LEN: usize = 16 * 1024;

fn input() -> Vec<u8> {
    let frame = [&(FRAME_LEN as u32).to_be_bytes()[..], &[7; FRAME_LEN]].concat();
    frame.repeat(FRAMES)
}

fn lines() -> Vec<u8> {
    [&[b'x'; FRAME_LEN - 1][..], b"\n"].concat().repeat(FRAMES)
}

/// Frames as parts of the buffer.
pub(crate) fn lent(_: Workers) -> Work {
    use ours::SliceDecoder;
    let (input, mut buf, mut codec) = (input(), BytesMut::new(), ours::LengthDelimitedCodec::new());
    Box::new(move |operations| {
        for _ in 0..operations {
            buf.extend_from_slice(&input);
            let (mut rest, mut frames) = (&buf[..], 0);
            while let Some(frame) = codec.decode_slice(&mut rest).expect("frames") {
                black_box(frame);
                frames += 1;
            }
            assert_eq!(frames, FRAMES);
            buf.clear();
        }
    })
}

/// Lines as parts of the buffer.
pub(crate) fn lines_lent(_: Workers) -> Work {
    use ours::SliceDecoder;
    let (input, mut buf, mut codec) = (lines(), BytesMut::new(), ours::LinesCodec::new());
    Box::new(move |operations| {
        for _ in 0..operations {
            buf.extend_from_slice(&input);
            let (mut rest, mut frames) = (&buf[..], 0);
            while let Some(line) = codec.decode_slice(&mut rest).expect("lines") {
                black_box(line);
                frames += 1;
            }
            assert_eq!(frames, FRAMES);
            buf.clear();
        }
    })
}

/// What both sides have in common: decoding frames that own their bytes, encoding, and no other difference than the
/// crate.
macro_rules! both {
    ($side:ident $codec:ident) => {
        pub(crate) mod $side {
            use super::*;
            use $codec::{Decoder, Encoder};

            pub(crate) fn owned(_: Workers) -> Work {
                let (input, mut buf, mut codec) =
                    (input(), BytesMut::new(), $codec::LengthDelimitedCodec::new());
                Box::new(move |operations| {
                    for _ in 0..operations {
                        buf.extend_from_slice(&input);
                        let mut frames = 0;
                        while let Some(frame) = codec.decode(&mut buf).expect("frames") {
                            black_box(&frame);
                            frames += 1;
                        }
                        assert_eq!(frames, FRAMES);
                    }
                })
            }

            pub(crate) fn lines_owned(_: Workers) -> Work {
                let (input, mut buf, mut codec) = (lines(), BytesMut::new(), $codec::LinesCodec::new());
                Box::new(move |operations| {
                    for _ in 0..operations {
                        buf.extend_from_slice(&input);
                        let mut frames = 0;
                        while let Some(line) = codec.decode(&mut buf).expect("lines") {
                            black_box(&line);
                            frames += 1;
                        }
                        assert_eq!(frames, FRAMES);
                    }
                })
            }

            pub(crate) fn encode(_: Workers) -> Work {
                let (data, mut buf, mut codec) =
                    (Bytes::from(vec![7; FRAME_LEN]), BytesMut::new(), $codec::LengthDelimitedCodec::new());
                Box::new(move |operations| {
                    for _ in 0..operations {
                        for _ in 0..FRAMES {
                            codec.encode(data.clone(), &mut buf).expect("short enough");
                        }
                        black_box(&buf);
                        buf.clear();
                    }
                })
            }

            pub(crate) fn encode_long(_: Workers) -> Work {
                let (data, mut buf, mut codec) =
                    (Bytes::from(vec![7; LONG_LEN]), BytesMut::new(), $codec::LengthDelimitedCodec::new());
                Box::new(move |operations| {
                    for _ in 0..operations {
                        codec.encode(data.clone(), &mut buf).expect("short enough");
                        black_box(&buf);
                        buf.clear();
                    }
                })
            }
        }
    };
}

both!(minato ours);
both!(tokio theirs);

/// One long payload, queued as it is.
pub(crate) fn encode_long_rope(_: Workers) -> Work {
    use ours::Encoder;
    let (data, mut queue, mut codec) =
        (Bytes::from(vec![7; LONG_LEN]), ours::BufList::new(), ours::LengthDelimitedCodec::new());
    Box::new(move |operations| {
        for _ in 0..operations {
            codec.encode_rope(data.clone(), &mut queue).expect("short enough");
            black_box(&queue);
            queue.clear();
        }
    })
}
