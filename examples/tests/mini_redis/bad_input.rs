//! Clients that break the rules are told or cut; everybody else is served.

use std::time::Duration;

use minato_examples::mini_redis::Config;
use minato_examples::mini_redis::resp::Frame;
use minato_net::TcpStream;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::runtime::Builder;

use super::kit::{Server, long, text, with_server};

#[test]
fn malformed_requests_are_told_why_and_end_the_connection() {
    with_server(async |server| {
        let endless_line = vec![b'x'; 70_000];
        let endless_number = [b"*".to_vec(), vec![b'1'; 100]].concat();
        let cases: [(&[u8], &str); 12] = [
            (b"*1\r\n+PING\r\n", "expected '$', got '+'"),
            (b"*x\r\n", "invalid multibulk length"),
            (b"*1048577\r\n", "invalid multibulk length"),
            (b"*99999999999999999999\r\n", "invalid multibulk length"),
            (b"*1\r\n$-5\r\n", "invalid bulk length"),
            (b"*1\r\n$x\r\n", "invalid bulk length"),
            (b"*1\r\n$33554433\r\n", "invalid bulk length"),
            (b"*1\r\n$4\r\nPINGxx", "expected the end of a line"),
            (b"*3\r\n$3\r\nSET\r\n*1\r\n*1\r\n", "expected '$', got '*'"),
            (b"PING\r\n*1\r\n$1\r\na\r\n*1\r\n\0", "expected '$', got '\\x00'"),
            (&endless_line, "too big inline request"),
            (&endless_number, "invalid multibulk length"),
        ];
        for (input, reason) in cases {
            let mut client = server.client().await;
            client.send_raw(input).await;
            // Answers to what was right come first.
            let mut last = None;
            while let Some(frame) = client.receive().await {
                last = Some(frame);
            }
            let expected = Frame::Error(format!("ERR Protocol error: {reason}"));
            assert_eq!(last, Some(expected), "{}", input[..input.len().min(40)].escape_ascii());
        }
        server.client().await.expect("PING", "PONG").await;
    });
}

#[test]
fn a_request_beyond_the_limit_is_refused_when_it_is_announced() {
    with_server(async |server| {
        let mut client = server.client().await;
        client.send_raw(b"*4\r\n$4\r\nMSET\r\n$1\r\na\r\n").await;
        client.send_raw(b"$33554432\r\n").await;
        client.send_raw(&long(32 << 20)).await;
        client.send_raw(b"\r\n$33554432\r\n").await;
        let answer = client.receive().await.unwrap();
        assert_eq!(text(&answer), "-ERR Protocol error: too big request");
        assert_eq!(client.receive().await, None);
        server.client().await.expect("PING", "PONG").await;
    });
}

#[test]
fn unknown_commands_and_wrong_counts_are_told_and_the_connection_goes_on() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("NOPE a b", "-ERR unknown command 'NOPE', with args beginning with: 'a' 'b' "),
                ("GET", "-ERR wrong number of arguments for 'get' command"),
                ("MSET a", "-ERR wrong number of arguments for 'mset' command"),
                ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
                ("PING", "PONG"),
            ])
            .await;
        let name = "x".repeat(100_000);
        let answer = text(&client.ask(&name).await);
        assert!(answer.starts_with("-ERR unknown command 'xxx") && answer.len() < 400, "{}", answer.len());
    });
}

#[test]
fn plain_lines_and_empty_requests_are_taken() {
    with_server(async |server| {
        let mut client = server.client().await;
        client.send_raw(b"\r\n*0\r\n*-1\r\n\n  SET a 1  \r\nGET a\n").await;
        assert_eq!(text(&client.receive().await.unwrap()), "OK");
        assert_eq!(text(&client.receive().await.unwrap()), "\"1\"");
    });
}

#[test]
fn a_client_that_stops_sending_gets_its_answers() {
    with_server(async |server| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"PING\r\nPING\r\n*1\r\n$4\r\nPI").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers, "+PONG\r\n+PONG\r\n");
    });
}

