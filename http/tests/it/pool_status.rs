//! What a pool tells of its connections, and which runtime they serve.

use std::time::Duration;

use http::{Request, Version};
use minato_http::{Body, Client};
use minato_runtime::task::yield_now;
use minato_runtime::time::sleep;

use crate::exchanges::Servers;
use crate::kit::{Peer, run, timed};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn get(client: &Client) -> minato_runtime::task::JoinHandle<Result<String, minato_http::Error>> {
    let response = client.get("http://a/");
    minato_runtime::spawn(async { response.await?.into_body().text().await })
}

async fn answer(server: &mut Peer) {
    server.head_of_request().await;
    server.send(OK).await;
}

#[test]
fn what_happens_to_connections_is_counted() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.connections_per_host = Some(1)));
        let pool = client.pool();
        let (first, second) = (get(&client), get(&client));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        yield_now().await;
        let status = pool.status();
        let host = &status.hosts[0];
        assert_eq!(host.origin, "http://a/");
        assert_eq!((host.idle, host.in_use, host.connecting, host.waiting), (0, 1, 0, 1));
        assert_eq!((host.connects, host.reuses, host.waits), (1, 0, 1));
        server.send(OK).await;
        answer(&mut server).await;
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        let status = pool.status();
        assert_eq!((status.idle(), status.in_use(), status.waiting()), (1, 0, 0));
        assert_eq!((status.connects(), status.reuses(), status.waits()), (1, 1, 1));
        let third = get(&client);
        answer(&mut server).await;
        third.await.unwrap().unwrap();
        assert_eq!(pool.status().reuses(), 2);
        pool.close_idle();
        server.expect_end().await;
        assert_eq!((pool.status().idle(), pool.status().in_use()), (0, 0));
        drop(client);
        assert!(pool.status().hosts.is_empty());
    });
}

#[test]
fn connections_that_are_not_made_are_counted_and_those_of_forgotten_hosts_too() {
    run(async {
        let connect = |_| {
            std::future::ready(Err::<minato_runtime::io::DuplexStream, _>(std::io::ErrorKind::Other.into()))
        };
        let client = Client::builder().connector(connect).build();
        for host in 0..400 {
            assert!(client.get(format!("http://host-{host}/")).await.unwrap_err().is_connect());
        }
        let status = client.pool().status();
        assert!(status.hosts.len() < 300);
        assert_eq!((status.connects(), status.connect_failures()), (0, 400));
        assert!(status.hosts.iter().all(|host| host.in_use == 0 && host.connecting == 0));
    });
}

#[test]
fn exchanges_of_http2_are_counted_by_connection_and_stream() {
    crate::client::run(async {
        let address = crate::client::listen(|request: Request<Body>| async move {
            drop(request.into_body().text().await);
            "x"
        })
        .await;
        let client = Client::builder().http2_prior_knowledge().build();
        let pool = client.pool();
        let (sender, body) = Body::channel();
        let open = minato_runtime::spawn(client.post(format!("http://{address}/")).body(body).send());
        client.get(format!("http://{address}/")).await.unwrap().into_body().text().await.unwrap();
        let status = pool.status();
        assert_eq!((status.hosts[0].http2_connections, status.hosts[0].http2_exchanges), (1, 1));
        assert_eq!((status.connects(), status.reuses()), (1, 1));
        sender.finish();
        open.await.unwrap().unwrap().into_body().text().await.unwrap();
        assert_eq!(pool.status().hosts[0].http2_exchanges, 0);
    });
}

#[test]
fn a_connection_is_left_when_it_has_taken_its_requests() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.requests_per_connection = Some(2)));
        for _ in 0..3 {
            let first = get(&client);
            let mut server = servers.accept().await;
            answer(&mut server).await;
            first.await.unwrap().unwrap();
            let second = get(&client);
            answer(&mut server).await;
            second.await.unwrap().unwrap();
            server.expect_end().await;
        }
        assert_eq!((client.pool().status().connects(), client.pool().status().reuses()), (3, 3));
    });
}

#[test]
fn a_shared_connection_is_left_when_it_has_taken_its_requests() {
    crate::client::run(async {
        let address = crate::client::listen(|_| async { "x" }).await;
        let client = Client::builder().pool(|pool| pool.requests_per_connection = Some(3)).build();
        for _ in 0..9 {
            let response = client.get(format!("http://{address}/")).version(Version::HTTP_2).await.unwrap();
            response.into_body().text().await.unwrap();
        }
        assert_eq!((client.pool().status().connects(), client.pool().status().reuses()), (3, 6));
    });
}

/// Whoever was to close idle connections went with the first runtime, and so did the drivers of its sockets.
#[test]
fn a_client_goes_on_in_another_runtime_and_its_idle_connections_are_closed_there() {
    let servers = Servers::default();
    let client = servers.client(|builder| {
        builder.pool(|pool| {
            pool.idle_timeout = Duration::from_secs(20);
            pool.connections_per_host = Some(1);
        })
    });
    let fetch = || async {
        let answered = get(&client);
        let mut server = servers.accept().await;
        answer(&mut server).await;
        answered.await.unwrap().unwrap();
        server
    };
    let mut first = run(fetch());
    for _ in 0..2 {
        run(async {
            // The one place is taken by a connection of the runtime that is gone.
            let mut second = fetch().await;
            first.expect_end().await;
            let ((), took) = timed(second.expect_end()).await;
            assert!((20..22).contains(&took.as_secs()), "{took:?}");
            first = fetch().await;
        });
    }
}

/// A runtime that is there and that nobody drives closes nothing.
#[test]
fn idle_connections_are_closed_although_the_runtime_that_was_to_do_it_stands_still() {
    let runtime = || {
        let mut builder = minato_runtime::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let servers = Servers::default();
    let client = servers.client(|builder| builder.pool(|pool| pool.idle_timeout = Duration::from_secs(20)));
    let fetch = || async {
        let answered = get(&client);
        let mut server = servers.accept().await;
        answer(&mut server).await;
        answered.await.unwrap().unwrap();
        server
    };
    let mut kept = first.block_on(fetch());
    second.block_on(async {
        // Time goes by here, and not there.
        sleep(Duration::from_secs(60)).await;
        let mut own = fetch().await;
        kept.expect_end().await;
        own.expect_end().await;
    });
}
