//! Where a server's connections come from, and how it comes by the service of each.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use minato_http::{Body, ConnInfo, Drain, Server, ServerConfig, Trust, handler_fn};
use minato_net::TcpListener;
use minato_runtime::runtime::Builder;
use minato_runtime::sync::oneshot;
use minato_runtime::task::LocalPoolHandle;
use minato_service::service_fn;

use crate::kit::{run, serve};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// Tells who the connection is from.
async fn who(request: Request<Body>) -> String {
    let info = request.extensions().get::<ConnInfo>().unwrap();
    let told = [info.peer, info.local, info.proxy];
    told.map(|address| address.map_or("-".to_owned(), |address| address.to_string())).join(" ")
}

/// Sends a request and reads the last line of what comes back before the connection is idle or ends.
fn ask(mut io: impl Read + Write) -> String {
    io.write_all(
        format!("{}connection: close\r\n\r\n", GET.trim_end_matches("\r\n").to_owned() + "\r\n").as_bytes(),
    )
    .unwrap();
    let mut answer = String::new();
    let _ = io.read_to_string(&mut answer);
    answer.rsplit("\r\n").next().unwrap_or_default().to_owned()
}

/// Runs a server until the blocking client has returned.
fn with_server<T: Send + 'static>(
    server: impl FnOnce(oneshot::Receiver<()>) -> std::pin::Pin<Box<dyn Future<Output = ()>>>,
    client: impl FnOnce() -> T + Send + 'static,
) -> T {
    let runtime = Builder::new_current_thread().enable_all().build_local(Default::default()).unwrap();
    let (stop, stopped) = oneshot::channel();
    let client = std::thread::spawn(move || {
        let result = client();
        let _ = stop.send(());
        result
    });
    runtime.block_on(server(stopped));
    client.join().unwrap()
}

async fn until(stopped: oneshot::Receiver<()>) {
    let _ = stopped.await;
}

const DRAIN: Drain = Drain::within(Duration::from_secs(5));

#[test]
fn several_listeners_are_served_alike_and_none_is_kept_waiting() {
    let listeners: Vec<_> = (0..3).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
    let expected = addresses.clone();
    let answers = with_server(
        |stopped| {
            Box::pin(async move {
                let ours = |listener: std::net::TcpListener| {
                    listener.set_nonblocking(true).unwrap();
                    TcpListener::from_std(listener).unwrap()
                };
                let listeners: Vec<_> = listeners.into_iter().map(ours).collect();
                let server = Server::from_listener(listeners).graceful(until(stopped), DRAIN);
                let _ = server.serve(handler_fn(who)).await.unwrap();
            })
        },
        move || {
            let ask = |address: &SocketAddr| ask(TcpStream::connect(address).unwrap());
            addresses.iter().chain(&addresses).map(ask).collect::<Vec<_>>()
        },
    );
    for (answer, address) in answers.iter().zip(expected.iter().chain(&expected)) {
        assert!(answer.contains(&address.to_string()), "{answer}");
    }
}

#[test]
fn sockets_bound_elsewhere_are_taken_over() {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let answer = with_server(
        |stopped| {
            Box::pin(async move {
                let _ = Server::from_listener(tcp)
                    .graceful(until(stopped), DRAIN)
                    .serve(handler_fn(|_| async { "taken over" }))
                    .await
                    .unwrap();
            })
        },
        move || ask(TcpStream::connect(address).unwrap()),
    );
    assert_eq!(answer, "taken over");

    let path = std::env::temp_dir().join(format!("minato-inherited-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let unix = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let there = path.clone();
    let answer = with_server(
        |stopped| {
            Box::pin(async move {
                let _ = Server::from_listener(unix)
                    .graceful(until(stopped), DRAIN)
                    .serve(handler_fn(|_| async { "taken over" }))
                    .await
                    .unwrap();
            })
        },
        move || ask(UnixStream::connect(there).unwrap()),
    );
    std::fs::remove_file(path).unwrap();
    assert_eq!(answer, "taken over");
}

#[test]
fn a_service_may_be_made_for_each_connection_or_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let made = Arc::new(AtomicUsize::new(0));
    let answers = with_server(
        |stopped| {
            Box::pin(async move {
                let make = service_fn(move |info: ConnInfo| {
                    let number = made.fetch_add(1, Ordering::SeqCst);
                    async move {
                        assert!(info.peer.is_some());
                        match number {
                            1 => Err("refused"),
                            _ => Ok(handler_fn(move |_| std::future::ready(format!("connection {number}")))),
                        }
                    }
                });
                let server = Server::from_listener(listener).graceful(until(stopped), DRAIN);
                let _ = server.serve_with(make).await.unwrap();
            })
        },
        move || (0..3).map(|_| ask(TcpStream::connect(address).unwrap())).collect::<Vec<_>>(),
    );
    assert_eq!(answers, ["connection 0", "", "connection 2"]);
}

#[test]
fn a_service_that_is_not_send_is_served_on_its_thread() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = with_server(
        |stopped| {
            Box::pin(async move {
                let count = Rc::new(Cell::new(0));
                let service = handler_fn(move |_| {
                    count.set(count.get() + 1);
                    let count = Rc::clone(&count);
                    async move { count.get().to_string() }
                });
                let server = Server::from_listener(listener).graceful(until(stopped), DRAIN);
                let _ = server.serve_local(service).await.unwrap();
            })
        },
        move || (0..3).map(|_| ask(TcpStream::connect(address).unwrap())).collect::<Vec<_>>(),
    );
    assert_eq!(answers, ["1", "2", "3"]);
}

