//! What the server does frame by frame.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use minato_grpc::Code;
use minato_runtime::time::Instant;

use crate::echo::MyEcho;
use crate::generated::EchoServer;
use crate::kit::{Body, Peer, frame, msg, read, request, routes, run, wish};

async fn peer() -> Peer {
    Peer::connect(routes()).await
}

/// Calls with these frames and gives the code.
async fn code(peer: &mut Peer, method: &str, frames: &[&[u8]]) -> Code {
    let frames = frames.iter().map(|data| Bytes::copy_from_slice(data)).collect();
    peer.ask(method, Body::Whole(frames)).await.code()
}

#[test]
fn a_unary_call_is_head_message_and_trailers() {
    run(async {
        let answer = peer().await.ask("Unary", Body::message(&msg("hi"))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "application/grpc");
        assert!(!answer.headers.contains_key("grpc-status"));
        assert_eq!(answer.messages(), [msg("hi")]);
        assert_eq!(answer.trailers.as_ref().unwrap()["grpc-status"], "0");
    });
}

#[test]
fn content_types_that_are_not_ours_get_415() {
    run(async {
        let mut peer = peer().await;
        for content_type in ["text/plain", "application/json", "application/grpc+foo", "application/grpc-web"]
        {
            let request =
                Request::post("http://test/minato.test.Echo/Unary").header("content-type", content_type);
            let answer = peer.call(request, Body::message(&msg(""))).await.unwrap();
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        }
        let request = Request::post("http://test/minato.test.Echo/Unary");
        let answer = peer.call(request, Body::message(&msg(""))).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        for content_type in ["application/grpc+proto", "application/grpc;charset=utf-8"] {
            let request =
                Request::post("http://test/minato.test.Echo/Unary").header("content-type", content_type);
            let answer = peer.call(request, Body::message(&msg(""))).await.unwrap();
            assert_eq!(answer.code(), Code::Ok, "{content_type}");
        }
    });
}

#[test]
fn other_methods_than_post_get_405() {
    run(async {
        let mut peer = peer().await;
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let request = request("Unary").method(method);
            let answer = peer.call(request, Body::message(&msg(""))).await.unwrap();
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(answer.field("allow"), "POST");
        }
    });
}

#[test]
fn unknown_paths_are_unimplemented_in_trailers_only() {
    run(async {
        let mut peer = peer().await;
        let paths = [
            "/minato.test.Echo/None",
            "/no.Service/Unary",
            "/",
            "/x",
            "//m",
            "/s/m/",
            "/minato.test.echo/unary",
        ];
        for path in paths {
            let request =
                Request::post(format!("http://test{path}")).header("content-type", "application/grpc");
            let answer = peer.call(request, Body::message(&msg(""))).await.unwrap();
            assert_eq!(answer.code(), Code::Unimplemented, "{path}");
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.headers["content-type"], "application/grpc");
            assert!(answer.is_trailers_only, "{path}");
        }
        assert_eq!(peer.ask("Unary", Body::message(&msg(""))).await.code(), Code::Ok);
    });
}

#[test]
fn unknown_fields_are_ignored() {
    run(async {
        let request = request("Unary").header("grpc-foo", "bar").header("grpc-message-type", "x");
        let answer = peer().await.call(request, Body::message(&msg("hi"))).await.unwrap();
        assert_eq!(answer.messages(), [msg("hi")]);
    });
}

#[test]
fn messages_arrive_however_they_are_cut() {
    run(async {
        let mut peer = peer().await;
        let bytes = frame(&msg("cut in pieces"));
        let single = bytes.chunks(1).map(Bytes::copy_from_slice).collect();
        assert_eq!(peer.ask("Unary", Body::Whole(single)).await.messages(), [msg("cut in pieces")]);
        let three = [frame(&msg("a")), frame(&msg("b")), frame(&msg("c"))].concat();
        assert_eq!(peer.ask("Chat", Body::Whole(vec![three.into()])).await.messages().len(), 3);
        let split = vec![bytes.slice(..2), bytes.slice(2..5), bytes.slice(5..), Bytes::new()];
        assert_eq!(peer.ask("Unary", Body::Whole(split)).await.code(), Code::Ok);
        assert_eq!(peer.ask("Unary", Body::Whole(vec![Bytes::from_static(&[0; 5])])).await.code(), Code::Ok);
    });
}

#[test]
fn a_unary_call_takes_exactly_one_message() {
    run(async {
        let mut peer = peer().await;
        for method in ["Unary", "Expand"] {
            assert_eq!(code(&mut peer, method, &[b""]).await, Code::Unimplemented, "none");
            assert_eq!(
                peer.ask(method, Body::None).await.code(),
                Code::Unimplemented,
                "a head that ends the stream"
            );
            let two = [frame(&msg("a")), frame(&msg("b"))];
            assert_eq!(code(&mut peer, method, &[&two[0], &two[1]]).await, Code::Unimplemented, "two");
        }
        assert_eq!(code(&mut peer, "Chat", &[b""]).await, Code::Ok);
        assert_eq!(peer.ask("Chat", Body::None).await.code(), Code::Ok);
    });
}