#[test]
fn resets_in_any_state_concern_nobody_else() {
    with_server(async |server| {
        let beginnings: [&[u8]; 5] = [
            b"",
            b"*2\r\n$3\r\nGET\r\n$100000\r\nxxx",
            b"PING\r\n",
            b"SUBSCRIBE news\r\n",
            b"MULTI\r\nSET a 1\r\n",
        ];
        for beginning in beginnings {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            stream.set_linger(Some(Duration::ZERO)).unwrap();
            drop(stream);
        }
        let mut client = server.client().await;
        client.expect("PING", "PONG").await;
        // Wherever the resets were noticed, the subscriber among them is forgotten in the end.
        while client.ask("PUBLISH news x").await != Frame::Integer(0) {}
    });
}

#[test]
fn a_client_that_does_not_read_its_answers_is_not_read_from() {
    with_server(async |server| {
        let mut client = server.client().await;
        let request =
            Frame::Array(vec![Frame::bulk(b"SET"), Frame::bulk(b"long"), Frame::Bulk(long(1 << 20))]);
        client.framed.send(request).await.unwrap();
        client.receive().await.unwrap();
        let mut greedy = server.client().await;
        let asking = async {
            // Far more than all buffers hold; answers a hundred thousand times as long.
            for _ in 0..200_000 {
                greedy.send_raw(b"GET long\r\n").await;
            }
        };
        let mut asking = std::pin::pin!(asking);
        // The others are served while it waits, and it waits, once nothing moves.
        for _ in 0..200 {
            let polled =
                std::future::poll_fn(|cx| std::task::Poll::Ready(asking.as_mut().poll(cx).is_ready()));
            assert!(!polled.await, "all of it was read");
            client.expect("PING", "PONG").await;
        }
    });
}

#[test]
fn one_client_too_many_is_told_and_room_comes_back() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut config = Config::default();
        config.clients_max = 2;
        let server = Server::start(config).await;
        let (mut first, mut second) = (server.client().await, server.client().await);
        first.expect("PING", "PONG").await;
        second.expect("PING", "PONG").await;
        let mut third = server.client().await;
        assert_eq!(text(&third.receive().await.unwrap()), "-ERR max number of clients reached");
        assert_eq!(third.receive().await, None);
        second.send("QUIT").await;
        second.receive().await.unwrap();
        assert_eq!(second.receive().await, None);
        // Its place is free as soon as its task has ended.
        loop {
            let mut next = server.client().await;
            next.framed.send(Frame::request(["PING"])).await.unwrap();
            match next.framed.next().await {
                Some(Ok(Frame::Simple(pong))) if pong == "PONG" => break,
                _ => first.expect("PING", "PONG").await,
            }
        }
        server.end().await;
    });
}

#[test]
fn what_one_client_can_gather_is_bounded() {
    with_server(async |server| {
        let many: String = (0..65_537).map(|number| format!(" {number}")).collect();
        for command in ["WATCH", "SUBSCRIBE", "PSUBSCRIBE"] {
            let mut client = server.client().await;
            client.expect(&format!("{command}{many}"), "-ERR too much for one connection").await;
            client.expect("GET a", "nil").await;
        }
        let mut client = server.client().await;
        client.expect("SETRANGE a 536870912 x", "-ERR string exceeds maximum allowed size").await;
        client.expect("EXISTS a", ":0").await;

        client.expect("MULTI", "OK").await;
        for _ in 0..16 {
            client.send_raw(&b"PING\r\n".repeat(4096)).await;
            for _ in 0..4096 {
                assert_eq!(client.receive().await, Some(Frame::Simple("QUEUED".into())));
            }
        }
        client.expect("PING", "-ERR too much for one connection").await;
        client.expect("EXEC", "-EXECABORT Transaction discarded because of previous errors.").await;
        client.expect("PING", "PONG").await;
    });
}
