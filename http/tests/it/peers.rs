//! Our HTTP/2 beside that of others, each as the client of the other: what is sent comes as it was, whatever the windows,
//! the table of fields and the pipe between them allow.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use minato_http::{Body, Client, ServerConfig, handler_fn, serve_connection};
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::io::{DuplexStream, duplex};
use minato_runtime::task::JoinHandle;

use crate::kit::run;

/// What the two sides allow each other.
#[derive(Debug, Clone, Copy)]
struct World {
    stream_window: u32,
    connection_window: u32,
    table: u32,
    streams_max: u32,
    pipe: usize,
    /// How many exchanges there are at one time, and how long the longest body is.
    exchanges: usize,
    body_max: usize,
}

const ROOMY: World = World {
    stream_window: 1 << 20,
    connection_window: 2 << 20,
    table: 4096,
    streams_max: 200,
    pipe: 256 * 1024,
    exchanges: 30,
    body_max: 32 * 1024,
};

fn worlds() -> Vec<World> {
    vec![
        ROOMY,
        World { exchanges: 1, body_max: 1 << 20, ..ROOMY },
        World { exchanges: 3, body_max: 1 << 19, stream_window: 65_535, connection_window: 65_535, ..ROOMY },
        World { exchanges: 60, body_max: 100, streams_max: 3, ..ROOMY },
        World { exchanges: 5, body_max: 200, stream_window: 5, connection_window: 65_535, ..ROOMY },
        World { exchanges: 20, body_max: 5_000, table: 0, pipe: 1000, ..ROOMY },
        World { exchanges: 3, body_max: 300, table: 200, pipe: 1, ..ROOMY },
    ]
}

/// What is asked on one stream, made of its number.
#[derive(Debug, Clone, PartialEq)]
struct Exchange {
    path: String,
    fields: HeaderMap,
    body: Bytes,
    trailers: Option<HeaderMap>,
}

impl Exchange {
    fn new(number: usize, world: World) -> Self {
        let len = match number % 4 {
            0 => world.body_max,
            1 => 0,
            _ => number * 7919 % (world.body_max + 1),
        };
        let body: Vec<u8> = (0..len).map(|i| (i * 31 + number) as u8).collect();
        let mut fields = HeaderMap::new();
        fields.append("x-number", HeaderValue::from(number));
        fields.append("x-same", HeaderValue::from_static("the same each time, and of some length"));
        for i in 0..number % 7 {
            let name = HeaderName::from_bytes(format!("x-{}", number % 5 + i).as_bytes()).unwrap();
            fields.append(name, HeaderValue::from_str(&"~v".repeat(number % 50)).unwrap());
        }
        // A head of several frames.
        if number % 50 == 3 {
            fields.append("x-long", HeaderValue::from_str(&"\\".repeat(20_000)).unwrap());
        }
        let trailers = number.is_multiple_of(3).then(|| {
            let mut trailers = HeaderMap::new();
            trailers.append("x-sum", HeaderValue::from(len));
            trailers.append("x-sum", HeaderValue::from(number));
            trailers
        });
        Self { path: format!("/{number}?q={len}"), fields, body: body.into(), trailers }
    }

    fn uri(&self) -> String {
        format!("http://a.example{}", self.path)
    }

    /// What came back is what an echo makes of this.
    fn check(&self, head: &HeaderMap, body: &[u8], trailers: Option<&HeaderMap>) {
        for name in self.fields.keys() {
            let both = [&self.fields, head].map(|fields| fields.get_all(name).iter().collect::<Vec<_>>());
            assert_eq!(both[0], both[1], "{name} of {}", self.path);
        }
        assert_eq!(head["x-path"], self.path);
        assert!(body == self.body, "the body of {}", self.path);
        assert_eq!(trailers, self.trailers.as_ref(), "{}", self.path);
    }
}

fn echoed(head: &http::request::Parts) -> HeaderMap {
    let mut fields = head.headers.clone();
    fields.remove("content-length");
    let path = head.uri.path_and_query().unwrap().as_str();
    fields.insert("x-path", HeaderValue::from_str(path).unwrap());
    fields
}

mod ours {
    use super::*;

    pub(super) fn server(io: DuplexStream, world: World) {
        let mut config = ServerConfig::default();
        config.http2.stream_window = world.stream_window;
        config.http2.connection_window = world.connection_window;
        config.http2.header_table_size = world.table;
        config.http2.max_concurrent_streams = world.streams_max;
        let echo = handler_fn(|request: Request<Body>| async move {
            let (head, body) = request.into_parts();
            let mut response = Response::new(body);
            *response.headers_mut() = echoed(&head);
            response
        });
        drop(minato_runtime::spawn(serve_connection(io, echo, config)));
    }

