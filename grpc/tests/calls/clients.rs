//! The four kinds of call through the generated client.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::TryStreamExt;
use minato_grpc::client::Channel;
use minato_grpc::{Code, Cx, MethodKind, Result, Status};
use minato_runtime::time::Instant;

use crate::echo::MyEcho;
use crate::generated::{ECHO_METHODS, Echo, EchoClient, Msg};
use crate::kit::{msg, routes, run, run_with_sockets, serve, wish};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a test against the service in this process and over TCP.
fn both<F: Future<Output = ()>>(test: impl Fn(EchoClient) -> F) {
    run(test(EchoClient::in_process(MyEcho::default())));
    run_with_sockets(async {
        let address = serve(routes()).await;
        test(EchoClient::connect(&format!("http://{address}")).await.unwrap()).await;
    });
}

#[test]
fn unary_calls_are_answered() {
    both(async |client: EchoClient| {
        let request = Msg { blob: vec![7; 1000].into(), count: 3, ..msg("hello ☺") };
        assert_eq!(client.unary(request.clone()).await.unwrap(), request);
        assert_eq!(client.unary(Msg::default()).await.unwrap(), Msg::default());
    });
}

#[test]
fn many_calls_share_a_client() {
    both(async |client: EchoClient| {
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                let client = client.clone();
                minato_runtime::spawn(async move { client.unary(msg(&n.to_string())).await })
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap().unwrap().text, n.to_string());
        }
    });
}

#[test]
fn large_messages_pass_both_ways() {
    both(async |client: EchoClient| {
        let request = Msg { blob: vec![1; 3 << 20].into(), ..Msg::default() };
        assert_eq!(client.unary(request.clone()).await.unwrap().blob.len(), 3 << 20);
        let reply = client.unary(wish("large", 2 << 20)).await.unwrap();
        assert_eq!(reply.text.len(), 2 << 20);
    });
}

#[test]
fn uploads_are_answered_when_they_are_finished() {
    both(async |client: EchoClient| {
        let mut upload = client.collect().await.unwrap();
        for text in ["a", "b", "c"] {
            upload.send(msg(text)).await.unwrap();
        }
        assert_eq!(upload.finish().await.unwrap().text, "abc");
        let empty = client.collect().await.unwrap();
        assert_eq!(empty.finish().await.unwrap(), Msg::default());
    });
}

#[test]
fn a_long_upload_waits_for_its_reader() {
    both(async |client: EchoClient| {
        let mut upload = client.collect().await.unwrap();
        for _ in 0..200 {
            upload.send(Msg { blob: vec![0; 20_000].into(), ..msg("x") }).await.unwrap();
        }
        assert_eq!(upload.finish().await.unwrap().count, 200);
    });
}

#[test]
fn downloads_arrive_in_order() {
    both(async |client: EchoClient| {
        let mut stream = client.expand(Msg { count: 5000, ..msg("part") }).await.unwrap();
        for count in 0..5000 {
            let message = stream.next().await.unwrap().unwrap();
            assert_eq!((message.text.as_str(), message.count), ("part", count));
        }
        assert_eq!(stream.next().await.unwrap(), None);
        assert_eq!(stream.next().await.unwrap(), None, "the end stays the end");
    });
}

#[test]
fn streams_fit_both_ends() {
    both(async |client: EchoClient| {
        let stream = client.expand(wish("stream", 300)).await.unwrap();
        let counts: Vec<_> = stream.map_ok(|message| message.count).try_collect().await.unwrap();
        assert_eq!(counts, (0..300).collect::<Vec<_>>());

        let (mut requests, replies) = client.chat().await.unwrap();
        let sent = futures_util::stream::iter(["a", "b"].map(|text| Ok(msg(text))));
        requests.send_all(sent).await.unwrap();
        requests.finish();
        let texts: Vec<_> = replies.map_ok(|message| message.text).try_collect().await.unwrap();
        assert_eq!(texts, ["a", "b"]);
    });
}

#[test]
fn an_empty_download_is_a_good_one() {
    both(async |client: EchoClient| {
        let mut stream = client.expand(Msg::default()).await.unwrap();
        assert_eq!(stream.next().await.unwrap(), None);
    });
}

#[test]
fn both_sides_talk_in_turn() {
    both(async |client: EchoClient| {
        let (mut requests, mut replies) = client.chat().await.unwrap();
        for turn in ["one", "two", "three"] {
            requests.send(msg(turn)).await.unwrap();
            assert_eq!(replies.next().await.unwrap().unwrap().text, turn);
        }
        requests.finish();
        assert_eq!(replies.next().await.unwrap(), None);
    });
}

