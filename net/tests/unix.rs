//! Unix sockets and pipes.

use std::fs::File;
use std::io::{ErrorKind, IoSliceMut, Read, Seek, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use minato_net::unix::{UnixSeqpacket, UnixSeqpacketListener, UnixSocket, pipe};
use minato_net::{UnixDatagram, UnixListener, UnixStream};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::{Builder, Runtime};
use minato_runtime::spawn;
use minato_runtime::time::timeout;

fn run(future: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(future);
}

/// A path that is this test's own, removed with the value.
struct Path(std::path::PathBuf);

impl Path {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minato-net-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn unix_streams_connect_talk_and_know_their_peer() {
    run(async {
        let path = Path::new("stream");
        let listener = UnixListener::bind(&path.0).unwrap();
        let client = spawn({
            let path = path.0.clone();
            async move {
                let mut stream = UnixStream::connect(path).await.unwrap();
                stream.write_all(b"hello").await.unwrap();
                stream.shutdown().await.unwrap();
                stream.read_u8().await.unwrap()
            }
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_eq!(stream.peer_cred().unwrap().pid(), Some(std::process::id().cast_signed()));
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
        stream.write_all(b"!").await.unwrap();
        assert_eq!(client.await.unwrap(), b'!');
        assert!(UnixStream::connect("/nowhere/at/all").await.is_err());
    });
}

#[test]
fn unix_datagrams_keep_their_bounds() {
    run(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        a.send(b"one").await.unwrap();
        a.send(b"three").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(b.recv(&mut buf).await.unwrap(), 3);
        b.readable().await.unwrap();
        assert_eq!(b.recv(&mut buf).await.unwrap(), 5);
        b.writable().await.unwrap();
        let path = Path::new("datagram");
        let named = UnixDatagram::bind(&path.0).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"x", &path.0).await.unwrap();
        assert_eq!(named.recv_from(&mut buf).await.unwrap().0, 1);
    });
}

#[test]
fn connecting_to_a_full_backlog_waits_for_room() {
    let runtime = Builder::new_current_thread().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let path = Path::new("backlog");
        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&path.0).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut connected = Vec::new();
        // Linux takes one more than the backlog.
        for _ in 0..2 {
            connected.push(UnixStream::connect(&path.0).await.unwrap());
        }
        let waiting = spawn({
            let path = path.0.clone();
            async move { UnixStream::connect(path).await }
        });
        minato_runtime::time::sleep(Duration::from_secs(5)).await;
        assert!(!waiting.is_finished());
        for _ in 0..2 {
            listener.accept().await.unwrap();
        }
        waiting.await.unwrap().unwrap();
    });
}

#[test]
fn abstract_names_need_no_file_and_sockets_of_another_kind_are_refused() {
    run(async {
        let name = format!("minato-net-{}", std::process::id());
        let socket = UnixSocket::new_stream().unwrap();
        socket.bind_abstract(&name).unwrap();
        let listener = socket.listen(8).unwrap();
        use std::os::linux::net::SocketAddrExt;
        assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
        let mut client = UnixSocket::new_stream().unwrap().connect_abstract(&name).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'x');
        let again = UnixStream::connect_addr(&listener.local_addr().unwrap()).await.unwrap();
        let nameless = UnixStream::connect_addr(&again.local_addr().unwrap()).await.unwrap_err();
        assert_eq!(nameless.kind(), ErrorKind::InvalidInput);
        let taken = UnixSocket::new_stream().unwrap().bind_abstract(&name).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let long = UnixSocket::new_stream().unwrap().bind_abstract([b'x'; 108]).unwrap_err();
        assert_eq!(long.kind(), ErrorKind::InvalidInput);
        let datagram = UnixSocket::new_datagram().unwrap();
        assert_eq!(datagram.listen(1).unwrap_err().kind(), ErrorKind::InvalidInput);
        UnixSocket::new_datagram().unwrap().datagram().unwrap();
    });
}

