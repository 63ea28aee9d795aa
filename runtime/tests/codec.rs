//! Frames over streams: order, marks, memory, ends, errors and dropped futures.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use minato_runtime::codec::{
    BytesCodec, Decoder, DecoderExt, Encoder, Framed, FramedParts, FramedRead, FramedWrite,
    LengthDelimitedCodec, LinesCodec, LinesCodecError,
};
use minato_runtime::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, IoSlice, ReadBuf, duplex};
use minato_runtime::runtime::Builder;

fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(future)
}

#[test]
fn frames_arrive_in_order_whatever_the_pieces() {
    for room in [1, 2, 7, 64, 4096] {
        run(async move {
            let (client, server) = duplex(room);
            let sender = minato_runtime::spawn(async move {
                let mut client = LengthDelimitedCodec::new().framed(client);
                for len in (0..300_usize).step_by(7) {
                    client.feed(Bytes::from(vec![len as u8; len])).await.unwrap();
                }
                client.close().await.unwrap();
            });
            let mut server = LengthDelimitedCodec::new().framed(server);
            for len in (0..300_usize).step_by(7) {
                assert_eq!(server.next().await.unwrap().unwrap(), vec![len as u8; len]);
            }
            assert!(server.next().await.is_none());
            sender.await.unwrap();
        });
    }
}

#[test]
fn it_is_a_stream_and_a_sink() {
    run(async {
        let (client, server) = duplex(64);
        let echo = minato_runtime::spawn(async move {
            let (sink, stream) = LinesCodec::new().framed(server).split();
            stream.forward(sink).await
        });
        let mut client = LinesCodec::new().framed(client);
        let mut lines = futures_util::stream::iter(["one", "two"].map(Ok::<_, LinesCodecError>));
        SinkExt::send_all(&mut client, &mut lines).await.unwrap();
        assert_eq!(StreamExt::next(&mut client).await.unwrap().unwrap(), "one");
        assert_eq!(StreamExt::next(&mut client).await.unwrap().unwrap(), "two");
        SinkExt::<&str>::close(&mut client).await.unwrap();
        assert!(StreamExt::next(&mut client).await.is_none());
        echo.await.unwrap().unwrap();
    });
}

#[test]
fn nothing_is_held_while_nothing_waits() {
    run(async {
        let (mut client, server) = duplex(64 * 1024);
        let mut server = LinesCodec::new().framed(server);
        assert!(server.next().now_or_never().is_none());
        assert_eq!(server.read_capacity(), 0);
        client.write_all(b"begun").await.unwrap();
        assert!(server.next().now_or_never().is_none());
        assert_eq!(server.read_buffer(), b"begun");
        assert!(server.read_capacity() >= 5);
        client.write_all(b" and done\n").await.unwrap();
        assert_eq!(server.next().await.unwrap().unwrap(), "begun and done");
        assert!(server.next().now_or_never().is_none());
        assert_eq!(server.read_capacity(), 0);
        server.send("answer").await.unwrap();
        assert!(!server.write_buffer().has_spare());
    });
}

#[test]
fn an_announced_length_takes_no_memory_and_a_long_frame_little_more_than_its_length() {
    run(async {
        let (mut client, server) = duplex(1 << 20);
        let mut server = LengthDelimitedCodec::new().framed(server);
        client.write_u32(8 << 20).await.unwrap();
        assert!(server.next().now_or_never().is_none());
        assert!(server.read_capacity() <= 8 * 1024, "{}", server.read_capacity());
        let mut sent = 4;
        for _ in 0..64 {
            client.write_all(&[1; 10_000]).await.unwrap();
            sent += 10_000;
            assert!(server.next().now_or_never().is_none());
            let held = server.read_capacity();
            assert!(held <= 2 * sent + 16 * 1024, "{held} bytes for {sent}");
        }
    });
}

/// Takes `allowance` bytes and then waits; counts the writes.
struct Narrow {
    allowance: usize,
    writes: usize,
    slices: usize,
    taken: Vec<u8>,
}

