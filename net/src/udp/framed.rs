//! Values instead of bytes.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use futures_core::Stream;
use futures_sink::Sink;
use minato_runtime::codec::{Decoder, Encoder};

use super::UdpSocket;
use crate::limits::DATAGRAM_MAX;

/// A UDP socket as a stream of decoded values and a sink of values to encode, each with the address of its peer.
///
/// Each value is sent as one datagram. A datagram received may hold several values for the decoder to take out, each to
/// its end: what is incomplete then is an error ([`Decoder::decode_eof`]), what is left of the datagram is dropped, and
/// the stream goes on. What a codec remembers between its calls it remembers from one datagram to the next.
///
/// ```
/// use futures_util::{SinkExt, StreamExt};
/// use minato_net::UdpSocket;
/// use minato_net::udp::UdpFramed;
/// use minato_runtime::codec::LinesCodec;
///
/// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
/// # rt.block_on(async {
/// let far = UdpSocket::bind("127.0.0.1:0").await?;
/// let address = far.local_addr()?;
/// let mut far = UdpFramed::new(far, LinesCodec::new());
/// let mut near = UdpFramed::new(UdpSocket::bind("127.0.0.1:0").await?, LinesCodec::new());
/// near.send(("ahoy", address)).await.unwrap();
/// let (line, _) = far.next().await.unwrap().unwrap();
/// assert_eq!(line, "ahoy");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UdpFramed<C> {
    socket: UdpSocket,
    codec: C,
    inbound: BytesMut,
    /// Whose datagram `inbound` holds the rest of; none if the next has to be received.
    from: Option<SocketAddr>,
    outbound: BytesMut,
    /// Who gets what `outbound` holds; none if it holds nothing.
    to: Option<SocketAddr>,
}

impl<C> UdpFramed<C> {
    /// Values of `codec` over `socket`.
    pub fn new(socket: UdpSocket, codec: C) -> Self {
        Self { socket, codec, inbound: BytesMut::new(), from: None, outbound: BytesMut::new(), to: None }
    }

    /// The socket.
    pub fn get_ref(&self) -> &UdpSocket {
        &self.socket
    }

    /// The codec.
    pub fn codec(&self) -> &C {
        &self.codec
    }

    /// The codec.
    pub fn codec_mut(&mut self) -> &mut C {
        &mut self.codec
    }

    /// What was received and not decoded yet: the rest of one datagram.
    pub fn read_buffer(&self) -> &BytesMut {
        &self.inbound
    }

    /// What was received and not decoded yet, to be changed.
    pub fn read_buffer_mut(&mut self) -> &mut BytesMut {
        &mut self.inbound
    }

    /// The socket, without what was received and not decoded yet.
    pub fn into_inner(self) -> UdpSocket {
        self.socket
    }

    fn poll_send_outbound(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(to) = self.to else { return Poll::Ready(Ok(())) };
        let sent = ready!(self.socket.poll_send_to(cx, &self.outbound, to));
        let len = self.outbound.len();
        self.outbound.clear();
        self.to = None;
        if sent? == len {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(Err(io::Error::new(io::ErrorKind::WriteZero, "the datagram was cut")))
    }
}

impl<C: Decoder + Unpin> Stream for UdpFramed<C> {
    type Item = Result<(C::Item, SocketAddr), C::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(from) = this.from {
                match this.codec.decode_eof(&mut this.inbound) {
                    Ok(Some(value)) => return Poll::Ready(Some(Ok((value, from)))),
                    Ok(None) => this.from = None,
                    Err(error) => {
                        this.from = None;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
            this.inbound.clear();
            // Asked first, since asking is what takes from the task's budget; while nothing comes, no buffer is held.
            if this.socket.poll_recv_ready(cx)?.is_pending() {
                this.inbound = BytesMut::new();
                return Poll::Pending;
            }
            this.inbound.reserve(DATAGRAM_MAX);
            match this.socket.try_recv_buf_from(&mut this.inbound) {
                Ok((_, from)) => this.from = Some(from),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }
}

impl<I, C: Encoder<I> + Unpin> Sink<(I, SocketAddr)> for UdpFramed<C> {
    type Error = C::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        Poll::Ready(Ok(ready!(self.get_mut().poll_send_outbound(cx))?))
    }

    fn start_send(self: Pin<&mut Self>, (value, to): (I, SocketAddr)) -> Result<(), C::Error> {
        let this = self.get_mut();
        this.outbound.clear();
        this.codec.encode(value, &mut this.outbound)?;
        this.to = Some(to);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        Poll::Ready(Ok(ready!(self.get_mut().poll_send_outbound(cx))?))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        Poll::Ready(Ok(ready!(self.get_mut().poll_send_outbound(cx))?))
    }
}
