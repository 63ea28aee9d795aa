//! tokio's I/O traits on our sockets, without a wrapper.

use std::future::poll_fn;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;

use minato_net::{TcpListener, TcpStream, UnixStream, tcp, unix};
use minato_runtime::runtime::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Writes two slices to `writer`, ends it, and expects them from `reader`.
async fn transfer<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(reader: &mut R, writer: &mut W) {
    assert!(writer.is_write_vectored());
    let bufs = [&b"over "[..], b"there"].map(IoSlice::new);
    let written = poll_fn(|cx| Pin::new(&mut *writer).poll_write_vectored(cx, &bufs)).await.unwrap();
    assert_eq!(written, 10);
    poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx)).await.unwrap();
    poll_fn(|cx| Pin::new(&mut *writer).poll_shutdown(cx)).await.unwrap();
    let mut memory = [MaybeUninit::uninit(); 32];
    let mut buf = ReadBuf::uninit(&mut memory);
    loop {
        let before = buf.filled().len();
        poll_fn(|cx| Pin::new(&mut *reader).poll_read(cx, &mut buf)).await.unwrap();
        if buf.filled().len() == before {
            break;
        }
    }
    assert_eq!(buf.filled(), b"over there");
    assert_eq!(buf.initialized().len(), 10);
}

#[test]
fn streams_and_their_halves_speak_tokio() {
    fn reads_and_writes<T: AsyncRead + AsyncWrite>() {}
    fn reads<T: AsyncRead>() {}
    fn writes<T: AsyncWrite>() {}
    reads_and_writes::<UnixStream>();
    reads::<unix::ReadHalf<'_>>();
    writes::<unix::WriteHalf<'_>>();
    reads::<tcp::ReadHalf<'_>>();
    writes::<tcp::WriteHalf<'_>>();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        transfer(&mut far, &mut near).await;
        let (mut near_reader, _near_writer) = near.into_split();
        let (_far_reader, mut far_writer) = far.into_split();
        transfer(&mut near_reader, &mut far_writer).await;
    });
}
