//! How it ends: what was executed is answered, and nothing keeps it from ending.

use minato_examples::mini_redis::{Config, Report};
use minato_runtime::runtime::Builder;

use super::kit::Server;

#[test]
fn the_server_ends_under_idle_subscribed_and_half_done_clients() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let server = Server::start(Config::default()).await;
        let mut idle = server.client().await;
        idle.expect("PING", "PONG").await;
        let mut listener = server.client().await;
        listener.expect("SUBSCRIBE news", "[\"subscribe\" \"news\" :1]").await;
        let mut half_done = server.client().await;
        half_done.expect("MULTI", "OK").await;
        half_done.send_raw(b"*3\r\n$3\r\nSET\r\n").await;
        assert_eq!(server.end().await, Report { connections: 3, cut: 0 });
        for mut client in [idle, listener, half_done] {
            assert_eq!(client.receive().await, None);
        }
    });
}