#[test]
fn broken_messages_are_internal_and_end_one_call_only() {
    run(async {
        let mut peer = peer().await;
        let cases: [(&str, &[&[u8]]); 5] = [
            ("length 100, ten bytes", &[&[0, 0, 0, 0, 100], &[0; 10]]),
            ("half a prefix", &[&[0, 0, 0]]),
            ("not Protobuf", &[&[0, 0, 0, 0, 3, 0xff, 0xff, 0xff]]),
            ("flag 2", &[&[2, 0, 0, 0, 0]]),
            ("flag 1 without an encoding", &[&[1, 0, 0, 0, 0]]),
        ];
        for (what, frames) in cases {
            for method in ["Unary", "Collect", "Expand", "Chat"] {
                assert_eq!(code(&mut peer, method, frames).await, Code::Internal, "{what}, {method}");
            }
        }
        assert_eq!(peer.ask("Unary", Body::message(&msg(""))).await.code(), Code::Ok);
    });
}

#[test]
fn encodings_we_do_not_know_are_refused_where_they_are_used() {
    run(async {
        let mut peer = peer().await;
        let compressed = || Body::Whole(vec![Bytes::from_static(&[1, 0, 0, 0, 1, 9])]);
        for encoding in ["foo", "gzip"] {
            let request = request("Unary").header("grpc-encoding", encoding);
            let answer = peer.call(request, compressed()).await.unwrap();
            assert_eq!(answer.code(), Code::Unimplemented);
            assert_eq!(answer.field("grpc-accept-encoding"), "identity");
        }
        let identity = request("Unary").header("grpc-encoding", "identity");
        assert_eq!(peer.call(identity, compressed()).await.unwrap().code(), Code::Internal);
        let plain = request("Unary").header("grpc-encoding", "gzip");
        assert_eq!(peer.call(plain, Body::message(&msg(""))).await.unwrap().code(), Code::Ok);
    });
}

#[test]
fn a_bidi_reply_arrives_before_the_request_ends() {
    run(async {
        let mut peer = peer().await;
        let stream =
            peer.start(request("Chat").body(()).unwrap(), Body::Open(vec![frame(&msg("early"))])).await;
        let mut response = stream.response.await.unwrap();
        assert_eq!(response.body_mut().data().await.unwrap().unwrap(), frame(&msg("early")));
        drop(stream.send);
    });
}

#[test]
fn headers_can_leave_before_the_first_message() {
    run(async {
        let mut peer = peer().await;
        let request = request("Expand").header("x-initial", "now").body(()).unwrap();
        let stream = peer.start(request, Body::message(&wish("headers", 0))).await;
        let response = stream.response.await.unwrap();
        assert_eq!(response.headers()["x-initial"], "now");
    });
}

