//! UDP over the loopback interface.

use std::sync::Arc;

use minato_net::UdpSocket;
use minato_runtime::runtime::Runtime;
use minato_runtime::spawn;

fn run(future: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(future);
}

#[test]
fn one_udp_socket_serves_a_sender_and_several_receivers() {
    run(async {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let receivers: Vec<_> = (0..3)
            .map(|_| {
                let socket = socket.clone();
                spawn(async move {
                    let mut buf = [0; 8];
                    let (len, _) = socket.recv_from(&mut buf).await.unwrap();
                    buf[..len].to_vec()
                })
            })
            .collect();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        sender.connect(address).await.unwrap();
        for i in 0..3_u8 {
            assert_eq!(sender.send(&[i; 2]).await.unwrap(), 2);
        }
        let mut got = Vec::new();
        for receiver in receivers {
            got.push(receiver.await.unwrap());
        }
        got.sort();
        assert_eq!(got, [[0, 0], [1, 1], [2, 2]]);
    });
}
