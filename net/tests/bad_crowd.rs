//! Peers that do everything wrong at once, beside one who does not. Alone in its process, whose memory and descriptors it
//! counts.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use minato_bytes_util::varint::{VarintError, leb128};
use minato_net::accept::{AcceptLoop, ConnectionLimits, LimitedAcceptLoop};
use minato_net::{TcpListener, TcpStream};
use minato_runtime::codec::{Decoder, FramedRead, LengthDelimitedCodec, LinesCodec};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;
use minato_runtime::task::{AbortOnDropHandle, yield_now};
use minato_runtime::time::timeout;

mod kit;
use kit::{allow_descriptors, descriptors, resident, turns_while_idle};

/// Peers of each kind.
const EACH: usize = 40;
/// The longest line, and the longest frame.
const LEN_MAX: usize = 64 * 1024;
/// What none of these tests should take.
const LONG: Duration = Duration::from_secs(60);

/// How connections ended, and how many of them.
type Ends = Arc<Mutex<BTreeMap<String, usize>>>;

/// Numbers one after another.
struct Numbers;

#[derive(Debug)]
#[expect(dead_code, reason = "told by `Debug`")]
enum NumberError {
    Varint(VarintError),
    Io(io::Error),
}

impl From<io::Error> for NumberError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Decoder for Numbers {
    type Item = u64;
    type Error = NumberError;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<u64>, NumberError> {
        let decoded = leb128::decode(src).map_err(NumberError::Varint)?;
        Ok(decoded.map(|(number, len)| {
            drop(src.split_to(len));
            number
        }))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<u64>, NumberError> {
        match self.decode(src)? {
            None if !src.is_empty() => Err(NumberError::Varint(VarintError::Truncated)),
            decoded => Ok(decoded),
        }
    }
}

/// Answers each item with a thousand bytes, and notes how it ends.
async fn serve<D: Decoder<Error: Debug>>(stream: TcpStream, decoder: D, ends: Ends) {
    let (read, mut write) = stream.into_split();
    let mut items = FramedRead::new(read, decoder);
    let end = loop {
        match items.next().await {
            Some(Ok(_)) => {
                if let Err(error) = write.write_all(&[b'!'; 1000]).await {
                    break format!("{:?}", error.kind());
                }
            }
            Some(Err(error)) => break format!("{error:?}"),
            None => break "end".to_owned(),
        }
    };
    *ends.lock().unwrap().entry(end).or_default() += 1;
}

/// Listens, and serves with a decoder for each connection.
async fn listen<D>(decoder: impl Fn() -> D + Send + 'static, ends: &Ends) -> SocketAddr
where
    D: Decoder<Item: Send, Error: Debug + Send> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ends = ends.clone();
    drop(spawn(async move {
        let mut connections = LimitedAcceptLoop::new(AcceptLoop::new(listener), ConnectionLimits::default());
        loop {
            let (stream, _, admission) = connections.accept().await;
            let serving = serve(stream, decoder(), ends.clone());
            drop(spawn(async move {
                serving.await;
                drop(admission);
            }));
        }
    }));
    address
}

/// How a peer leaves.
#[derive(Clone, Copy)]
enum Leaving {
    /// Says that it will send no more, and waits for the end.
    HalfClosed,
    Reset,
    /// Not before it is told to.
    Stays,
}

/// Sends `bytes`, as far as they are taken, and leaves.
async fn misbehave(address: SocketAddr, bytes: Bytes, leaving: Leaving) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Whoever is refused in the middle sees it here.
    let is_taken = stream.write_all(&bytes).await.is_ok();
    match leaving {
        Leaving::HalfClosed => {
            let _ = stream.shutdown().await;
            // What was right is answered; then comes the end, or a reset if something was left unread.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Leaving::Reset => {
            assert!(is_taken);
            stream.set_zero_linger().unwrap();
        }
        Leaving::Stays => pending().await,
    }
}