#[test]
fn each_thread_of_a_pool_listens_on_the_port_and_keeps_what_it_accepts() {
    const THREADS: usize = 3;
    const CONNECTIONS: usize = 96;
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let server = std::thread::spawn(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let pool = LocalPoolHandle::new(THREADS);
            let server = Server::bind("127.0.0.1:0").listen_per_thread(pool).await.unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            let make = || {
                // Not to be sent to any other thread.
                let thread = Rc::new(format!("{:?}", std::thread::current().id()));
                handler_fn(move |_| {
                    assert_eq!(*thread, format!("{:?}", std::thread::current().id()));
                    std::future::ready(String::clone(&thread))
                })
            };
            server.graceful(until(stopped), DRAIN).serve_pinned(make).await.unwrap()
        })
    });
    let address = told.recv().unwrap();
    let mut open: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut served = std::collections::HashMap::<String, usize>::new();
    for connection in &mut open {
        connection.write_all(GET.as_bytes()).unwrap();
        let mut answer = [0; 4096];
        let len = connection.read(&mut answer).unwrap();
        let thread = String::from_utf8_lossy(&answer[..len]).rsplit("\r\n").next().unwrap().to_owned();
        *served.entry(thread).or_default() += 1;
    }
    // The kernel deals them out by their ports: that a thread of three gets none of 96 is as good as impossible.
    assert_eq!(served.len(), THREADS, "{served:?}");
    assert_eq!(served.values().sum::<usize>(), CONNECTIONS);
    stop.send(()).unwrap();
    let report = server.join().unwrap();
    assert_eq!((report.drained, report.cut), (CONNECTIONS, 0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn limits_hold_for_all_threads_of_a_pool_together() {
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let server = std::thread::spawn(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let server = Server::bind("127.0.0.1:0").limits(|limits| limits.connections_per_ip = Some(5));
            let server = server.listen_per_thread(LocalPoolHandle::new(2)).await.unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            let server = server.graceful(until(stopped), DRAIN);
            server.serve_pinned(|| handler_fn(|_| async { "hello" })).await.unwrap()
        })
    });
    let address = told.recv().unwrap();
    let open: Vec<_> = (0..20)
        .map(|_| {
            let mut connection = TcpStream::connect(address).unwrap();
            // One that is refused may be reset under our hands.
            let _ = connection.write_all(GET.as_bytes());
            let mut answer = [0; 4096];
            let is_served = connection.read(&mut answer).is_ok_and(|len| len > 0);
            (connection, is_served)
        })
        .collect();
    assert_eq!(open.iter().filter(|(_, is_served)| *is_served).count(), 5);
    stop.send(()).unwrap();
    assert_eq!(server.join().unwrap().cut, 0);
}

#[test]
fn one_address_has_so_many_connections_and_no_more() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    with_server(
        |stopped| {
            Box::pin(async move {
                let _ = Server::from_listener(listener)
                    .limits(|limits| limits.connections_per_ip = Some(2))
                    .graceful(until(stopped), DRAIN)
                    .serve(handler_fn(|_| async { "served" }))
                    .await
                    .unwrap();
            })
        },
        move || {
            let connect = || TcpStream::connect(address).unwrap();
            let mut held = [connect(), connect()];
            for io in &mut held {
                io.write_all(GET.as_bytes()).unwrap();
                assert!(io.read(&mut [0; 1024]).unwrap() > 0);
            }
            assert_eq!(ask(connect()), "");
            drop(held);
            // The places are free again once the server has seen the two go.
            while ask(connect()) != "served" {}
        },
    );
}

#[test]
fn a_trusted_proxy_says_whom_it_speaks_for() {
    run(async {
        let mut config = ServerConfig::default();
        config.proxy_protocol = Some(Trust::everybody());
        let (mut peer, _server) = serve(handler_fn(who), config.clone());
        peer.send(format!("PROXY TCP4 192.0.2.1 198.51.100.2 12345 443\r\n{GET}")).await;
        assert_eq!(peer.answer().await.text(), "192.0.2.1:12345 198.51.100.2:443 -");

        let (mut peer, _server) = serve(handler_fn(who), config.clone());
        for byte in format!("PROXY UNKNOWN\r\n{GET}").bytes() {
            peer.send([byte]).await;
        }
        assert_eq!(peer.answer().await.text(), "- - -");

        for broken in [GET, "PROXY TCP4 x y 1 2\r\n"] {
            let (mut peer, server) = serve(handler_fn(who), config.clone());
            peer.send(broken).await;
            peer.expect_end().await;
            assert!(server.await.unwrap().is_ok());
        }
        // One that says nothing is given up by the deadline of the first head.
        let (mut peer, _server) = serve(handler_fn(who), config);
        peer.send("PROXY TCP4 192").await;
        peer.expect_end().await;
    });
}

#[test]
fn a_peer_that_is_not_trusted_cannot_speak_for_others() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = with_server(
        |stopped| {
            Box::pin(async move {
                let _ = Server::from_listener(listener)
                    .proxy_protocol(Trust::cidr("192.0.2.0/24").unwrap())
                    .graceful(until(stopped), DRAIN)
                    .serve(service_fn(|request| async {
                        Ok::<_, Infallible>(http::Response::new(who(request).await))
                    }))
                    .await
                    .unwrap();
            })
        },
        move || {
            let mut io = TcpStream::connect(address).unwrap();
            io.write_all(format!("PROXY TCP4 192.0.2.1 198.51.100.2 12345 443\r\n{GET}").as_bytes()).unwrap();
            let mut answer = String::new();
            io.read_to_string(&mut answer).unwrap();
            answer
        },
    );
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