#[test]
fn descriptors_travel_with_bytes() {
    run(async {
        let path = Path::new("passed");
        let mut file = File::options().create_new(true).read(true).write(true).open(&path.0).unwrap();
        file.write_all(b"contents").unwrap();
        file.rewind().unwrap();
        let (a, b) = UnixStream::pair().unwrap();
        let receiving = spawn(async move {
            let mut buf = [0; 8];
            let received = b.recv_with_descriptors(&mut buf).await.unwrap();
            assert_eq!(&buf[..received.len], b"take");
            (received, b)
        });
        a.send_with_descriptors(b"take", &[file.as_fd(), a.as_fd()]).await.unwrap();
        drop(file);
        let (received, b) = receiving.await.unwrap();
        assert!(!received.were_lost);
        let [file, _] = <[_; 2]>::try_from(received.descriptors).unwrap();
        let mut text = String::new();
        File::from(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "contents");
        // Bytes alone go the same way, and descriptors alone or too many of them do not go at all.
        b.send_with_descriptors(b"plain", &[]).await.unwrap();
        let received = a.recv_with_descriptors(&mut [0; 8]).await.unwrap();
        assert_eq!((received.len, received.descriptors.len()), (5, 0));
        let alone = a.send_with_descriptors(b"", &[a.as_fd()]).await.unwrap_err();
        let many = a.send_with_descriptors(b"x", &vec![a.as_fd(); 254]).await.unwrap_err();
        assert_eq!((alone.kind(), many.kind()), (ErrorKind::InvalidInput, ErrorKind::InvalidInput));
        a.send_with_descriptors(b"x", &vec![a.as_fd(); 253]).await.unwrap();
        let received = b.recv_with_descriptors(&mut [0; 8]).await.unwrap();
        assert_eq!((received.descriptors.len(), received.were_lost), (253, false));
    });
}

