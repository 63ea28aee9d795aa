//! Connecting to names, with a resolver of the user's own.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use minato_net::{Dialer, Resolver, Resolving, TcpListener, TcpSocket, TcpStream};
use minato_runtime::runtime::Builder;

/// Knows one name, `somewhere`, which has these addresses.
#[derive(Debug)]
struct Book(Vec<IpAddr>);

impl Resolver for Book {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            match host {
                "somewhere" => Ok(self.0.clone()),
                "silence" => std::future::pending().await,
                _ => Err(io::Error::new(ErrorKind::NotFound, "not in the book")),
            }
        })
    }
}

fn loopback(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// Takes connections at one of the addresses of this machine.
fn listen(address: SocketAddr, backlog: u32) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(address).unwrap();
    socket.listen(backlog).unwrap()
}

#[test]
fn addresses_of_the_users_resolver_are_tried_against_each_other() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let good = listen((loopback(3), 0).into(), 16);
        let port = good.local_addr().unwrap().port();
        // A backlog that is full: it does not answer.
        let silent = listen((loopback(2), port).into(), 0);
        let mut filling = Vec::new();
        let limit = Duration::from_millis(20);
        while let Ok(stream) = TcpStream::connect_timeout(silent.local_addr().unwrap(), limit).await {
            filling.push(stream);
        }
        let dialer = Dialer::new().resolver(Book(vec![loopback(2), loopback(3)]));
        let dialer = dialer.attempt_delay(Duration::from_millis(10)).timeout(Duration::from_secs(30));
        let stream = dialer.connect("somewhere", port).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good.local_addr().unwrap());
        assert_eq!(dialer.resolve("somewhere").await.unwrap(), [loopback(2), loopback(3)]);
        // A literal is not looked up, and an unknown name is told in the resolver's words.
        assert!(dialer.connect("127.0.0.3", port).await.is_ok());
        let unknown = dialer.connect("elsewhere", port).await.unwrap_err();
        assert_eq!((unknown.kind(), unknown.to_string().as_str()), (ErrorKind::NotFound, "not in the book"));
    });
}

#[test]
fn a_lookup_without_end_and_a_name_without_addresses_are_errors() {
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
        let dialer = Dialer::new().resolver(Book(Vec::new())).timeout(Duration::from_secs(3));
        assert_eq!(dialer.connect("silence", 80).await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(dialer.connect("somewhere", 80).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_name_with_more_addresses_than_sixteen_is_tried_at_sixteen() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let last = |last: u8| listen((loopback(last), 0).into(), 16);
        for (place, is_found) in [(16, true), (17, false)] {
            let listener = last(100 + place);
            let port = listener.local_addr().unwrap().port();
            let addresses = (1..=40).map(|place| loopback(100 + place)).collect();
            let connected = Dialer::new().resolver(Book(addresses)).connect("somewhere", port).await;
            assert_eq!(connected.is_ok(), is_found, "{connected:?}");
        }
    });
}

#[test]
fn addresses_of_one_family_do_not_crowd_out_the_other() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let listener = listen((loopback(1), 0).into(), 16);
        let port = listener.local_addr().unwrap().port();
        // Addresses for documentation (RFC 3849): nobody has them.
        let nowhere = (1..=1000).map(|last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into());
        let addresses = nowhere.chain([loopback(1)]).collect();
        let dialer = Dialer::new().resolver(Book(addresses)).attempt_delay(Duration::from_millis(10));
        let stream = dialer.connect("somewhere", port).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().ip(), loopback(1));
    });
}

#[test]
fn sockets_are_set_up_and_bound_before_they_connect() {
    Builder::new_current_thread().build().unwrap().block_on(async {
        let server = listen((loopback(1), 0).into(), 16);
        let port = server.local_addr().unwrap().port();
        let dialer = Dialer::new().local_address(loopback(9)).socket(|socket| socket.set_keepalive(true));
        let stream = dialer.connect("127.0.0.1", port).await.unwrap();
        assert_eq!(server.accept().await.unwrap().1.ip(), loopback(9));
        assert!(stream.keepalive().unwrap() && !stream.nodelay().unwrap());

        // What has no address on this side is not tried.
        let both = Book(vec!["::1".parse().unwrap(), loopback(1)]);
        let stream = dialer.clone().resolver(both).connect("somewhere", port).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().ip(), loopback(1));
        let six = dialer.clone().connect("::1", port).await.unwrap_err();
        assert_eq!(six.kind(), ErrorKind::NotFound);

        let refused = dialer.socket(|_| Err(io::Error::other("not this one")));
        assert_eq!(refused.connect("127.0.0.1", port).await.unwrap_err().to_string(), "not this one");
        // An address that this machine does not have.
        let elsewhere = Dialer::new().local_address(Ipv4Addr::new(192, 0, 2, 1).into());
        let error = elsewhere.connect("127.0.0.1", port).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    });
}
