//! Who is trusted, what is agreed on, and what changes while a server runs.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minato_net::UnixStream;
use minato_net::tls::{
    ClientCertificates, Identities, Identity, IdentityStore, LazyConfigAcceptor, Roots, TlsAcceptor,
    TlsConnector, rustls,
};
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
use minato_runtime::spawn;

use crate::authority::Authority;
use crate::{connected, run};

#[test]
fn a_server_nobody_vouches_for_is_not_trusted() {
    run(|| async {
        let (near, far) = UnixStream::pair().unwrap();
        let acceptor = Authority::new().acceptor();
        let accepting = spawn(async move { acceptor.accept(far).await });
        let error = Authority::new().connector().connect("localhost", near).await.unwrap_err();
        let fault = error.get_ref().unwrap().downcast_ref::<rustls::Error>();
        assert!(matches!(fault, Some(rustls::Error::InvalidCertificate(_))), "{fault:?}");
        assert_eq!(accepting.await.unwrap().unwrap_err().kind(), ErrorKind::InvalidData);
    });
}

/// The machine's roots where it has some, and Mozilla's: neither knows an authority of a test.
#[test]
fn roots_of_the_machine_and_those_compiled_in_vouch_for_nobody_of_ours() {
    run(|| async {
        for roots in Roots::system().into_iter().chain([Roots::bundled()]) {
            let (near, far) = UnixStream::pair().unwrap();
            let acceptor = Authority::new().acceptor();
            let accepting = spawn(async move { acceptor.accept(far).await });
            let connector = TlsConnector::builder().roots(roots).build().unwrap();
            let error = connector.connect("localhost", near).await.unwrap_err();
            let fault = error.get_ref().unwrap().downcast_ref::<rustls::Error>();
            assert!(matches!(fault, Some(rustls::Error::InvalidCertificate(_))), "{fault:?}");
            assert_eq!(accepting.await.unwrap().unwrap_err().kind(), ErrorKind::InvalidData);
        }
    });
}

/// Whichever features bring cryptography, the user's choice goes first.
#[test]
fn a_provider_that_was_set_is_the_one_in_use() {
    run(|| async {
        let authority = Authority::new();
        let mut provider = rustls::crypto::ring::default_provider();
        provider
            .cipher_suites
            .retain(|suite| suite.suite() == rustls::CipherSuite::TLS13_CHACHA20_POLY1305_SHA256);
        let connector =
            TlsConnector::builder().roots(authority.roots()).provider(Arc::new(provider)).build().unwrap();
        let (client, _server) = connected(&connector, &authority.acceptor()).await;
        let suite = client.get_ref().1.negotiated_cipher_suite().unwrap();
        assert_eq!(suite.suite(), rustls::CipherSuite::TLS13_CHACHA20_POLY1305_SHA256);
    });
}

