//! Many datagrams in one system call.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};

use super::UdpSocket;
use crate::source::Interest;
use crate::sys::send_datagrams;

/// A UDP socket that sends and receives many datagrams in one system call.
///
/// On Linux, what it receives may have been coalesced by the kernel (GRO), and what it sends to one peer is cut into
/// datagrams by the kernel or the network card (GSO); where they cannot, it is one datagram at a time with the same
/// results.
///
/// ```
/// use minato_net::UdpSocket;
/// use minato_net::udp::{BatchedUdpSocket, DatagramBatch};
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let near = BatchedUdpSocket::new(UdpSocket::bind("127.0.0.1:0").await?)?;
/// let far = BatchedUdpSocket::new(UdpSocket::bind("127.0.0.1:0").await?)?;
/// // Ten datagrams of 100 bytes.
/// near.send_segments(&[7; 1000], 100, far.get_ref().local_addr()?).await?;
/// let mut batch = DatagramBatch::new(8, 4096);
/// let mut count = 0;
/// while count < 10 {
///     count += far.recv_batch(&mut batch).await?.count();
/// }
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct BatchedUdpSocket {
    socket: UdpSocket,
    state: UdpSocketState,
}

impl BatchedUdpSocket {
    /// Sets `socket` up for batches; datagrams it sends may no longer be fragmented on their way.
    ///
    /// # Errors
    ///
    /// Those of `setsockopt`.
    pub fn new(socket: UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Self { socket, state })
    }

    /// The socket, for all that concerns one datagram.
    ///
    /// Receiving one from it directly may give several that were coalesced.
    pub fn get_ref(&self) -> &UdpSocket {
        &self.socket
    }

    /// Datagrams that the kernel sends at most of one piece of memory; 1 if it cannot do this.
    pub fn max_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Sends `contents` to `target` as datagrams of `segment_bytes` each, the last of them maybe shorter.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for segments of no bytes, and those of `sendmsg`; what was sent before it stays sent.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, a part of the datagrams may have been sent.
    pub async fn send_segments(
        &self,
        contents: &[u8],
        segment_bytes: usize,
        target: SocketAddr,
    ) -> io::Result<()> {
        if segment_bytes == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a segment has at least one byte"));
        }
        let mut rest = contents;
        while !rest.is_empty() {
            // Asked again each time: the socket lowers it when the network card refuses.
            let at_once = segment_bytes.saturating_mul(self.max_segments_of(segment_bytes));
            let (now, later) = rest.split_at(rest.len().min(at_once));
            let transmit = Transmit {
                destination: target,
                ecn: None,
                contents: now,
                segment_size: (now.len() > segment_bytes).then_some(segment_bytes),
                src_ip: None,
            };
            let send = || self.state.try_send((&self.socket).into(), &transmit);
            match self.socket.async_io(Interest::WRITABLE, send).await {
                // The path does not do GSO after all, and the socket has taken note.
                Err(_) if transmit.segment_size.is_some() && self.max_segments() == 1 => {}
                result => {
                    result?;
                    rest = later;
                }
            }
        }
        Ok(())
    }

    /// Segments of this size that fit into one call: the whole must fit into the length field of IP.
    fn max_segments_of(&self, segment_bytes: usize) -> usize {
        const PAYLOAD_MAX: usize = 65_507;
        self.max_segments().min(PAYLOAD_MAX / segment_bytes).max(1)
    }

    /// Sends datagrams, each to its own target, with one system call for each 32 on Linux, and answers how many were
    /// sent; at least one if there is any.
    ///
    /// # Errors
    ///
    /// That of the first datagram, if it could not be sent. One of a later datagram is told when that is the first.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    pub async fn send_many(&self, datagrams: &[(&[u8], SocketAddr)]) -> io::Result<usize> {
        let mut sent = 0;
        for part in datagrams.chunks(BATCH_SIZE) {
            let send = || send_datagrams(&self.socket, part);
            let now = match sent {
                0 => self.socket.async_io(Interest::WRITABLE, send).await?,
                // Nothing may be lost by a drop here, so this does not wait.
                _ => self.socket.try_io(Interest::WRITABLE, send).unwrap_or(0),
            };
            sent += now;
            if now < part.len() {
                break;
            }
        }
        Ok(sent)
    }

    /// Receives datagrams into `batch`, at least one, with one system call, and lends them.
    ///
    /// # Errors
    ///
    /// Those of `recvmmsg`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, no datagram was taken.
    pub async fn recv_batch<'a>(&self, batch: &'a mut DatagramBatch) -> io::Result<ReceivedDatagrams<'a>> {
        let DatagramBatch { memory, bytes_each, meta } = batch;
        let filled = {
            let mut bufs: Vec<_> = memory.chunks_mut(*bytes_each).map(IoSliceMut::new).collect();
            let receive = || self.state.recv((&self.socket).into(), &mut bufs, meta);
            self.socket.async_io(Interest::READABLE, receive).await?
        };
        Ok(ReceivedDatagrams {
            buffers: memory.chunks(*bytes_each).zip(&meta[..filled]).collect::<Vec<_>>().into_iter(),
            current: None,
        })
    }
}

impl fmt::Debug for BatchedUdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchedUdpSocket").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// Memory for datagrams that arrive together.
#[derive(Debug)]
pub struct DatagramBatch {
    memory: Vec<u8>,
    bytes_each: usize,
    meta: Vec<RecvMeta>,
}

impl DatagramBatch {
    /// Room for `count` datagrams, at most 32, of `bytes_each`.
    ///
    /// The kernel may put several datagrams of one peer into one place, up to 64 KiB of them: with less room than that,
    /// what does not fit of them is lost, the end of the last one that does with it.
    ///
    /// # Panics
    ///
    /// If there is no room.
    #[must_use]
    pub fn new(count: usize, bytes_each: usize) -> Self {
        assert!(count > 0 && bytes_each > 0, "a batch has room for at least one byte");
        let count = count.min(BATCH_SIZE);
        Self { memory: vec![0; count * bytes_each], bytes_each, meta: vec![RecvMeta::default(); count] }
    }
}

/// The datagrams of a batch, each with the address of its sender.
#[derive(Debug)]
pub struct ReceivedDatagrams<'a> {
    buffers: std::vec::IntoIter<(&'a [u8], &'a RecvMeta)>,
    /// What is left of datagrams that were coalesced, how long each is, and who sent them.
    current: Option<(&'a [u8], usize, SocketAddr)>,
}

impl<'a> Iterator for ReceivedDatagrams<'a> {
    type Item = (&'a [u8], SocketAddr);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((rest, stride, from)) = self.current.take() {
            let (datagram, rest) = rest.split_at(stride.min(rest.len()));
            self.current = (!rest.is_empty()).then_some((rest, stride, from));
            return Some((datagram, from));
        }
        let (buffer, meta) = self.buffers.next()?;
        // An empty datagram has no stride.
        let stride = meta.stride.max(1);
        let (datagram, rest) = buffer[..meta.len].split_at(stride.min(meta.len));
        self.current = (!rest.is_empty()).then_some((rest, stride, meta.addr));
        Some((datagram, meta.addr))
    }
}
