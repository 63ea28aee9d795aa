//! A library that needs a running tokio, in our tasks.

use minato_net::TcpListener;
use minato_runtime::compat::TokioContext;
use minato_runtime::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use minato_runtime::runtime::Builder;
use minato_runtime::spawn;

#[test]
fn reqwest_asks_our_server_from_our_task() {
    for runtime in [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).build().unwrap(),
    ] {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = spawn(async move {
                let mut stream = BufReader::new(listener.accept().await.unwrap().0);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    assert_ne!(stream.read_line(&mut head).await.unwrap(), 0);
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nahoy").await.unwrap();
                head
            });
            let asking = spawn(TokioContext::new(async move {
                let client = ::reqwest::Client::builder().no_proxy().build().unwrap();
                client.get(format!("http://{address}/path")).send().await.unwrap().text().await.unwrap()
            }));
            assert_eq!(asking.await.unwrap(), "ahoy");
            assert!(server.await.unwrap().starts_with("GET /path HTTP/1.1\r\n"));
        });
    }
}

#[test]
fn what_needs_tokio_is_dropped_inside_it_too() {
    struct NeedsTokio;
    impl Drop for NeedsTokio {
        fn drop(&mut self) {
            tokio::runtime::Handle::current();
        }
    }
    let needs = NeedsTokio;
    drop(TokioContext::new(async move {
        let _needs = needs;
        std::future::pending::<()>().await;
    }));
}