#[test]
fn a_name_that_is_not_the_servers_is_refused_and_one_that_is_none_is_an_error() {
    run(|| async {
        let authority = Authority::new();
        let (near, far) = UnixStream::pair().unwrap();
        let acceptor = authority.acceptor();
        let accepting = spawn(async move { acceptor.accept(far).await.map(drop) });
        let error = authority.connector().connect("elsewhere.example", near).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        accepting.await.unwrap().unwrap_err();
        let (near, _far) = UnixStream::pair().unwrap();
        let error = authority.connector().connect("not a name", near).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn both_sides_agree_on_a_protocol() {
    run(|| async {
        let authority = Authority::new();
        let acceptor = TlsAcceptor::builder(authority.issue("localhost").identity())
            .alpn(["h2", "http/1.1"])
            .build()
            .unwrap();
        let connector =
            TlsConnector::builder().roots(authority.roots()).alpn(["http/1.1", "h2"]).build().unwrap();
        let (client, server) = connected(&connector, &acceptor).await;
        assert_eq!(client.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(server.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(server.server_name(), Some("localhost"));
        assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    });
}

#[test]
fn clients_show_certificates_where_they_must() {
    run(|| async {
        let authority = Authority::new();
        let server = |clients| {
            TlsAcceptor::builder(authority.issue("localhost").identity())
                .client_certificates(clients)
                .build()
                .unwrap()
        };
        let required = server(ClientCertificates::Required(authority.roots()));
        let known = TlsConnector::builder()
            .roots(authority.roots())
            .identity(authority.issue("a client").identity())
            .build()
            .unwrap();
        let (_client, stream) = connected(&known, &required).await;
        assert_eq!(stream.peer_certificates().unwrap().len(), 1);

        let (near, far) = UnixStream::pair().unwrap();
        let accepting = spawn(async move { required.accept(far).await });
        // In TLS 1.3 the client learns of it after its own half of the handshake.
        let mut unknown = authority.connector().connect("localhost", near).await.unwrap();
        assert_eq!(unknown.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(accepting.await.unwrap().unwrap_err().kind(), ErrorKind::InvalidData);

        let optional = server(ClientCertificates::Optional(authority.roots()));
        let (_client, stream) = connected(&authority.connector(), &optional).await;
        assert!(stream.peer_certificates().is_none());
    });
}

#[test]
fn sessions_resume_and_early_data_is_off() {
    run(|| async {
        let authority = Authority::new();
        let (connector, acceptor) = (authority.connector(), authority.acceptor());
        assert_eq!(acceptor.config().max_early_data_size, 0);
        assert!(!connector.config().enable_early_data);
        for round in 0..3 {
            let (mut client, mut server) = connected(&connector, &acceptor).await;
            assert_eq!(client.is_resumed(), round > 0, "round {round}");
            assert_eq!(server.is_resumed(), round > 0, "round {round}");
            // Tickets come with the first bytes after the handshake.
            server.write_all(b"x").await.unwrap();
            server.flush().await.unwrap();
            client.read_u8().await.unwrap();
        }
    });
}

#[test]
fn certificates_are_chosen_by_name() {
    run(|| async {
        let authority = Authority::new();
        let names = ["localhost", "a.example", "*.b.example"];
        let [default, a, b] = names.map(|name| authority.issue(name).identity());
        let identities =
            Identities::new().with_default(default).with_name("A.example", a).with_name("*.b.example", b);
        let acceptor = TlsAcceptor::builder(IdentityStore::new(identities)).build().unwrap();
        // The client checks the certificate against the name, so a wrong one fails the handshake.
        for name in ["localhost", "a.example", "www.b.example"] {
            let (near, far) = UnixStream::pair().unwrap();
            let acceptor = acceptor.clone();
            let accepting = spawn(async move { acceptor.accept(far).await });
            authority.connector().connect(name, near).await.unwrap();
            accepting.await.unwrap().unwrap();
        }
        let nobody = TlsAcceptor::builder(Identities::new()).build().unwrap();
        let (near, far) = UnixStream::pair().unwrap();
        let accepting = spawn(async move { nobody.accept(far).await.map(drop) });
        authority.connector().connect("localhost", near).await.unwrap_err();
        accepting.await.unwrap().unwrap_err();
    });
}

#[test]
fn a_certificate_is_replaced_under_load_and_no_handshake_fails() {
    run(|| async {
        let authority = Authority::new();
        let store = IdentityStore::new(authority.issue("localhost").identity());
        let acceptor = TlsAcceptor::builder(store.clone()).build().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (acceptor, is_over) = (acceptor.clone(), is_over.clone());
                let connector = authority.connector();
                spawn(async move {
                    let mut shown = std::collections::HashSet::new();
                    while !is_over.load(Ordering::Relaxed) {
                        // A client that has not been here: a resumed session shows no certificate.
                        let mut config = (**connector.config()).clone();
                        config.resumption = rustls::client::Resumption::disabled();
                        let (client, _server) = connected(&Arc::new(config).into(), &acceptor).await;
                        shown.insert(client.peer_certificates().unwrap()[0].to_vec());
                        minato_runtime::task::yield_now().await;
                    }
                    shown.len()
                })
            })
            .collect();
        let (mut held, mut server) = connected(&authority.connector(), &acceptor).await;
        for _ in 0..20 {
            store.replace(authority.issue("localhost").identity());
            connected(&authority.connector(), &acceptor).await;
        }
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            assert!(client.await.unwrap() > 1);
        }
        // A connection outlives the certificate it was made with.
        held.write_all(b"still here").await.unwrap();
        held.shutdown().await.unwrap();
        let mut text = String::new();
        server.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "still here");
    });
}

#[test]
fn the_whole_configuration_is_replaced_for_all_clones() {
    run(|| async {
        let (old, new) = (Authority::new(), Authority::new());
        let acceptor = old.acceptor();
        let clone = acceptor.clone();
        connected(&old.connector(), &clone).await;
        acceptor.replace_config(new.acceptor().config());
        connected(&new.connector(), &clone).await;
    });
}

#[test]
fn a_configuration_is_chosen_by_what_the_client_asks_for() {
    run(|| async {
        let authority = Authority::new();
        let acceptor = authority.acceptor();
        let (near, far) = UnixStream::pair().unwrap();
        let accepting = spawn(async move {
            let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), far).await.unwrap();
            let hello = start.client_hello();
            assert_eq!(hello.server_name(), Some("localhost"));
            assert_eq!(hello.alpn().map(Iterator::count), Some(1));
            start.into_stream(acceptor.config()).await
        });
        let connector = TlsConnector::builder().roots(authority.roots()).alpn(["x"]).build().unwrap();
        connector.connect("localhost", near).await.unwrap();
        let stream = accepting.await.unwrap().unwrap();
        // The chosen configuration had no protocols to offer.
        assert_eq!(stream.alpn_protocol(), None);
    });
}

#[test]
fn what_cannot_be_a_configuration_says_why() {
    let (a, b) = (Authority::new().issue("a"), Authority::new().issue("b"));
    let swapped = Identity::from_pem(a.certificate.as_bytes(), b.key.as_bytes()).unwrap_err();
    assert_eq!(swapped.to_string(), "rustls does not accept it");
    let empty = Identity::from_pem(b"", a.key.as_bytes()).unwrap_err();
    assert_eq!(empty.to_string(), "there is no certificate in it");
    assert!(Roots::empty().with_pem(b"nothing").is_err());
    let missing = Identity::from_pem_files("/nowhere/at/all", "/nowhere").unwrap_err();
    assert_eq!(missing.to_string(), "could not be read");
    let nobody = ClientCertificates::Required(Roots::empty());
    let error = TlsAcceptor::builder(a.identity()).client_certificates(nobody).build().unwrap_err();
    assert_eq!(error.to_string(), "clients cannot be verified");
}
