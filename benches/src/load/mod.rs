//! The clients of the servers: raw sockets on one thread, with requests made beforehand.
//!
//! They send to all connections or streams first and read all answers then, so that servers have something to gather.

mod echo;
mod http1;
mod http2;

pub(crate) use echo::{echo_1, echo_64, echo_1000, echo_once};
pub(crate) use http1::{http1_64, http1_down, http1_pipelined, http1_up};
pub(crate) use http2::{grpc_1, grpc_100, http2_1, http2_100};

use std::net::{SocketAddr, TcpStream};

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_nodelay(true).expect("a TCP socket");
    stream
}