impl Narrow {
    fn taking(allowance: usize) -> Self {
        Self { allowance, writes: 0, slices: 0, taken: Vec::new() }
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.allowance == 0 {
            return Poll::Pending;
        }
        self.writes += 1;
        self.slices += bufs.len();
        let before = self.taken.len();
        let bytes = bufs.iter().flat_map(|buf| buf.iter().copied()).take(self.allowance);
        self.taken.extend(bytes);
        let len = self.taken.len() - before;
        self.allowance -= len;
        Poll::Ready(Ok(len))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

#[test]
fn a_large_payload_is_written_from_where_it_lies_with_its_head_in_one_call() {
    run(async {
        let mut frames = FramedWrite::new(Narrow::taking(usize::MAX), LengthDelimitedCodec::new());
        frames.set_backpressure_boundary(1 << 30);
        let payload = Bytes::from(vec![7; 100_000]);
        frames.feed(payload.clone()).await.unwrap();
        frames.feed(payload.clone()).await.unwrap();
        let pieces: Vec<_> = frames.write_buffer().iter().map(<[u8]>::as_ptr).collect();
        assert_eq!((pieces[1], pieces[3]), (payload.as_ptr(), payload.as_ptr()));
        frames.flush().await.unwrap();
        assert_eq!((frames.get_ref().writes, frames.get_ref().slices), (1, 4));
        assert_eq!(frames.get_ref().taken.len(), 200_008);
    });
}

#[test]
fn a_sink_that_reached_the_high_mark_waits_for_the_low_one() {
    type Chunks = FramedWrite<Narrow, BytesCodec>;
    fn is_ready(chunks: &mut Chunks) -> bool {
        let cx = &mut Context::from_waker(Waker::noop());
        <Chunks as Sink<Bytes>>::poll_ready(Pin::new(chunks), cx).is_ready()
    }
    let mut chunks = FramedWrite::new(Narrow::taking(0), BytesCodec::new());
    chunks.set_water_marks(40, 100);
    for _ in 0..2 {
        assert!(is_ready(&mut chunks));
        Pin::new(&mut chunks).start_send(Bytes::from(vec![0; 60])).unwrap();
    }
    assert!(!is_ready(&mut chunks));
    chunks.get_mut().allowance = 60;
    assert!(!is_ready(&mut chunks));
    assert_eq!(chunks.write_buffer().len(), 60);
    assert!(!is_ready(&mut chunks), "below the high mark, and not yet at the low one");
    chunks.get_mut().allowance = 20;
    assert!(is_ready(&mut chunks));
}

#[test]
fn the_default_marks_bound_what_a_peer_that_does_not_read_can_hold() {
    run(async {
        let (_client, server) = duplex(1024);
        let mut server = BytesCodec::new().framed(server);
        let mut fed = 0;
        while server.feed(Bytes::from(vec![0; 1000])).now_or_never().is_some() {
            fed += 1000;
            assert!(fed < 1 << 20, "no bound");
        }
        assert!(server.write_buffer().len() <= 64 * 1024 + 1000, "{}", server.write_buffer().len());
    });
}

#[test]
fn a_writer_that_takes_nothing_is_an_error() {
    run(async {
        let mut frames = FramedWrite::new(io::Cursor::new(&mut [][..]), BytesCodec::new());
        let error = frames.send(Bytes::from_static(b"x")).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    });
}

#[test]
fn a_dropped_send_or_next_loses_nothing() {
    run(async {
        let (client, mut server) = duplex(4);
        let mut client = LengthDelimitedCodec::new().framed(client);
        // It is queued, and its first four bytes are written.
        assert!(client.send(Bytes::from_static(b"ahoy")).now_or_never().is_none());
        let mut head = [0; 4];
        server.read_exact(&mut head).await.unwrap();
        assert!(client.send(Bytes::from_static(b"aye")).now_or_never().is_none());
        let mut rest = vec![0; 11];
        let (read, flushed) = minato_runtime::join!(server.read_exact(&mut rest), client.flush());
        read.unwrap();
        flushed.unwrap();
        assert_eq!(rest, b"ahoy\0\0\0\x03aye");

        for byte in b"\0\0\0\x02hi" {
            assert!(client.next().now_or_never().is_none());
            server.write_u8(*byte).await.unwrap();
        }
        assert_eq!(client.next().await.unwrap().unwrap(), "hi");
    });
}

#[test]
fn the_last_line_needs_no_end_and_a_cut_frame_is_an_error() {
    run(async {
        let mut lines = FramedRead::new(&b"one\ntwo"[..], LinesCodec::new());
        assert_eq!(lines.next().await.unwrap().unwrap(), "one");
        assert_eq!(lines.next().await.unwrap().unwrap(), "two");
        assert!(lines.next().await.is_none());
        assert!(lines.next().await.is_none());

        let mut frames = FramedRead::new(&b"\0\0\0\x09cut"[..], LengthDelimitedCodec::new());
        let error = frames.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "bytes remaining on stream");
        assert!(frames.next().await.is_none());
    });
}

#[test]
fn after_an_error_comes_one_none_and_then_what_is_in_the_buffer() {
    run(async {
        let (mut client, server) = duplex(64);
        client.write_all(b"much too long\nnext\n").await.unwrap();
        let mut lines = FramedRead::new(server, LinesCodec::new_with_max_length(4));
        assert!(matches!(lines.next().await, Some(Err(LinesCodecError::MaxLineLengthExceeded))));
        assert!(lines.next().await.is_none());
        assert_eq!(lines.next().now_or_never().unwrap().unwrap().unwrap(), "next");
    });
}

#[test]
fn a_stream_that_grew_after_its_end_goes_on() {
    /// Ends between its pieces.
    struct Growing(Vec<&'static [u8]>);
    impl AsyncRead for Growing {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if !self.0.is_empty() {
                buf.put_slice(self.0.remove(0));
            }
            Poll::Ready(Ok(()))
        }
    }
    run(async {
        let mut lines = FramedRead::new(Growing(vec![b"one\n", b"", b"two\n", b""]), LinesCodec::new());
        assert_eq!(lines.next().await.unwrap().unwrap(), "one");
        assert!(lines.next().await.is_none());
        assert_eq!(lines.next().await.unwrap().unwrap(), "two");
        assert!(lines.next().await.is_none());
    });
}

#[test]
fn lent_frames_are_those_that_are_owned() {
    for room in [1, 5, 1000] {
        run(async move {
            let (mut client, server) = duplex(room);
            let sender = minato_runtime::spawn(async move {
                for number in 0..100_u8 {
                    client.write_u32(3).await.unwrap();
                    client.write_all(&[number; 3]).await.unwrap();
                }
            });
            let mut frames = FramedRead::new(server, LengthDelimitedCodec::new());
            let mut expected = 0;
            while frames.fill().await.unwrap() {
                // Leaving in the middle loses nothing.
                for frame in frames.frames().take(3) {
                    assert_eq!(frame.unwrap(), [expected; 3]);
                    expected += 1;
                }
            }
            assert_eq!(expected, 100);
            sender.await.unwrap();
            assert_eq!(frames.read_capacity(), 0);
        });
    }
}

#[test]
fn filling_tells_the_end_and_what_was_cut() {
    run(async {
        let mut lines = FramedRead::new(&b"one\ntwo"[..], LinesCodec::new());
        let mut seen = Vec::new();
        while lines.fill().await.unwrap() {
            seen.extend(lines.frames().map(|line| line.unwrap().to_owned()));
        }
        assert_eq!(seen, ["one", "two"]);

        let mut frames = FramedRead::new(&b"\0\0\0\x01a\0\0\0\x09cut"[..], LengthDelimitedCodec::new());
        assert!(frames.fill().await.unwrap());
        assert_eq!(frames.frames().count(), 1);
        assert!(frames.fill().await.unwrap());
        assert_eq!(frames.frames().count(), 0);
        assert_eq!(frames.fill().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    });
}

#[test]
fn an_error_is_told_once_and_not_for_ever() {
    run(async {
        // The decoder takes nothing of what it refuses.
        let mut codec = LengthDelimitedCodec::new();
        codec.set_max_frame_length(8);
        let mut frames = FramedRead::new(&b"\0\0\0\x01a\xff\xff\xff\xffb"[..], codec);
        assert!(frames.fill().await.unwrap());
        let seen: Vec<_> = frames.frames().map(|frame| frame.is_ok()).collect();
        assert_eq!(seen, [true, false]);
        assert_eq!(frames.frames().count(), 0);
        assert!(!frames.fill().await.unwrap());

        // One that can go on does, behind what would have been the end.
        let mut lines = FramedRead::new(&b"one\n\xff\ntwo\n"[..], LinesCodec::new());
        let mut seen = Vec::new();
        for _ in 0..2 {
            while lines.fill().await.unwrap() {
                seen.extend(lines.frames().map(|line| line.map(str::to_owned).ok()));
            }
        }
        assert_eq!(seen, [Some("one".to_owned()), None, Some("two".to_owned())]);
    });
}

#[test]
fn a_connection_changes_its_protocol_and_keeps_its_bytes() {
    run(async {
        let (mut client, server) = duplex(64);
        client.write_all(b"upgrade\n\0\0\0\x02hi").await.unwrap();
        let mut lines = LinesCodec::new().framed(server);
        assert_eq!(lines.next().await.unwrap().unwrap(), "upgrade");
        lines.feed("101").await.unwrap();
        let mut frames = lines.map_codec(|_| LengthDelimitedCodec::new());
        assert_eq!(frames.next().await.unwrap().unwrap(), "hi");
        let parts = frames.into_parts();
        assert_eq!(parts.write_buf.clone().into_bytes(), "101\n");
        let mut again = FramedParts::new(parts.io, LinesCodec::new());
        again.write_buf = parts.write_buf;
        again.read_buf = BytesMut::from("left over\n");
        let mut lines = Framed::from_parts(again);
        assert_eq!(lines.next().now_or_never().unwrap().unwrap().unwrap(), "left over");
        lines.flush().await.unwrap();
        let mut answer = [0; 4];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"101\n");
    });
}

#[test]
fn a_codec_of_a_user_needs_the_two_methods_of_tokio_utils() {
    #[derive(Debug)]
    struct Bits;
    impl Decoder for Bits {
        type Item = u8;
        type Error = io::Error;
        fn decode(&mut self, src: &mut BytesMut) -> Result<Option<u8>, io::Error> {
            Ok((!src.is_empty()).then(|| src.split_to(1)[0]))
        }
    }
    impl Encoder<u8> for Bits {
        type Error = io::Error;
        fn encode(&mut self, item: u8, dst: &mut BytesMut) -> Result<(), io::Error> {
            dst.extend_from_slice(&[item]);
            Ok(())
        }
    }
    fn is_transport<T: Stream + Sink<u8> + Send + Unpin>(transport: T) -> T {
        transport
    }
    run(async {
        let (client, server) = duplex(8);
        let (mut client, mut server) = (is_transport(Bits.framed(client)), is_transport(Bits.framed(server)));
        client.send(7).await.unwrap();
        assert_eq!(server.next().await.unwrap().unwrap(), 7);
    });
}