#[test]
fn seqpackets_keep_their_bounds_and_see_the_end() {
    run(async {
        let path = Path::new("seqpacket");
        let listener = UnixSeqpacketListener::bind(&path.0).unwrap();
        let connecting = spawn({
            let path = path.0.clone();
            async move { UnixSeqpacket::connect(path).await }
        });
        let server = listener.accept().await.unwrap();
        let client = connecting.await.unwrap().unwrap();
        assert_eq!(server.peer_cred().unwrap().pid(), Some(std::process::id().cast_signed()));
        client.send(b"one").await.unwrap();
        client.send(b"three").await.unwrap();
        let mut buf = [0; 16];
        assert_eq!(server.recv(&mut buf).await.unwrap(), 3);
        assert_eq!(server.recv(&mut buf).await.unwrap(), 5);
        assert_eq!(server.try_recv(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(server.recv(&mut buf).await.unwrap(), 0);
        drop(client);
        assert_eq!(server.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn datagrams_go_through_every_door() {
    run(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        assert_eq!(b.try_recv(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
        for message in [&b"one"[..], b"two", b"three"] {
            a.try_send(message).unwrap();
        }
        let mut all = bytes::BytesMut::with_capacity(64);
        assert_eq!(b.recv_buf(&mut all).await.unwrap(), 3);
        assert_eq!(b.try_recv_buf(&mut all).unwrap(), 3);
        assert_eq!(&all[..], b"onetwo");
        let mut memory = [0; 8];
        let mut buf = minato_runtime::io::ReadBuf::new(&mut memory);
        std::future::poll_fn(|cx| b.poll_recv(cx, &mut buf)).await.unwrap();
        assert_eq!(buf.filled(), b"three");
        let path = Path::new("doors");
        let named = UnixDatagram::bind(&path.0).unwrap();
        named.connect(&path.0).unwrap();
        std::future::poll_fn(|cx| named.poll_send_ready(cx)).await.unwrap();
        named.send(b"four").await.unwrap();
        std::future::poll_fn(|cx| named.poll_recv_ready(cx)).await.unwrap();
        all.clear();
        let (len, from) = named.recv_buf_from(&mut all).await.unwrap();
        assert_eq!((len, from.as_pathname()), (4, Some(path.0.as_path())));
        assert_eq!(named.try_recv_buf_from(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);
        a.send(b"five").await.unwrap();
        let (len, from) = b.recv_buf_from(&mut all).await.unwrap();
        assert!(len == 4 && from.is_unnamed());
        let received = spawn(async move { b.recv_with_descriptors(&mut [0; 8]).await.unwrap() });
        a.send_with_descriptors(b"fd", &[a.as_fd()]).await.unwrap();
        assert_eq!(received.await.unwrap().descriptors.len(), 1);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_without_a_process_that_is_seen_from_here_has_none() {
    run(async {
        // The kernel says the same of a peer in another namespace of processes.
        let nobody = UnixDatagram::unbound().unwrap().peer_cred().unwrap();
        assert_eq!((nobody.pid(), nobody.uid(), nobody.gid()), (None, u32::MAX, u32::MAX));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn packets_that_wait_behind_each_other_in_a_pipe_are_all_read() {
    use rustix::pipe::{PipeFlags, pipe_with};
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
        let (receiver, sender) = pipe_with(PipeFlags::DIRECT | PipeFlags::CLOEXEC).unwrap();
        let mut receiver = pipe::Receiver::from_owned_fd(receiver).unwrap();
        let sender = pipe::Sender::from_owned_fd(sender).unwrap();
        let mut buf = [0; 16];
        // It waits once, so that the driver knows it.
        timeout(Duration::from_secs(1), receiver.read(&mut buf)).await.unwrap_err();
        for packet in [&b"one"[..], b"three", b"seven!!"] {
            sender.try_write(packet).unwrap();
        }
        for len in [3, 5] {
            assert_eq!(timeout(Duration::from_secs(1), receiver.read(&mut buf)).await.unwrap().unwrap(), len);
        }
        let mut slices = [IoSliceMut::new(&mut buf)];
        let read = receiver.read_vectored(&mut slices);
        assert_eq!(timeout(Duration::from_secs(1), read).await.unwrap().unwrap(), 7);
    });
}

#[test]
fn a_pipe_fills_empties_and_ends() {
    run(async {
        let (mut sender, mut receiver) = pipe::pipe().unwrap();
        let mut total = 0;
        while let Ok(written) = sender.try_write(&[7; 4096]) {
            total += written;
        }
        assert!(total >= 4096);
        let reading = spawn(async move {
            let mut all = Vec::new();
            receiver.read_to_end(&mut all).await.unwrap();
            (all.len(), receiver)
        });
        sender.write_all(&[8; 10_000]).await.unwrap();
        drop(sender);
        let (read, receiver) = reading.await.unwrap();
        assert_eq!(read, total + 10_000);
        assert_eq!(receiver.try_read(&mut [0; 4]).unwrap(), 0);
        let (sender, receiver) = pipe::pipe().unwrap();
        drop(receiver);
        assert_eq!(sender.try_write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        let fd = sender.into_nonblocking_fd().unwrap();
        let sender = pipe::Sender::from_owned_fd_unchecked(fd).unwrap();
        assert_eq!(sender.try_write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        let fd = sender.into_blocking_fd().unwrap();
        assert_eq!(pipe::Receiver::from_owned_fd(fd).unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn named_pipes_open_from_either_end() {
    run(async {
        let path = Path::new("fifo");
        let missing = pipe::OpenOptions::new().open_receiver(&path.0).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path.0, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        // There is no receiver yet.
        assert!(pipe::OpenOptions::new().open_sender(&path.0).is_err());
        let mut receiver = pipe::OpenOptions::new().open_receiver(&path.0).unwrap();
        let mut sender = pipe::OpenOptions::new().open_sender(&path.0).unwrap();
        sender.write_all(b"by name").await.unwrap();
        drop(sender);
        let mut text = String::new();
        receiver.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "by name");
        drop(receiver);
        let both = pipe::OpenOptions::new().read_write(true).open_sender(&path.0).unwrap();
        assert_eq!(both.try_write(b"x").unwrap(), 1);
        let file = Path::new("not-a-fifo");
        std::fs::write(&file.0, b"").unwrap();
        let error = pipe::OpenOptions::new().open_receiver(&file.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}
