//! GET requests over HTTP/1.1.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::connect;
use crate::Work;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\nuser-agent: load\r\n\r\n";

/// 64 connections with one request each.
pub(crate) fn http1_64(address: SocketAddr) -> Work {
    http1(address, 64, 1)
}

/// 16 connections with 16 requests each.
pub(crate) fn http1_pipelined(address: SocketAddr) -> Work {
    http1(address, 16, 16)
}

/// A mebibyte from the server, on one connection.
pub(crate) fn http1_down(address: SocketAddr) -> Work {
    let mut connection = connect(address);
    let mut body = vec![0; 64 * 1024];
    Box::new(move |operations| {
        for _ in 0..operations {
            connection.write_all(REQUEST).expect("the server reads");
            let arrived = connection.read(&mut body).expect("the server writes");
            let head = body[..arrived].windows(4).position(|text| text == b"\r\n\r\n").expect("a head") + 4;
            let mut left = 1024 * 1024 - (arrived - head);
            while left > 0 {
                let most = left.min(body.len());
                left -= connection.read(&mut body[..most]).expect("the server writes");
            }
        }
    })
}

/// A mebibyte to the server, on one connection.
pub(crate) fn http1_up(address: SocketAddr) -> Work {
    let mut connection = connect(address);
    let mut request = b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1048576\r\n\r\n".to_vec();
    request.resize(request.len() + 1024 * 1024, b'x');
    let mut answer = vec![0; 4096];
    Box::new(move |operations| {
        for _ in 0..operations {
            connection.write_all(&request).expect("the server reads");
            let mut arrived = 0;
            while !answer[..arrived].ends_with(b"Hello, World!") {
                arrived += connection.read(&mut answer[arrived..]).expect("the server writes");
            }
        }
    })
}

fn http1(address: SocketAddr, connections: usize, pipelined: usize) -> Work {
    let mut connections: Vec<TcpStream> = (0..connections).map(|_| connect(address)).collect();
    let response_len = response_len(&mut connections[0]);
    let requests = REQUEST.repeat(pipelined);
    let mut responses = vec![0; response_len * pipelined];
    Box::new(move |operations| {
        let mut left = (operations as usize).div_ceil(pipelined);
        while left > 0 {
            let active = left.min(connections.len());
            for connection in &mut connections[..active] {
                connection.write_all(&requests).expect("the server reads");
            }
            for connection in &mut connections[..active] {
                connection.read_exact(&mut responses).expect("the server writes");
                for response in responses.chunks(response_len) {
                    assert!(response.starts_with(b"HTTP/1.1 200 "), "responses are all alike");
                }
            }
            left -= active;
        }
    })
}

/// The length of a response, which is the same each time: even the date has a fixed length.
fn response_len(connection: &mut TcpStream) -> usize {
    connection.write_all(REQUEST).expect("the server reads");
    let mut response = Vec::new();
    let mut buf = [0; 4096];
    while !response.ends_with(b"\r\n\r\nHello, World!") {
        let len = connection.read(&mut buf).expect("the server writes");
        assert!(len > 0, "the server keeps the connection");
        response.extend_from_slice(&buf[..len]);
    }
    response.len()
}
