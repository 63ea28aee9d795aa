//! MULTI, EXEC, DISCARD and WATCH.

use super::kit::with_server;

#[test]
fn requests_run_together_and_errors_stay_single() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("MULTI", "OK"),
                ("MULTI", "-ERR MULTI calls can not be nested"),
                ("SET a x", "QUEUED"),
                ("INCR a", "QUEUED"),
                ("SELECT 1", "QUEUED"),
                ("SET b 1", "QUEUED"),
                ("PING", "QUEUED"),
                ("EXEC", "[OK -ERR value is not an integer or out of range OK OK PONG]"),
                ("GET b", "\"1\""),
                ("EXEC", "-ERR EXEC without MULTI"),
                ("DISCARD", "-ERR DISCARD without MULTI"),
                ("MULTI", "OK"),
                ("SET b 2", "QUEUED"),
                ("DISCARD", "OK"),
                ("GET b", "\"1\""),
            ])
            .await;
    });
}

#[test]
fn a_wrong_request_refuses_all() {
    with_server(async |server| {
        let mut client = server.client().await;
        client
            .expect_all(&[
                ("MULTI", "OK"),
                ("SET a 1", "QUEUED"),
                ("GET", "-ERR wrong number of arguments for 'get' command"),
                ("EXEC", "-EXECABORT Transaction discarded because of previous errors."),
                ("GET a", "nil"),
                ("PING", "PONG"),
            ])
            .await;
    });
}

#[test]
fn a_watched_key_that_changed_keeps_all_from_running() {
    with_server(async |server| {
        let (mut client, mut other) = (server.client().await, server.client().await);
        for change in ["SET a 2", "DEL a", "EXPIRE a 100", "APPEND a x", "RENAME a b", "FLUSHALL"] {
            client.expect_all(&[("SET a 1", "OK"), ("WATCH a", "OK")]).await;
            other.ask(change).await;
            client
                .expect_all(&[("MULTI", "OK"), ("SET c 1", "QUEUED"), ("EXEC", "nil"), ("GET c", "nil")])
                .await;
        }
        // A key that comes and goes has changed too; one that did not, has not.
        client.expect_all(&[("WATCH new", "OK")]).await;
        other.expect_all(&[("SET new 1", "OK"), ("GET a", "nil")]).await;
        client.expect_all(&[("MULTI", "OK"), ("PING", "QUEUED"), ("EXEC", "nil")]).await;
        client.expect_all(&[("WATCH new", "OK"), ("MULTI", "OK"), ("GET new", "QUEUED")]).await;
        other.expect("GET new", "\"1\"").await;
        client.expect("EXEC", "[\"1\"]").await;
        client.expect_all(&[("WATCH new", "OK"), ("UNWATCH", "OK")]).await;
        other.expect("SET new 2", "OK").await;
        client.expect_all(&[("MULTI", "OK"), ("GET new", "QUEUED"), ("EXEC", "[\"2\"]")]).await;
    });
}
