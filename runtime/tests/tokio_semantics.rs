//! The same script on our I/O and on tokio's: what it sees must be equal.
//!
//! Each script is compiled twice, with `io` being one and the other, and writes down all it sees.

mod support;

use std::fmt::Debug;
use std::io::{Cursor, SeekFrom};

/// What a script has seen.
#[derive(Default)]
struct Log(Vec<String>);

impl Log {
    fn see(&mut self, what: impl Debug) {
        self.0.push(format!("{what:?}"));
    }

    /// A result, with the kind of an error in place of its words.
    fn see_result<T: Debug>(&mut self, result: std::io::Result<T>) {
        self.see(result.map_err(|error| error.kind()));
    }
}

macro_rules! on_both {
    ($(fn $name:ident($io:ident, $log:ident) $body:block)+) => {$(
        #[test]
        fn $name() {
            let ours = {
                #[allow(unused_imports, reason = "each script uses a part")]
                use minato_runtime::io::{self as $io, AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
                support::current_thread().block_on(async {
                    let mut log = Log::default();
                    let $log = &mut log;
                    $body
                    log.0
                })
            };
            let theirs = {
                #[allow(unused_imports, reason = "each script uses a part")]
                use tokio::io::{self as $io, AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
                tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                    let mut log = Log::default();
                    let $log = &mut log;
                    $body
                    log.0
                })
            };
            assert!(!ours.is_empty());
            assert_eq!(ours, theirs);
        }
    )+};
}