#[test]
fn metadata_is_decoded_and_sent_unpadded() {
    run(async {
        let mut peer = peer().await;
        let cases = [("qw==", "qw"), ("qw", "qw"), ("q6s=", "q6s"), ("q6ur", "q6ur"), ("qw==,zQ", "qw zQ")];
        for (sent, expected) in cases {
            let request = request("Unary").header("x-trailing-bin", sent);
            let answer = peer.call(request, Body::message(&msg(""))).await.unwrap();
            let values = answer.trailers.as_ref().unwrap().get_all("x-trailing-bin");
            let values: Vec<_> = values.iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(values.join(" "), expected, "{sent}");
        }
        let bad = request("Unary").header("x-trailing-bin", "!!!");
        assert_eq!(peer.call(bad, Body::message(&msg(""))).await.unwrap().code(), Code::InvalidArgument);
        let latin1 = request("Unary").header("x-text", http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
        assert_eq!(peer.call(latin1, Body::message(&msg(""))).await.unwrap().code(), Code::Ok);
    });
}

#[test]
fn a_status_message_is_percent_encoded() {
    run(async {
        let answer = peer().await.ask("Unary", Body::message(&wish("fail", 0))).await;
        assert_eq!(answer.code(), Code::FailedPrecondition);
        assert_eq!(answer.field("grpc-message"), "%09%0AA%25b%0D %E2%98%BA %F0%9F%98%88~");
        assert_eq!(answer.field("grpc-status-details-bin"), "AP9kZXRhaWxz");
        assert_eq!(answer.field("why"), "asked to");
        assert!(answer.is_trailers_only);
    });
}

#[test]
fn an_error_after_messages_comes_in_trailers() {
    run(async {
        let answer = peer().await.ask("Expand", Body::message(&wish("fail", 3))).await;
        assert_eq!((answer.messages().len(), answer.code()), (3, Code::FailedPrecondition));
        assert!(!answer.headers.contains_key("grpc-status"));
    });
}

#[test]
fn a_deadline_bounds_calls_and_streams_alike() {
    run(async {
        let mut peer = peer().await;
        for (method, message) in [("Unary", wish("sleep", 3000)), ("Expand", wish("sleep", 1))] {
            let start = Instant::now();
            let request = request(method).header("grpc-timeout", "200m");
            let answer = peer.call(request, Body::message(&message)).await.unwrap();
            assert_eq!(answer.code(), Code::DeadlineExceeded, "{method}");
            let elapsed = start.elapsed();
            assert!(elapsed >= Duration::from_millis(200) && elapsed < Duration::from_secs(1), "{elapsed:?}");
        }
        for timeout in ["1H", "1M", "10S", "10000m", "10000000u", "99999999n", "99999999H"] {
            let request = request("Unary").header("grpc-timeout", timeout);
            assert_eq!(
                peer.call(request, Body::message(&msg(""))).await.unwrap().code(),
                Code::Ok,
                "{timeout}"
            );
        }
        for timeout in ["1", "S", "-1S", "1x", "123456789S"] {
            let request = request("Unary").header("grpc-timeout", timeout);
            assert_eq!(
                peer.call(request, Body::message(&msg(""))).await.unwrap().code(),
                Code::Internal,
                "{timeout}"
            );
        }
    });
}

#[test]
fn a_message_above_the_limit_is_refused_at_its_prefix() {
    run(async {
        let mut peer = peer().await;
        for method in ["Unary", "Collect", "Expand", "Chat"] {
            let announced = Body::Open(vec![Bytes::from_static(&[0, 0x80, 0, 0, 0])]);
            let stream = peer.start(request(method).body(()).unwrap(), announced).await;
            let answer = read(stream.response.await.unwrap()).await.unwrap();
            assert_eq!(answer.code(), Code::ResourceExhausted, "{method}");
        }
    });
}

/// How many DATA frames a download takes.
async fn data_frames(peer: &mut Peer, wishes: &str, count: u32) -> usize {
    let stream = peer.start(request("Expand").body(()).unwrap(), Body::message(&wish(wishes, count))).await;
    let mut body = stream.response.await.unwrap().into_body();
    let mut frames = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        frames += 1;
    }
    frames
}

#[test]
fn small_messages_travel_together() {
    run(async {
        let frames = data_frames(&mut peer().await, "", 1000).await;
        assert!(frames <= 4, "{frames} DATA frames for 1000 messages of a few bytes");
    });
}

#[test]
fn a_flush_sends_what_there_is() {
    run(async {
        assert_eq!(data_frames(&mut peer().await, "flush", 20).await, 20);
    });
}

#[test]
fn a_reset_drops_the_handler() {
    run(async {
        let echo = MyEcho::default();
        let log = echo.log.clone();
        let mut peer = Peer::connect(minato_grpc::Routes::new().add_service(EchoServer::new(echo))).await;
        for round in 1..=100 {
            let method = if round % 2 == 0 { "Unary" } else { "Chat" };
            let body = Body::Whole(vec![frame(&wish("hang", 0))]);
            let mut stream = peer.start(request(method).body(()).unwrap(), body).await;
            while log.started.load(std::sync::atomic::Ordering::Relaxed) < round {
                minato_runtime::task::yield_now().await;
            }
            stream.send.send_reset(h2::Reason::CANCEL);
            while log.dropped.load(std::sync::atomic::Ordering::Relaxed) < round {
                minato_runtime::task::yield_now().await;
            }
        }
        assert_eq!(peer.ask("Unary", Body::message(&msg("alive"))).await.messages(), [msg("alive")]);
    });
}

#[test]
fn random_bytes_never_hurt_the_connection() {
    run(async {
        let mut peer = peer().await;
        let mut state = 0x9e37_79b9_u64;
        for round in 0..400 {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u8
            };
            let mut data: Vec<u8> = (0..usize::from(next() % 40)).map(|_| next()).collect();
            if round % 2 == 0 && data.len() >= 5 {
                // Half of them with a prefix that is right, so that the message itself is the noise.
                let len = (data.len() - 5) as u32;
                data[0] = 0;
                data[1..5].copy_from_slice(&len.to_be_bytes());
            }
            let method = ["Unary", "Collect", "Expand", "Chat"][round % 4];
            let answer = peer.ask(method, Body::Whole(vec![data.into()])).await;
            assert_eq!(answer.status, StatusCode::OK);
            let _exactly_one = answer.code();
        }
        assert_eq!(peer.ask("Unary", Body::message(&msg("alive"))).await.messages(), [msg("alive")]);
    });
}