#[test]
fn metadata_passes_both_ways() {
    both(async |client: EchoClient| {
        let call = client
            .unary(msg(""))
            .metadata("x-initial", "one")
            .metadata("x-initial", "two")
            .metadata_bin("x-trailing-bin", [0xab, 0x00]);
        let response = call.with_metadata().await.unwrap();
        assert_eq!(response.headers.get_all("x-initial").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(response.trailers.get_bin("x-trailing-bin").as_deref(), Some(&[0xab, 0x00][..]));
        assert_eq!(response.headers.get("x-trailing-bin"), None);

        let call =
            client.expand(wish("", 1)).metadata("x-initial", "three").metadata_bin("x-trailing-bin", [1]);
        let mut stream = call.await.unwrap();
        assert_eq!(stream.headers().unwrap().get("x-initial"), Some("three"));
        while stream.next().await.unwrap().is_some() {}
        assert_eq!(stream.trailers().unwrap().get_bin("x-trailing-bin").as_deref(), Some(&[1][..]));
    });
}

#[test]
fn metadata_that_is_not_allowed_fails_the_call() {
    run(async {
        let client = EchoClient::in_process(MyEcho::default());
        let status = client.unary(msg("")).metadata("grpc-status", "0").await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
    });
}

#[test]
fn a_status_arrives_whole() {
    both(async |client: EchoClient| {
        let check = |status: Status| {
            assert_eq!(status.code(), Code::FailedPrecondition);
            assert_eq!(status.message(), "\t\nA%b\r ☺ 😈~");
            assert_eq!(status.details(), &b"\x00\xffdetails"[..]);
            assert_eq!(status.metadata().get("why"), Some("asked to"));
        };
        check(client.unary(wish("fail", 0)).await.unwrap_err());
        check(client.expand(wish("fail", 0)).await.unwrap_err());
        let mut upload = client.collect().await.unwrap();
        upload.send(wish("fail", 0)).await.unwrap();
        check(upload.finish().await.unwrap_err());
        let mut stream = client.expand(wish("fail", 2)).await.unwrap();
        assert!(stream.next().await.unwrap().is_some());
        assert!(stream.next().await.unwrap().is_some());
        check(stream.next().await.unwrap_err());
        assert_eq!(stream.next().await.unwrap(), None, "a status is given once");
    });
}

#[test]
fn a_method_that_is_left_out_is_unimplemented() {
    both(async |client: EchoClient| {
        assert_eq!(client.missing(()).await.unwrap_err().code(), Code::Unimplemented);
    });
}

#[test]
fn a_panic_is_a_status_and_hurts_no_other_call() {
    both(async |client: EchoClient| {
        let unary = client.unary(wish("panic", 0)).await.unwrap_err();
        let mut stream = client.expand(wish("panic", 1)).await.unwrap();
        let first = stream.next().await.unwrap();
        let streaming = stream.next().await.unwrap_err();
        assert_eq!((unary.code(), streaming.code()), (Code::Unknown, Code::Unknown));
        assert!(first.is_some());
        assert_eq!(client.unary(msg("alive")).await.unwrap().text, "alive");
    });
}

#[test]
fn a_deadline_ends_every_kind_of_call() {
    run(async {
        let client = EchoClient::in_process(MyEcho::default());
        let start = Instant::now();
        let unary = client.unary(wish("hang", 0)).timeout(SECOND).await.unwrap_err();
        assert_eq!((unary.code(), start.elapsed().as_secs()), (Code::DeadlineExceeded, 1));

        let mut stream = client.expand(wish("hang", 2)).timeout(2 * SECOND).await.unwrap();
        assert!(stream.next().await.unwrap().is_some());
        assert!(stream.next().await.unwrap().is_some());
        assert_eq!(stream.next().await.unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(start.elapsed().as_secs(), 3);

        let mut upload = client.collect().timeout(SECOND).await.unwrap();
        upload.send(wish("hang", 0)).await.unwrap();
        assert_eq!(upload.finish().await.unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(start.elapsed().as_secs(), 4);
    });
}

#[test]
fn a_deadline_ends_a_send_nobody_reads() {
    run(async {
        let client = EchoClient::in_process(MyEcho::default());
        let mut upload = client.collect().timeout(SECOND).await.unwrap();
        let start = Instant::now();
        upload.send(wish("hang", 0)).await.unwrap();
        let status = loop {
            let sent = upload.send(Msg { blob: vec![0; 10_000].into(), ..Msg::default() }).await;
            if let Err(status) = sent {
                break status;
            }
        };
        assert_eq!((status.code(), start.elapsed().as_secs()), (Code::DeadlineExceeded, 1));
    });
}

#[test]
fn the_server_sees_the_time_that_is_left() {
    run(async {
        let client = EchoClient::in_process(MyEcho::default());
        let reply = client.unary(wish("remaining", 0)).timeout(SECOND).await.unwrap();
        assert!((990..=1000).contains(&reply.text.parse::<u32>().unwrap()), "{}", reply.text);
    });
}

/// A service that calls another one for each call.
struct Relay(EchoClient);

impl Echo for Relay {
    async fn unary(&self, cx: &mut Cx<'_>, request: Msg) -> Result<Msg> {
        self.0.unary(request).timeout(100 * SECOND).deadline_from(cx).await
    }
}

#[test]
fn a_deadline_bounds_the_calls_downstream() {
    run(async {
        let client = EchoClient::in_process(Relay(EchoClient::in_process(MyEcho::default())));
        let reply = client.unary(wish("remaining", 0)).timeout(5 * SECOND).await.unwrap();
        assert!(reply.text.parse::<u32>().unwrap() <= 5000, "{}", reply.text);
    });
}

/// A service that calls another one, and says nothing of deadlines.
struct Unaware(EchoClient);

impl Echo for Unaware {
    async fn unary(&self, _: &mut Cx<'_>, request: Msg) -> Result<Msg> {
        self.0.unary(request).timeout(100 * SECOND).await
    }
}

#[test]
fn calls_downstream_inherit_the_deadline() {
    run(async {
        let client = EchoClient::in_process(Unaware(EchoClient::in_process(MyEcho::default())));
        let reply = client.unary(wish("remaining", 0)).timeout(5 * SECOND).await.unwrap();
        assert!(reply.text.parse::<u32>().unwrap() <= 5000, "{}", reply.text);
        // And that of middleware around the client.
        let client = EchoClient::in_process(MyEcho::default());
        let bound = minato_service::Deadline::after(2 * SECOND);
        let reply = bound.scope(async { client.unary(wish("remaining", 0)).await }).await.unwrap();
        assert!(reply.text.parse::<u32>().unwrap() <= 2000, "{}", reply.text);
    });
}

#[test]
fn the_server_may_allow_less_time_than_is_asked_for() {
    run(async {
        let service = crate::generated::EchoServer::new(MyEcho::default());
        let routes = minato_grpc::Routes::new().add_service(service).timeout_max(SECOND);
        let client = EchoClient::new(Channel::in_process(routes));
        let start = Instant::now();
        let status = client.unary(wish("hang", 0)).timeout(60 * SECOND).await.unwrap_err();
        assert_eq!((status.code(), start.elapsed().as_secs()), (Code::DeadlineExceeded, 1));
    });
}

#[test]
fn a_channel_may_have_a_timeout_for_all_its_calls() {
    run(async {
        let client = EchoClient::new(Channel::in_process(routes()).timeout(SECOND));
        let status = client.unary(wish("hang", 0)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    });
}

#[test]
fn dropping_a_call_drops_its_handler() {
    run(async {
        let echo = MyEcho::default();
        let log = echo.log.clone();
        let client = EchoClient::in_process(echo);
        let unary = minato_runtime::spawn({
            let client = client.clone();
            async move { client.unary(wish("watch", 0)).await }
        });
        let stream = client.expand(wish("watch", 1)).await.unwrap();
        while log.started.load(Ordering::Relaxed) < 2 {
            minato_runtime::task::yield_now().await;
        }
        unary.abort();
        drop(stream);
        while log.dropped.load(Ordering::Relaxed) < 2 {
            minato_runtime::task::yield_now().await;
        }
    });
}

#[test]
fn work_outside_the_handler_hears_of_the_end() {
    run(async {
        let echo = MyEcho::default();
        let log = echo.log.clone();
        let client = EchoClient::in_process(echo);
        let status = client.unary(wish("watch", 0)).timeout(SECOND).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        while log.cancelled.load(Ordering::Relaxed) < 1 {
            minato_runtime::task::yield_now().await;
        }
    });
}

#[test]
fn dropping_half_an_upload_never_looks_like_its_end() {
    run(async {
        let echo = MyEcho::default();
        let log = echo.log.clone();
        let client = EchoClient::in_process(echo);
        let (mut requests, mut replies) = client.chat().await.unwrap();
        requests.send(msg("half")).await.unwrap();
        assert_eq!(replies.next().await.unwrap().unwrap().text, "half");
        drop(requests);
        assert_eq!(replies.next().await.unwrap_err().code(), Code::Cancelled);
        assert_eq!(log.dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_stream_that_was_not_finished_ends_the_call() {
    both(async |client: EchoClient| {
        let (mut requests, mut replies) = client.chat().await.unwrap();
        requests.send(msg("half")).await.unwrap();
        assert_eq!(replies.next().await.unwrap().unwrap().text, "half");
        drop(requests);
        assert_eq!(replies.next().await.unwrap_err().code(), Code::Cancelled);

        let (mut requests, replies) = client.chat().await.unwrap();
        requests.send(msg("half")).await.unwrap();
        drop(replies);
        let status = loop {
            let message = Msg { blob: vec![0; 10_000].into(), ..Msg::default() };
            if let Err(status) = requests.send(message).await {
                break status;
            }
        };
        assert_eq!(status.code(), Code::Cancelled);
    });
}

#[test]
fn many_streams_on_many_threads_lose_nothing() {
    let runtime = minato_runtime::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let address = serve(routes()).await;
        let client = EchoClient::connect(&format!("http://{address}")).await.unwrap();
        let tasks: Vec<_> = (0..100)
            .map(|n: u32| {
                let client = client.clone();
                minato_runtime::spawn(async move {
                    let (mut requests, mut replies) = client.chat().await?;
                    let sender = minato_runtime::spawn(async move {
                        for count in 0..200 {
                            let blob = vec![n as u8; (count as usize * 37) % 3000].into();
                            requests.send(Msg { count, blob, ..Msg::default() }).await?;
                        }
                        requests.finish();
                        Ok::<_, Status>(())
                    });
                    let mut received = 0;
                    while let Some(reply) = replies.next().await? {
                        assert_eq!(reply.count, received);
                        assert!(reply.blob.len() == (received as usize * 37) % 3000);
                        assert!(reply.blob.iter().all(|&byte| byte == n as u8));
                        received += 1;
                    }
                    sender.await.unwrap()?;
                    Ok::<_, Status>(received)
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 200);
        }
    });
}

#[test]
fn an_upload_that_is_answered_early_gives_its_answer() {
    both(async |client: EchoClient| {
        let mut upload = client.collect().await.unwrap();
        upload.send(msg("kept")).await.unwrap();
        upload.send(wish("early", 0)).await.unwrap();
        while upload.send(Msg { blob: vec![0; 10_000].into(), ..Msg::default() }).await.is_ok() {}
        assert_eq!(upload.finish().await.unwrap().text, "kept");
    });
}

#[test]
fn an_upload_that_fails_early_tells_why_at_once() {
    both(async |client: EchoClient| {
        let mut upload = client.collect().await.unwrap();
        upload.send(wish("fail", 0)).await.unwrap();
        let status = loop {
            let message = Msg { blob: vec![0; 10_000].into(), ..Msg::default() };
            if let Err(status) = upload.send(message).await {
                break status;
            }
        };
        assert_eq!(status.code(), Code::FailedPrecondition);
    });
}

#[test]
fn messages_above_the_limit_are_refused_on_either_side() {
    both(async |client: EchoClient| {
        let request = Msg { blob: vec![0; 4 << 20].into(), ..Msg::default() };
        let status = client.unary(request).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("message_len_max"), "{status}");
        let status = client.unary(wish("large", 4 << 20)).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(client.unary(msg("alive")).await.unwrap().text, "alive");
    });
}

#[test]
fn the_limit_can_be_set() {
    run(async {
        let small = EchoClient::new(Channel::in_process(routes().message_len_max(100)));
        let status = small.unary(msg(&"x".repeat(101))).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        let picky = EchoClient::new(Channel::in_process(routes()).message_len_max(100));
        assert_eq!(picky.unary(wish("large", 101)).await.unwrap_err().code(), Code::ResourceExhausted);
    });
}

#[test]
fn the_peer_is_known_over_a_network() {
    run_with_sockets(async {
        let address = serve(routes()).await;
        let client = EchoClient::connect_lazy(&format!("http://{address}")).unwrap();
        assert_eq!(client.unary(wish("peer", 0)).await.unwrap().text, "127.0.0.1");
    });
}

#[test]
fn nobody_there_is_unavailable() {
    run_with_sockets(async {
        let gone = serve(routes()).await.port();
        let address = format!("http://127.0.0.1:{}", if gone == 1 { 2 } else { 1 });
        let client = EchoClient::connect_lazy(&address).unwrap();
        assert_eq!(client.unary(msg("")).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(EchoClient::connect(&address).await.unwrap_err().code(), Code::Unavailable);
    });
}

#[test]
fn what_is_no_address_is_refused_at_once() {
    for address in ["", "localhost", "/path", "ftp://a", "http://a/path", "http://[bad", "https://a"] {
        let status = EchoClient::connect_lazy(address).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{address:?}");
    }
}

#[test]
fn methods_are_described() {
    let kinds: Vec<_> = ECHO_METHODS.iter().map(|method| method.kind).collect();
    use MethodKind::{Bidi, ClientStreaming, ServerStreaming, Unary};
    assert_eq!(kinds, [Unary, ClientStreaming, ServerStreaming, Bidi, Unary]);
    assert_eq!(ECHO_METHODS[0].path, "/minato.test.Echo/Unary");
    assert_eq!(ECHO_METHODS[4].input, "google.protobuf.Empty");
    assert_eq!(ECHO_METHODS[0].idempotency, minato_grpc::Idempotency::NoSideEffects);
}