on_both! {
    fn exact_reads(io, log) {
        let mut source = &b"abcdef"[..];
        let mut buf = [0; 4];
        log.see_result(source.read_exact(&mut buf).await);
        log.see(buf);
        log.see_result(source.read_exact(&mut buf).await);
        log.see((buf, source));
        log.see_result(source.read_exact(&mut []).await);
        log.see_result(source.read(&mut buf).await);
    }

    fn growing_reads(io, log) {
        let mut bytes = b"kept ".to_vec();
        log.see_result((&b"abc"[..]).read_to_end(&mut bytes).await);
        log.see(&bytes);
        let mut text = "kept ".to_string();
        log.see_result((&b"text"[..]).read_to_string(&mut text).await);
        log.see_result((&b"\xff"[..]).read_to_string(&mut text).await);
        log.see(&text);
        let mut room = bytes::BytesMut::with_capacity(64);
        let mut source = &b"abcdef"[..];
        log.see_result(source.read_buf(&mut room).await);
        log.see_result(source.read_buf(&mut room).await);
        log.see(&room);
    }

    fn numbers(io, log) {
        let bytes: Vec<u8> = (1..=100).collect();
        let mut source = &bytes[..];
        log.see_result(source.read_u8().await);
        log.see_result(source.read_i8().await);
        log.see_result(source.read_u16().await);
        log.see_result(source.read_i32_le().await);
        log.see_result(source.read_u64_le().await);
        log.see_result(source.read_i128().await);
        log.see_result(source.read_f32().await);
        log.see_result(source.read_f64_le().await);
        let mut sink = Vec::new();
        log.see_result(sink.write_u16(0x0102).await);
        log.see_result(sink.write_u16_le(0x0102).await);
        log.see_result(sink.write_i64(-2).await);
        log.see_result(sink.write_f64(0.5).await);
        log.see_result(sink.write_u128_le(7).await);
        log.see(sink);
        log.see_result((&b"a"[..]).read_u16().await);
    }

    fn lines_and_pieces(io, log) {
        for text in ["", "\n", "a", "a\n", "a\r\nb\n\nc", "\r\n", "a\rb\n", "\n\n"] {
            let mut lines = text.as_bytes().lines();
            while let Some(line) = lines.next_line().await.unwrap() {
                log.see(line);
            }
            let mut pieces = AsyncBufReadExt::split(text.as_bytes(), b'\n');
            while let Some(piece) = pieces.next_segment().await.unwrap() {
                log.see(piece);
            }
            let mut source = text.as_bytes();
            let mut line = String::new();
            log.see_result(source.read_line(&mut line).await);
            log.see((&line, source));
            let mut until = Vec::new();
            log.see_result(source.read_until(b'b', &mut until).await);
            log.see((until, source));
        }
        let mut invalid = (&b"ok\n\xff\xfe\nafter\n"[..]).lines();
        log.see_result(invalid.next_line().await);
        log.see_result(invalid.next_line().await);
        log.see_result(invalid.next_line().await);
        let mut line = String::from("kept");
        log.see_result((&b"\xff\n"[..]).read_line(&mut line).await);
        log.see(line);
    }

    fn readers_of_readers(io, log) {
        let mut limited = (&b"abcdef"[..]).take(4);
        let mut text = String::new();
        log.see_result(limited.read_to_string(&mut text).await);
        log.see((limited.limit(), limited.get_ref()));
        limited.set_limit(1);
        log.see_result(limited.read_to_string(&mut text).await);
        log.see(limited.into_inner());
        let mut chained = (&b"one "[..]).chain(&b"two"[..]);
        log.see_result(chained.read_to_string(&mut text).await);
        log.see((&text, chained.into_inner()));
        let mut filled = (&b""[..]).chain(&b"xy"[..]);
        log.see_result(filled.fill_buf().await.map(<[u8]>::to_vec));
        filled.consume(1);
        log.see_result(filled.read_u8().await);
    }

    fn copies(io, log) {
        let bytes: Vec<u8> = (0..20_000_u32).map(|n| n as u8).collect();
        let mut sink = Vec::new();
        log.see_result(io::copy(&mut &bytes[..], &mut sink).await);
        log.see(sink == bytes);
        let mut sink = Vec::new();
        log.see_result(io::copy_buf(&mut &bytes[..], &mut sink).await);
        log.see(sink == bytes);
        log.see_result(io::copy(&mut io::repeat(7).take(10_000), &mut io::sink()).await);
        log.see_result(io::copy(&mut io::empty(), &mut io::sink()).await);
        let mut narrow = [0; 3];
        log.see_result(io::copy(&mut &b"abcdef"[..], &mut Cursor::new(&mut narrow[..])).await);
        log.see(narrow);
    }

    fn both_ways(io, log) {
        let (mut client, mut near) = io::duplex(7);
        let (mut far, mut server) = io::duplex(5);
        let proxy = async { log.see_result(io::copy_bidirectional(&mut near, &mut far).await) };
        let talk = async {
            client.write_all(b"question").await.unwrap();
            client.shutdown().await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let serve = async {
            let mut question = String::new();
            server.read_to_string(&mut question).await.unwrap();
            server.write_all(b"answer to ").await.unwrap();
            server.write_all(question.as_bytes()).await.unwrap();
            drop(server);
        };
        let ((), answer, ()) = minato_runtime::join!(proxy, talk, serve);
        log.see(answer);
    }

    fn streams_in_memory(io, log) {
        let (mut near, mut far) = io::duplex(4);
        log.see_result(near.write(b"abcdef").await);
        let mut buf = [0; 8];
        log.see_result(far.read(&mut buf).await);
        log.see_result(near.write_vectored(&[&b"x"[..], b"yz", b"!!!"].map(std::io::IoSlice::new)).await);
        log.see(near.is_write_vectored_here());
        log.see_result(far.read(&mut buf).await);
        log.see(buf);
        log.see_result(near.shutdown().await);
        log.see_result(near.write(b"more").await);
        log.see_result(far.read(&mut buf).await);
        log.see_result(far.write(b"back").await);
        drop(far);
        log.see_result(near.read(&mut buf).await);
        log.see_result(near.read(&mut buf).await);
        let (near, far) = io::duplex(4);
        drop(far);
        let (mut reader, mut writer) = io::split(near);
        log.see_result(writer.write(b"x").await);
        log.see_result(reader.read(&mut buf).await);
        log.see(reader.is_pair_of(&writer));
        let _ = reader.unsplit(writer);
        let (mut reader, mut writer) = io::simplex(3);
        log.see_result(writer.write(b"abcdef").await);
        log.see_result(reader.read(&mut buf).await);
        log.see_result(writer.shutdown().await);
        log.see_result(reader.read(&mut buf).await);
    }

    fn buffers(io, log) {
        let mut reader = io::BufReader::with_capacity(4, Cursor::new(b"0123456789".to_vec()));
        log.see_result(reader.fill_buf().await.map(<[u8]>::to_vec));
        reader.consume(1);
        log.see(reader.buffer());
        log.see_result(reader.seek(SeekFrom::Current(1)).await);
        log.see_result(reader.read_u8().await);
        log.see_result(reader.stream_position().await);
        log.see_result(reader.seek(SeekFrom::End(-1)).await);
        log.see_result(reader.read_u8().await);
        log.see_result(reader.seek(SeekFrom::Current(-100)).await);
        log.see_result(reader.rewind().await);
        let mut large = [0; 10];
        log.see_result(reader.read_exact(&mut large).await);

        let mut writer = io::BufWriter::with_capacity(4, Vec::new());
        log.see_result(writer.write(b"ab").await);
        log.see((writer.buffer(), writer.get_ref()));
        log.see_result(writer.write(b"cde").await);
        log.see((writer.buffer(), writer.get_ref()));
        log.see_result(writer.write(b"longer than it").await);
        log.see((writer.buffer(), writer.get_ref()));
        log.see_result(writer.write_all(b"z").await);
        log.see_result(writer.flush().await);
        log.see(writer.into_inner());

        let mut writer = io::BufWriter::new(Cursor::new(Vec::new()));
        log.see_result(writer.write_all(b"abcdef").await);
        log.see_result(writer.seek(SeekFrom::Start(2)).await);
        log.see_result(writer.write_all(b"XY").await);
        log.see_result(writer.shutdown().await);
        log.see(writer.into_inner().into_inner());
    }

    fn writes_of_buffers(io, log) {
        let mut sink = Vec::new();
        let mut buf = bytes::Bytes::from_static(b"abcdef");
        log.see_result(sink.write_buf(&mut buf).await);
        log.see(&buf);
        let mut chain = bytes::Buf::chain(&b"one "[..], &b"two"[..]);
        log.see_result(sink.write_all_buf(&mut chain).await);
        log.see(&sink);
        let mut narrow = [0; 3];
        let mut cursor = Cursor::new(&mut narrow[..]);
        let mut rest = &b"abcdef"[..];
        log.see_result(cursor.write_all_buf(&mut rest).await);
        log.see(rest);
        log.see_result(cursor.write_all(b"x").await);
        log.see_result(cursor.write(b"x").await);
    }

    fn joined_streams(io, log) {
        let mut both = io::join(&b"in\nrest"[..], Vec::new());
        let mut line = String::new();
        log.see_result(both.read_line(&mut line).await);
        log.see_result(both.write_all(b"out").await);
        log.see((both.reader(), both.writer()));
        let (reader, writer) = both.into_inner();
        log.see((reader, writer));
        let mut nothing = io::empty();
        log.see_result(nothing.read(&mut [0; 4]).await);
        log.see_result(nothing.write(b"gone").await);
        log.see_result(nothing.seek(SeekFrom::End(4)).await);
        let mut cursor = Cursor::new(b"abc".to_vec());
        log.see_result(cursor.seek(SeekFrom::End(-2)).await);
        log.see_result(cursor.read_u8().await);
        log.see_result(cursor.seek(SeekFrom::Current(-9)).await);
    }
}

/// `is_write_vectored`, whichever trait has it.
trait IsWriteVectored {
    fn is_write_vectored_here(&self) -> bool;
}

impl IsWriteVectored for minato_runtime::io::DuplexStream {
    fn is_write_vectored_here(&self) -> bool {
        minato_runtime::io::AsyncWrite::is_write_vectored(self)
    }
}

impl IsWriteVectored for tokio::io::DuplexStream {
    fn is_write_vectored_here(&self) -> bool {
        tokio::io::AsyncWrite::is_write_vectored(self)
    }
}

/// Files, by the same script.
mod files {
    use super::{Log, support};
    use std::io::SeekFrom;
    use std::path::Path;

    macro_rules! script {
        ($name:ident, $root:ident) => {
            async fn $name(folder: &Path) -> Vec<String> {
                use $root::fs::{self, File};
                use $root::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

                let mut log = Log::default();
                let path = folder.join(stringify!($root));
                log.see_result(fs::write(&path, b"0123456789").await);
                log.see_result(fs::read_to_string(&path).await);
                let mut file = File::options().read(true).write(true).open(&path).await.unwrap();
                log.see_result(file.read_u16().await);
                log.see_result(file.write(b"ab").await);
                log.see_result(file.flush().await);
                log.see_result(file.stream_position().await);
                log.see_result(file.seek(SeekFrom::End(-1)).await);
                log.see_result(file.read_u8().await);
                log.see_result(file.read(&mut [0; 4]).await);
                log.see_result(file.write_all(b"more").await);
                log.see_result(file.seek(SeekFrom::Current(-6)).await);
                let mut text = String::new();
                log.see_result(file.read_to_string(&mut text).await);
                log.see(text);
                log.see_result(file.set_len(3).await);
                log.see_result(file.sync_all().await);
                log.see_result(file.metadata().await.map(|known| known.len()));
                log.see_result(file.seek(SeekFrom::Current(-100)).await);
                log.see_result(file.rewind().await);
                let twin = file.try_clone().await.unwrap();
                log.see_result(file.read_u8().await);
                drop(file);
                let mut twin = File::from_std(twin.into_std().await);
                log.see_result(twin.read_u8().await);
                log.see_result(fs::read(folder.join("missing")).await);
                log.see_result(File::open(folder.join("missing")).await.map(drop));
                log.see_result(File::create_new(&path).await.map(drop));
                log.see_result(fs::remove_file(&path).await);
                log.see_result(fs::try_exists(&path).await);
                log.0
            }
        };
    }

    script!(ours, minato_runtime);
    script!(theirs, tokio);

    #[test]
    fn files_are_read_and_written_alike() {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tokio-semantics-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ours = support::current_thread().block_on(ours(&folder));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let theirs = runtime.block_on(theirs(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(ours, theirs);
    }
}