    pub(super) async fn client(io: DuplexStream, world: World) {
        let made = std::sync::Mutex::new(Some(io));
        let client = Client::builder()
            .http2_prior_knowledge()
            .http2(|http2| {
                http2.stream_window = world.stream_window;
                http2.connection_window = world.connection_window;
                // More than the server takes would be refused; of trailers on such a stream h2 makes an error of the
                // connection.
                http2.initial_max_send_streams = world.streams_max as usize;
            })
            .pool(|pool| pool.http2_connections_per_host = 1)
            .connector(move |_| {
                let io = made.lock().unwrap().take().ok_or_else(|| io::Error::other("one connection"));
                std::future::ready(io)
            })
            .build();
        let exchanges: Vec<JoinHandle<()>> = (0..world.exchanges)
            .map(|number| {
                let (client, exchange) = (client.clone(), Exchange::new(number, world));
                minato_runtime::spawn(async move {
                    let body = match &exchange.trailers {
                        Some(trailers) => Body::full_with_trailers(exchange.body.clone(), trailers.clone()),
                        None => Body::from(exchange.body.clone()),
                    };
                    let mut request = Request::post(exchange.uri()).body(body).unwrap();
                    request.headers_mut().extend(exchange.fields.clone());
                    let response = client.request(request).await.unwrap();
                    let (head, mut body) = response.into_parts();
                    let (mut data, mut trailers) = (Vec::new(), None);
                    while let Some(frame) = body.frame().await {
                        match frame.unwrap().into_data() {
                            Ok(part) => data.extend_from_slice(&part),
                            Err(frame) => trailers = frame.into_trailers().ok(),
                        }
                    }
                    exchange.check(&head.headers, &data, trailers.as_ref());
                })
            })
            .collect();
        for exchange in exchanges {
            exchange.await.unwrap();
        }
    }
}

mod theirs {
    use super::*;

    /// Sends what the peer has room for, until all is sent.
    async fn send(mut stream: h2::SendStream<Bytes>, mut body: Bytes, trailers: Option<HeaderMap>) {
        while !body.is_empty() {
            stream.reserve_capacity(body.len());
            let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap().unwrap();
            stream.send_data(body.split_to(room.min(body.len())), false).unwrap();
        }
        match trailers {
            Some(trailers) => stream.send_trailers(trailers).unwrap(),
            None => stream.send_data(Bytes::new(), true).unwrap(),
        }
    }

    async fn read(mut body: h2::RecvStream) -> (Bytes, Option<HeaderMap>) {
        let mut data = Vec::new();
        while let Some(part) = body.data().await {
            let part = part.unwrap();
            body.flow_control().release_capacity(part.len()).unwrap();
            data.extend_from_slice(&part);
        }
        (data.into(), body.trailers().await.unwrap())
    }

    pub(super) fn server(io: DuplexStream, world: World) {
        drop(minato_runtime::spawn(async move {
            let mut builder = h2::server::Builder::new();
            builder
                .initial_window_size(world.stream_window)
                .initial_connection_window_size(world.connection_window)
                .header_table_size(world.table)
                .max_header_list_size(64 * 1024)
                .max_concurrent_streams(world.streams_max);
            let mut connection = builder.handshake::<_, Bytes>(Compat::new(io)).await.unwrap();
            while let Some(accepted) = connection.accept().await {
                let (request, mut respond) = accepted.unwrap_or_else(|error| panic!("{world:?}: {error}"));
                drop(minato_runtime::spawn(async move {
                    let (head, body) = request.into_parts();
                    let mut response = Response::new(());
                    *response.headers_mut() = echoed(&head);
                    let stream = respond.send_response(response, false).unwrap();
                    let (body, trailers) = read(body).await;
                    send(stream, body, trailers).await;
                }));
            }
        }));
    }

    pub(super) async fn client(io: DuplexStream, world: World) {
        let mut builder = h2::client::Builder::new();
        builder
            .initial_window_size(world.stream_window)
            .initial_connection_window_size(world.connection_window)
            .header_table_size(world.table)
            .max_header_list_size(64 * 1024);
        let (client, connection) = builder.handshake::<_, Bytes>(Compat::new(io)).await.unwrap();
        drop(minato_runtime::spawn(connection));
        let exchanges: Vec<JoinHandle<()>> = (0..world.exchanges)
            .map(|number| {
                let (client, exchange) = (client.clone(), Exchange::new(number, world));
                minato_runtime::spawn(async move {
                    let mut request = Request::post(exchange.uri()).body(()).unwrap();
                    request.headers_mut().extend(exchange.fields.clone());
                    let (response, stream) =
                        client.ready().await.unwrap().send_request(request, false).unwrap();
                    let sending = send(stream, exchange.body.clone(), exchange.trailers.clone());
                    let sending = minato_runtime::spawn(sending);
                    let (head, body) = response.await.unwrap().into_parts();
                    let (data, trailers) = read(body).await;
                    exchange.check(&head.headers, &data, trailers.as_ref());
                    sending.await.unwrap();
                })
            })
            .collect();
        for exchange in exchanges {
            exchange.await.unwrap();
        }
    }
}

#[test]
fn our_client_and_the_server_of_others_understand_each_other() {
    for world in worlds() {
        run(async {
            let (client, server) = duplex(world.pipe);
            theirs::server(server, world);
            ours::client(client, world).await;
        });
    }
}

#[test]
fn the_client_of_others_and_our_server_understand_each_other() {
    for world in worlds() {
        run(async {
            let (client, server) = duplex(world.pipe);
            ours::server(server, world);
            theirs::client(client, world).await;
        });
    }
}

#[test]
fn our_client_and_our_server_understand_each_other() {
    for world in worlds() {
        run(async {
            let (client, server) = duplex(world.pipe);
            ours::server(server, world);
            ours::client(client, world).await;
        });
    }
}
