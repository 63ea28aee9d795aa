//! Pieces of 64 KiB from one task to another, over sockets.

use super::super::platform::{AsyncReadExt, AsyncWriteExt, TcpListener, TcpStream, UnixStream, spawn};
use super::in_task;
use crate::{Work, Workers};

const PIECE: usize = 64 * 1024;

macro_rules! transfer {
    ($near:ident, $far:ident, $operations:ident) => {
        let (mut near, mut far) = ($near, $far);
        let writer = spawn(async move {
            let piece = vec![7; PIECE];
            for _ in 0..$operations {
                near.write_all(&piece).await.expect("the other end reads");
            }
        });
        let mut buf = vec![0; PIECE];
        let mut received = 0;
        while let Ok(len @ 1..) = far.read(&mut buf).await {
            received += len as u64;
        }
        assert_eq!(received, $operations * PIECE as u64);
        writer.await.expect("the writer does not panic");
    };
}

/// Over TCP.
pub(crate) fn tcp_copy(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("it listens");
        let (far, _) = listener.accept().await.expect("a connection");
        transfer!(near, far, operations);
    })
}

/// Over a pair of Unix sockets.
pub(crate) fn unix_copy(workers: Workers) -> Work {
    in_task(workers, |operations| async move {
        let (near, far) = UnixStream::pair().expect("a pair");
        transfer!(near, far, operations);
    })
}
