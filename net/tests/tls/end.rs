//! How connections end, as they should and as they should not.

use std::io::ErrorKind;

use minato_net::UnixStream;
use minato_net::tls::rustls;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::spawn;

use crate::authority::Authority;
use crate::{connected, run};

#[test]
fn shutting_down_ends_one_direction_only() {
    run(|| async {
        let authority = Authority::new();
        let (mut client, mut server) = connected(&authority.connector(), &authority.acceptor()).await;
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(client.write_all(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        let mut text = String::new();
        server.read_to_string(&mut text).await.unwrap();
        server.write_all(b"answer").await.unwrap();
        server.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!((text.as_str(), answer.as_str()), ("question", "answer"));
        // The end stays the end.
        assert_eq!(client.read(&mut [0; 4]).await.unwrap(), 0);
    });
}

#[test]
fn an_end_without_close_notify_is_a_cut_and_not_the_end() {
    run(|| async {
        let authority = Authority::new();
        let (mut client, mut server) = connected(&authority.connector(), &authority.acceptor()).await;
        client.write_all(b"half of").await.unwrap();
        // The client takes all that the server sent, or closing would be a reset.
        server.write_all(b"!").await.unwrap();
        client.read_u8().await.unwrap();
        drop(client);
        let mut text = Vec::new();
        let error = server.read_to_end(&mut text).await.unwrap_err();
        assert_eq!((&text[..], error.kind()), (&b"half of"[..], ErrorKind::UnexpectedEof));
        assert_eq!(server.read(&mut [0; 4]).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    });
}

#[test]
fn a_record_that_was_changed_on_the_way_is_a_typed_error_and_the_peer_is_told() {
    run(|| async {
        let authority = Authority::new();
        let (mut client, mut server) = connected(&authority.connector(), &authority.acceptor()).await;
        // Looks like a record, and is not one of this connection.
        client.get_mut().0.write_all(b"\x17\x03\x03\x00\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await.unwrap();
        let error = server.read(&mut [0; 4]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let fault = error.get_ref().unwrap().downcast_ref::<rustls::Error>();
        assert_eq!(fault, Some(&rustls::Error::DecryptError));
        let told = client.read(&mut [0; 4]).await.unwrap_err();
        let told = told.get_ref().unwrap().downcast_ref::<rustls::Error>();
        assert!(matches!(told, Some(rustls::Error::AlertReceived(_))), "{told:?}");
    });
}

#[test]
fn whoever_does_not_speak_tls_is_told_and_nothing_else_happens() {
    run(|| async {
        let authority = Authority::new();
        let acceptor = authority.acceptor();
        for greeting in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x40\x01", &[0xff; 300], &[0x16; 70_000]]
        {
            let (mut near, far) = UnixStream::pair().unwrap();
            let acceptor = acceptor.clone();
            let accepting = spawn(async move { acceptor.accept(far).await });
            // The other side may be gone before all of it is written.
            let _ = near.write_all(greeting).await;
            let _ = near.shutdown().await;
            let error = accepting.await.unwrap().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof), "{error}");
        }
        // Others are served.
        connected(&authority.connector(), &acceptor).await;
    });
}

#[test]
fn a_peer_that_goes_away_during_the_handshake_is_noticed() {
    run(|| async {
        let authority = Authority::new();
        let (near, far) = UnixStream::pair().unwrap();
        drop(near);
        let error = authority.acceptor().accept(far).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        let error = authority.connector().connect("localhost", near).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof), "{error}");
    });
}
