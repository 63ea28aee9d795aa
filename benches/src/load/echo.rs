//! Messages of 64 bytes that come back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::connect;
use crate::Work;

/// One connection.
pub(crate) fn echo_1(address: SocketAddr) -> Work {
    echo(address, 1)
}

/// 64 connections.
pub(crate) fn echo_64(address: SocketAddr) -> Work {
    echo(address, 64)
}

/// 1000 connections.
pub(crate) fn echo_1000(address: SocketAddr) -> Work {
    echo(address, 1000)
}

/// A connection for each message, closed by us.
pub(crate) fn echo_once(address: SocketAddr) -> Work {
    Box::new(move |operations| {
        for _ in 0..operations {
            let mut connection = connect(address);
            connection.write_all(&[7; 64]).expect("the server reads");
            connection.read_exact(&mut [0; 64]).expect("the server writes");
        }
    })
}

fn echo(address: SocketAddr, connections: usize) -> Work {
    let mut connections: Vec<TcpStream> = (0..connections).map(|_| connect(address)).collect();
    Box::new(move |operations| {
        let mut left = operations as usize;
        while left > 0 {
            let active = left.min(connections.len());
            for connection in &mut connections[..active] {
                connection.write_all(&[7; 64]).expect("the server reads");
            }
            for connection in &mut connections[..active] {
                let mut answer = [0; 64];
                connection.read_exact(&mut answer).expect("the server writes");
                assert_eq!(answer, [7; 64]);
            }
            left -= active;
        }
    })
}
