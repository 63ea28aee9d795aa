//! WebSockets of tokio-tungstenite over our stream.

use futures_util::{SinkExt, StreamExt};
use minato_runtime::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;

use crate::one_connection;

#[test]
fn messages_are_echoed_until_the_client_closes() {
    Runtime::new().unwrap().block_on(async {
        let (server, stream) = one_connection(|stream| async move {
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            while let Some(message) = socket.next().await {
                let message = message.unwrap();
                if message.is_text() || message.is_binary() {
                    socket.send(message).await.unwrap();
                }
            }
        })
        .await;
        let (mut socket, _) = tokio_tungstenite::client_async("ws://localhost/", stream).await.unwrap();
        for message in [Message::text("ahoy"), Message::binary(vec![1; 100_000])] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), message);
        }
        socket.close(None).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            assert!(message.is_close());
        }
        server.await.unwrap();
    });
}
