//! The `h2` crate on our stream.

use bytes::Bytes;
use minato_runtime::runtime::Runtime;
use minato_runtime::spawn;

use crate::one_connection;

#[test]
fn h2_serves_and_asks_over_our_streams() {
    Runtime::new().unwrap().block_on(async {
        let (server, stream) = one_connection(|stream| async move {
            let mut connection = ::h2::server::handshake(stream).await.unwrap();
            while let Some(request) = connection.accept().await {
                let (request, mut respond) = request.unwrap();
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data(Bytes::from(request.uri().path().to_owned()), true).unwrap();
            }
        })
        .await;
        let (mut requests, connection) = ::h2::client::handshake(stream).await.unwrap();
        let driving = spawn(connection);
        for path in ["/one", "/two"] {
            let request = http::Request::get(format!("http://localhost{path}")).body(()).unwrap();
            let (response, _) = requests.send_request(request, true).unwrap();
            let mut body = response.await.unwrap().into_body();
            let data = body.data().await.unwrap().unwrap();
            body.flow_control().release_capacity(data.len()).unwrap();
            assert_eq!(&data[..], path.as_bytes());
        }
        drop(requests);
        driving.await.unwrap().unwrap();
        server.await.unwrap();
    });
}
