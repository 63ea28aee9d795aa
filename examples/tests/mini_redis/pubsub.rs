//! Publish and subscribe.

use super::kit::{long, text, with_server};
use minato_examples::mini_redis::resp::Frame;

#[test]
fn messages_reach_channels_and_patterns_in_order() {
    with_server(async |server| {
        let (mut listener, mut speaker) = (server.client().await, server.client().await);
        listener.expect("SUBSCRIBE news", "[\"subscribe\" \"news\" :1]").await;
        listener.expect("PSUBSCRIBE n*", "[\"psubscribe\" \"n*\" :2]").await;
        speaker.expect("PUBLISH news one", ":2").await;
        speaker.expect("PUBLISH nothing two", ":1").await;
        speaker.expect("PUBLISH other three", ":0").await;
        for message in [
            "[\"message\" \"news\" \"one\"]",
            "[\"pmessage\" \"n*\" \"news\" \"one\"]",
            "[\"pmessage\" \"n*\" \"nothing\" \"two\"]",
        ] {
            assert_eq!(text(&listener.receive().await.unwrap()), message);
        }
        let refused = text(&listener.ask("GET a").await);
        assert!(refused.starts_with("-ERR Can't execute 'get'"), "{refused}");
        listener.expect("PING", "[\"pong\" \"\"]").await;
        speaker.expect("PUBSUB NUMSUB news other", "[\"news\" :1 \"other\" :0]").await;
        listener.expect("UNSUBSCRIBE news", "[\"unsubscribe\" \"news\" :1]").await;
        listener.expect("PUNSUBSCRIBE", "[\"punsubscribe\" \"n*\" :0]").await;
        listener.expect("GET a", "nil").await;
        speaker.expect("PUBLISH news four", ":0").await;
    });
}

#[test]
fn in_version_3_messages_are_pushes_and_requests_go_on() {
    with_server(async |server| {
        let (mut listener, mut speaker) = (server.client().await, server.client().await);
        listener.ask("HELLO 3").await;
        listener.expect("SUBSCRIBE news", "push[\"subscribe\" \"news\" :1]").await;
        speaker.expect("PUBLISH news one", ":1").await;
        assert_eq!(text(&listener.receive().await.unwrap()), "push[\"message\" \"news\" \"one\"]");
        listener.expect("GET a", "nil").await;
    });
}

#[test]
fn a_client_that_goes_is_forgotten() {
    with_server(async |server| {
        let (mut listener, mut speaker) = (server.client().await, server.client().await);
        listener.expect("SUBSCRIBE news", "[\"subscribe\" \"news\" :1]").await;
        listener.send("QUIT").await;
        assert_eq!(listener.receive().await, Some(Frame::Simple("OK".into())));
        assert_eq!(listener.receive().await, None);
        speaker.expect("PUBLISH news one", ":0").await;
        speaker.expect("PUBSUB CHANNELS", "[]").await;
    });
}

#[test]
fn a_subscriber_that_does_not_read_is_cut_and_its_memory_freed() {
    with_server(async |server| {
        let (mut listener, mut speaker) = (server.client().await, server.client().await);
        listener.expect("SUBSCRIBE news", "[\"subscribe\" \"news\" :1]").await;
        // More than the kernel and the outbox hold together; the listener is cut on the way.
        let mut published = 0;
        loop {
            let request =
                Frame::Array(vec![Frame::bulk(b"PUBLISH"), Frame::bulk(b"news"), Frame::Bulk(long(1 << 20))]);
            speaker.framed.send(request).await.unwrap();
            published += 1;
            if speaker.receive().await == Some(Frame::Integer(0)) {
                break;
            }
            assert!(published < 200, "the outbox has no bound");
        }
        speaker.expect("PING", "PONG").await;
    });
}