/// A peer that knows how to behave.
struct Good(TcpStream, &'static [u8]);

impl Good {
    async fn is_served(&mut self) {
        let asking = async {
            self.0.write_all(self.1).await.unwrap();
            self.0.read_exact(&mut [0; 1000]).await.unwrap();
        };
        timeout(LONG, asking).await.expect("whoever behaves is served");
    }
}

#[test]
fn whatever_peers_do_wrong_is_told_apart_and_concerns_nobody_else() {
    allow_descriptors(4096);
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ends = Ends::default();
        let frames_codec = || LengthDelimitedCodec::builder().max_frame_length(LEN_MAX).new_codec();
        let lines = listen(|| LinesCodec::new_with_max_length(LEN_MAX), &ends).await;
        let frames = listen(frames_codec, &ends).await;
        let numbers = listen(|| Numbers, &ends).await;
        let mut good = vec![
            Good(TcpStream::connect(lines).await.unwrap(), b"a line\n"),
            Good(TcpStream::connect(frames).await.unwrap(), b"\0\0\0\x01x"),
            Good(TcpStream::connect(numbers).await.unwrap(), b"\xac\x02"),
        ];
        let endless = Bytes::from(vec![b'x'; 1 << 20]);
        let overflow = Bytes::from_static(&[0xff; 11]);
        // The answers are two hundred times as long.
        let greedy = Bytes::from(b"\0\0\0\x01x".repeat(1 << 20));
        let text = |bytes: &'static [u8]| Bytes::from_static(bytes);
        let cases = [
            (lines, endless, Leaving::HalfClosed, "MaxLineLengthExceeded"),
            (lines, text(b"not text \xff\n"), Leaving::HalfClosed, "InvalidUtf8"),
            (
                frames,
                text(b"\x40\0\0\0"),
                Leaving::HalfClosed,
                "FrameTooLong { announced: 1073741824, max: 65536 }",
            ),
            (frames, text(b"\0\0\0\x09half"), Leaving::HalfClosed, "bytes remaining on stream"),
            (numbers, text(b"\x80\x80"), Leaving::HalfClosed, "Varint(Truncated)"),
            (numbers, overflow, Leaving::HalfClosed, "Varint(Overflow)"),
            (numbers, text(b"\x80\x00"), Leaving::HalfClosed, "Varint(Overlong)"),
            (lines, text(b""), Leaving::Reset, "ConnectionReset"),
            (lines, text(b"no end"), Leaving::Reset, "ConnectionReset"),
            (frames, text(b"\0\0\0\x09half"), Leaving::Reset, "ConnectionReset"),
            (numbers, text(b"\x80"), Leaving::Reset, "ConnectionReset"),
            (lines, text(b""), Leaving::Stays, ""),
            (frames, text(b"\0\0\xff\xff"), Leaving::Stays, ""),
            (frames, greedy.clone(), Leaving::Stays, ""),
        ];
        let mut before = None;
        for _ in 0..2 {
            let mut staying = Vec::new();
            for (address, bytes, leaving, error) in &cases {
                let seen = |ends: &Ends| -> usize {
                    ends.lock()
                        .unwrap()
                        .iter()
                        .filter(|(end, _)| end.contains(error))
                        .map(|(_, count)| count)
                        .sum()
                };
                let seen_before = seen(&ends);
                for _ in 0..EACH {
                    let peer = misbehave(*address, bytes.clone(), *leaving);
                    match leaving {
                        Leaving::Stays => staying.push(AbortOnDropHandle::new(spawn(peer))),
                        _ => timeout(LONG, peer).await.expect("nobody hangs"),
                    }
                }
                for peer in &mut good {
                    peer.is_served().await;
                }
                if !error.is_empty() {
                    let told = async {
                        while seen(&ends) < seen_before + EACH {
                            yield_now().await;
                        }
                    };
                    timeout(LONG, told)
                        .await
                        .unwrap_or_else(|_| panic!("{error}: {:?}", ends.lock().unwrap()));
                }
            }
            // Nobody has gone, and those who do not read are not read from.
            assert!(staying.iter().all(|peer| !peer.is_finished()));
            // Once all buffers are full, nothing happens.
            let settling = async { while turns_while_idle().await >= 50 {} };
            timeout(LONG, settling).await.expect("whoever waits takes no time");
            drop(staying);
            for peer in &mut good {
                peer.is_served().await;
            }
            let alive = || minato_runtime::runtime::Handle::current().metrics().num_alive_tasks();
            let ending = async {
                // Three that listen, three that serve who behaves.
                while alive() > 6 {
                    yield_now().await;
                }
            };
            timeout(LONG, ending).await.expect("connections end with their peers");
            let now = (descriptors(), resident());
            let (descriptors, memory) = *before.get_or_insert(now);
            assert_eq!(now.0, descriptors);
            // The second crowd takes the memory of the first, within what an allocator does not find again.
            assert!(now.1 <= memory + 2048, "{} KiB after {memory}", now.1);
        }
    });
}
