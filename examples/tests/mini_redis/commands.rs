//! What commands answer. `.ci/clients/redis.sh` compares the same and more with Redis itself.

use minato_examples::mini_redis::resp::Frame;

use super::kit::{text, with_server};

#[test]
fn strings_and_counters() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("GET a", "nil"),
                ("SET a 1", "OK"),
                ("INCR a", ":2"),
                ("INCRBY a 40", ":42"),
                ("DECR a", ":41"),
                ("GET a", "\"41\""),
                ("SET a x NX", "nil"),
                ("SET b x XX", "nil"),
                ("SET a word XX GET", "\"41\""),
                ("INCR a", "-ERR value is not an integer or out of range"),
                ("SET n 9223372036854775807", "OK"),
                ("INCR n", "-ERR increment or decrement would overflow"),
                ("APPEND a s", ":5"),
                ("STRLEN a", ":5"),
                ("GETRANGE a -3 -1", "\"rds\""),
                ("SETRANGE a 6 !", ":7"),
                ("GET a", "\"words\\x00!\""),
                ("GETSET a new", "\"words\\x00!\""),
                ("GETDEL a", "\"new\""),
                ("EXISTS a n n", ":2"),
                ("MSET x 1 y 2", "OK"),
                ("MGET x none y", "[\"1\" nil \"2\"]"),
                ("SET a 1 EX", "-ERR syntax error"),
                ("SET a 1 EX 0", "-ERR invalid expire time in 'set' command"),
                ("SET a 1 NX XX", "-ERR syntax error"),
            ])
            .await;
    });
}

#[test]
fn collections_of_each_kind() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("RPUSH l b c", ":2"),
                ("LPUSH l a z", ":4"),
                ("LRANGE l 0 -1", "[\"z\" \"a\" \"b\" \"c\"]"),
                ("LINDEX l -1", "\"c\""),
                ("LPOP l", "\"z\""),
                ("RPOP l 2", "[\"c\" \"b\"]"),
                ("LREM l 0 a", ":1"),
                ("EXISTS l", ":0"),
                ("HSET h f 1 g 2", ":2"),
                ("HINCRBY h f 9", ":10"),
                ("HGETALL h", "[\"f\" \"10\" \"g\" \"2\"]"),
                ("HDEL h f g", ":2"),
                ("TYPE h", "none"),
                ("SADD s a b a", ":2"),
                ("SADD t b c", ":2"),
                ("SINTER s t", "[\"b\"]"),
                ("SISMEMBER s c", ":0"),
                ("SREM s a", ":1"),
                ("SPOP s", "\"b\""),
                ("SCARD s", ":0"),
                ("ZADD z 2 b 1 a 3 c", ":3"),
                ("ZRANGE z 0 -1", "[\"a\" \"b\" \"c\"]"),
                ("ZSCORE z b", "\"2\""),
                ("ZPOPMIN z", "[\"a\" \"1\"]"),
                ("ZADD z nan x", "-ERR value is not a valid float"),
                ("GET z", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
                ("LPUSH z x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
                ("TYPE z", "zset"),
            ])
            .await;
    });
}

#[test]
fn a_scan_sees_every_key_that_stays_whatever_else_goes() {
    with_server(async |server| {
        let mut client = server.client().await;
        for number in 0..200 {
            client.expect(&format!("SET key:{number} x"), "OK").await;
        }
        let (mut cursor, mut seen, mut round) = ("0".to_owned(), std::collections::BTreeSet::new(), 0);
        loop {
            let Frame::Array(parts) = client.ask(&format!("SCAN {cursor} COUNT 7 MATCH key:*")).await else {
                panic!("an array");
            };
            let [Frame::Bulk(next), Frame::Array(keys)] = &parts[..] else { panic!("{parts:?}") };
            seen.extend(keys.iter().map(text));
            // Odd keys go, while the scan goes on.
            client.ask(&format!("DEL key:{}", 2 * round + 1)).await;
            client.ask(&format!("SET other:{round} x")).await;
            round += 1;
            cursor = String::from_utf8(next.to_vec()).unwrap();
            if cursor == "0" {
                break;
            }
        }
        assert!((0..200).step_by(2).all(|number| seen.contains(&format!("\"key:{number}\""))));
        assert!(seen.iter().all(|key| key.starts_with("\"key:")));
    });
}

#[test]
fn keys_expire_when_they_should() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("SET b 1", "OK"),
                ("EXPIRE b 100", ":1"),
                ("SET c 1 EX 100", "OK"),
                ("SET c 2 KEEPTTL", "OK"),
                ("SET d 1 EX 100", "OK"),
                ("SET d 2", "OK"),
                ("TTL d", ":-1"),
                ("TTL none", ":-2"),
                ("EXPIRE none 1", ":0"),
                ("PERSIST b", ":1"),
                ("TTL b", ":-1"),
                ("EXPIRE b 0", ":1"),
                ("EXISTS b", ":0"),
            ])
            .await;
        let Frame::Integer(left) = client.ask("TTL c").await else { panic!("a number") };
        assert!((1..=100).contains(&left), "{left}");
        // Whoever asks does not see it any more.
        client.expect("SET a 1 PX 1", "OK").await;
        while client.ask("GET a").await != Frame::Null {}
        // It is purged without being asked for, though the key that expires next does so much later.
        client.expect("SET a 1 PX 1", "OK").await;
        while client.ask("DBSIZE").await != Frame::Integer(2) {}
        // A key that is gone leaves no deadline to the next one of its name.
        client.expect_all(&[("SET a 1", "OK"), ("TTL a", ":-1")]).await;
    });
}

#[test]
fn databases_are_apart_and_flushed_together() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("SET a 1", "OK"),
                ("SELECT 15", "OK"),
                ("GET a", "nil"),
                ("SET b 1", "OK"),
                ("SELECT 16", "-ERR DB index is out of range"),
                ("DBSIZE", ":1"),
                ("FLUSHALL", "OK"),
                ("SELECT 0", "OK"),
                ("DBSIZE", ":0"),
            ])
            .await;
    });
}

#[test]
fn version_3_has_types_of_its_own() {
    with_server(async |server| {
        let mut client = server.client().await;
        let hello = text(&client.ask("HELLO 3").await);
        assert!(hello.starts_with("{\"server\": \"redis\"") && hello.contains("\"proto\": :3"), "{hello}");
        client
            .expect_all(&[
                ("GET a", "nil"),
                ("HSET h f 1", ":1"),
                ("HGETALL h", "{\"f\": \"1\"}"),
                ("SADD s a", ":1"),
                ("SMEMBERS s", "set[\"a\"]"),
                ("ZADD z 1.5 a", ":1"),
                ("ZRANGE z 0 -1 WITHSCORES", "[[\"a\" ,1.5]]"),
                ("HELLO 4", "-NOPROTO unsupported protocol version"),
            ])
            .await;
    });
}
