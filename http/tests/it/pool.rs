//! What is kept of connections: how many, how long, and who gets them.

use std::time::Duration;

use http::{Request, Version};
use minato_http::{Body, Client, Timeout};
use minato_runtime::task::yield_now;
use minato_runtime::time::sleep;

use crate::exchanges::Servers;
use crate::kit::{run, timed};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn get(client: &Client, path: &str) -> minato_runtime::task::JoinHandle<Result<String, minato_http::Error>> {
    let response = client.get(format!("http://a/{path}"));
    minato_runtime::spawn(async { response.await?.into_body().text().await })
}

#[test]
fn those_who_wait_get_the_connection_in_their_order_and_those_who_left_are_passed_over() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.connections_per_host = Some(1)));
        let mut waiting = Vec::new();
        for path in ["0", "1", "2", "3", "4"] {
            waiting.push(get(&client, path));
            yield_now().await;
        }
        let mut server = servers.accept().await;
        server.expect("GET /0 HTTP/1.1\r\nhost: a\r\n\r\n").await;
        waiting[1].abort();
        waiting[3].abort();
        yield_now().await;
        for path in ["2", "4"] {
            server.send(OK).await;
            server.expect(&format!("GET /{path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        }
        server.send(OK).await;
        for (at, answer) in waiting.into_iter().enumerate() {
            assert_eq!(answer.await.is_ok(), at % 2 == 0 && at != 1, "{at}");
        }
        assert!(!servers.has_new());
    });
}

#[test]
fn a_place_that_was_granted_to_one_who_left_is_not_lost() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder.pool(|pool| pool.connections_per_host = Some(1)));
        for _ in 0..20 {
            let first = get(&client, "first");
            let mut server = servers.accept().await;
            server.head_of_request().await;
            let (second, third) = (get(&client, "second"), get(&client, "third"));
            yield_now().await;
            // The connection dies, so that the permit alone goes on; and who gets it is gone by the time it runs.
            drop(server);
            assert!(first.await.unwrap().is_err());
            second.abort();
            let mut server = servers.accept().await;
            let head = server.head_of_request().await;
            let mut server = match head.starts_with("GET /second") {
                true => {
                    drop(server);
                    let mut server = servers.accept().await;
                    server.head_of_request().await;
                    server
                }
                false => server,
            };
            server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
            assert_eq!(third.await.unwrap().unwrap(), "ok");
        }
    });
}

#[test]
fn a_queue_that_nobody_serves_does_not_grow_by_those_who_gave_up() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| {
            builder
                .timeouts(|timeouts| {
                    timeouts.pool_wait = Some(Duration::from_secs(1));
                    timeouts.head = None;
                })
                .pool(|pool| pool.connections_per_host = Some(1))
        });
        let _first = get(&client, "first");
        let _server = servers.accept().await;
        for _ in 0..1000 {
            let (answer, took) = timed(get(&client, "x")).await;
            assert_eq!(answer.unwrap().unwrap_err().timeout(), Some(Timeout::PoolWait));
            assert_eq!(took.as_secs(), 1);
        }
        let told = format!("{client:?}");
        let waiting = told.split("waiting: ").nth(1).unwrap().split([' ', ',']).next().unwrap();
        assert!(waiting.parse::<usize>().unwrap() < 10, "{told}");
    });
}

#[test]
fn a_connection_takes_no_requests_after_its_age() {
    run(async {
        let servers = Servers::default();
        let age = Duration::from_secs(30);
        let client = servers.client(|builder| builder.pool(|pool| pool.max_age = Some(age)));
        let answer = get(&client, "x");
        let mut server = servers.accept().await;
        for _ in 0..2 {
            server.head_of_request().await;
            server.send(OK).await;
            sleep(Duration::from_secs(10)).await;
            drop(get(&client, "x"));
        }
        answer.await.unwrap().unwrap();
        server.head_of_request().await;
        // It is over its age while it serves: the response is whole, and the connection is not kept.
        sleep(Duration::from_secs(10)).await;
        server.send(OK).await;
        server.expect_end().await;
        drop(get(&client, "y"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        // One that rests is closed when its time comes.
        server.send(OK).await;
        let ((), took) = timed(server.expect_end()).await;
        assert!((29..32).contains(&took.as_secs()), "{took:?}");
    });
}

#[test]
fn a_shared_connection_of_age_ends_with_its_last_exchange() {
    crate::client::run(async {
        let address = crate::client::listen(|request: Request<Body>| async move {
            format!("{:?}", request.extensions().get::<minato_http::ConnInfo>().unwrap().peer.unwrap().port())
        })
        .await;
        let client = Client::builder().pool(|pool| pool.max_age = Some(Duration::ZERO)).build();
        let mut ports = std::collections::HashSet::new();
        for _ in 0..5 {
            let response = client.get(format!("http://{address}/")).version(Version::HTTP_2).await.unwrap();
            ports.insert(response.into_body().text().await.unwrap());
        }
        assert_eq!(ports.len(), 5);
    });
}

#[test]
fn a_client_that_is_gone_leaves_no_connection_open() {
    run(async {
        let servers = Servers::default();
        let client = servers.client(|builder| builder);
        let answer = get(&client, "x");
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send(OK).await;
        answer.await.unwrap().unwrap();
        drop(client);
        server.expect_end().await;

        // Nor one that is given back after that.
        let client = servers.client(|builder| builder);
        let answer = minato_runtime::spawn(client.get("http://a/"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
        let response = answer.await.unwrap().unwrap();
        drop(client);
        server.send("ok").await;
        assert_eq!(response.into_body().text().await.unwrap(), "ok");
        server.expect_end().await;
    });
}
