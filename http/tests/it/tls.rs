//! HTTP over TLS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use minato_http::{
    ALPN, Body, Client, ClientBuilder, ConnInfo, Error, Metrics, Pins, Proxies, Proxy, ServerConfig,
    handler_fn, serve_connection,
};
use minato_net::tls::rustls::ProtocolVersion;
use minato_net::tls::{
    ClientCertificates, Identity, IdentityStore, Roots, TlsAcceptor, TlsConnector, TlsStream,
};
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use minato_runtime::task::JoinHandle;
use minato_runtime::time::sleep;

use crate::kit::{PIPE_BYTES, run, timed};

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

struct Certificate {
    identity: Identity,
    pem: String,
}

fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    Certificate { identity: Identity::from_pem(pem.as_bytes(), key.as_bytes()).unwrap(), pem }
}

fn roots(certificate: &Certificate) -> Roots {
    Roots::empty().with_pem(certificate.pem.as_bytes()).unwrap()
}

fn connector(certificate: &Certificate, alpn: &[&str]) -> TlsConnector {
    TlsConnector::builder().roots(roots(certificate)).alpn(alpn).build().unwrap()
}

/// Tells what the handler knows of the connection.
async fn tell(request: Request<Body>) -> String {
    let info = request.extensions().get::<ConnInfo>().unwrap();
    let tls = info.tls().expect("the connection is under TLS");
    assert_eq!(tls.version, Some(ProtocolVersion::TLSv1_3));
    assert!(tls.cipher_suite.is_some());
    let alpn = tls.alpn.as_deref().map(|alpn| String::from_utf8_lossy(alpn).into_owned());
    let shown = tls.peer_certificates.as_ref().map_or(0, Vec::len);
    let name = tls.server_name.as_deref().unwrap_or("-");
    format!("{} {name} {shown} {:?}", alpn.as_deref().unwrap_or("-"), info.protocol)
}

fn serve(acceptor: TlsAcceptor) -> (DuplexStream, JoinHandle<Result<(), Error>>) {
    let (ours, theirs) = duplex(PIPE_BYTES);
    let mut config = ServerConfig::default();
    config.tls = Some(acceptor);
    (ours, minato_runtime::spawn(serve_connection(theirs, handler_fn(tell), config)))
}

async fn connect(connector: &TlsConnector, io: DuplexStream) -> TlsStream<DuplexStream> {
    connector.connect("localhost", io).await.unwrap()
}

async fn get(mut io: TlsStream<DuplexStream>) -> String {
    io.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    io.read_to_string(&mut answer).await.unwrap();
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

#[test]
fn both_protocols_are_agreed_on_by_alpn() {
    run(async {
        let certificate = certificate();
        let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(ALPN).build().unwrap();
        for (offered, agreed) in [(&["http/1.1"][..], "http/1.1"), (&[], "-")] {
            let (io, server) = serve(acceptor.clone());
            let io = connect(&connector(&certificate, offered), io).await;
            assert_eq!(get(io).await, format!("{agreed} localhost 0 Http1"));
            server.await.unwrap().unwrap();
        }
        let (io, _server) = serve(acceptor);
        let io = connect(&connector(&certificate, &["h2", "http/1.1"]), io).await;
        assert_eq!(io.alpn_protocol(), Some(&b"h2"[..]));
        let (mut client, connection) = h2::client::handshake(Compat::new(io)).await.unwrap();
        drop(minato_runtime::spawn(connection));
        let request = Request::get("https://localhost/").body(()).unwrap();
        let mut body = client.send_request(request, true).unwrap().0.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "h2 localhost 0 Http2");
    });
}

#[test]
fn certificates_of_clients_reach_the_handler_and_are_required_where_that_is_set() {
    run(async {
        let (server, client) = (certificate(), certificate());
        let acceptor = TlsAcceptor::builder(server.identity.clone())
            .client_certificates(ClientCertificates::Required(roots(&client)))
            .build()
            .unwrap();
        let known =
            TlsConnector::builder().roots(roots(&server)).identity(client.identity.clone()).build().unwrap();
        let (io, _server) = serve(acceptor.clone());
        assert_eq!(get(connect(&known, io).await).await, "- localhost 1 Http1");

        let (io, refusing) = serve(acceptor);
        // In TLS 1.3 a client learns of the refusal when it reads.
        let mut io = connect(&connector(&server, &[]), io).await;
        let _ = io.write_all(GET.as_bytes()).await;
        assert!(io.read_to_end(&mut Vec::new()).await.is_err());
        assert!(refusing.await.unwrap().is_err());
    });
}

#[test]
fn cve_2025_23419_a_session_of_one_host_is_no_way_past_the_certificates_of_another() {
    run(async {
        let (server, client) = (certificate(), certificate());
        let open = || TlsAcceptor::builder(server.identity.clone()).build().unwrap();
        let (open_host, other_host) = (open(), open());
        let closed_host = TlsAcceptor::builder(server.identity.clone())
            .client_certificates(ClientCertificates::Required(roots(&client)))
            .build()
            .unwrap();
        // One connector, and so one store of sessions, for one name: it offers what it has from either.
        let stranger = connector(&server, &[]);
        for resumes in [false, true] {
            let (io, _server) = serve(open_host.clone());
            let io = connect(&stranger, io).await;
            assert_eq!(io.is_resumed(), resumes);
            assert_eq!(get(io).await, "- localhost 0 Http1");
        }
        let (io, refusing) = serve(closed_host.clone());
        let mut io = connect(&stranger, io).await;
        assert!(!io.is_resumed());
        let _ = io.write_all(GET.as_bytes()).await;
        assert!(io.read_to_end(&mut Vec::new()).await.is_err());
        assert!(refusing.await.unwrap().is_err());
        // Nor is one from before the certificates were asked for.
        let (io, _server) = serve(other_host.clone());
        get(connect(&stranger, io).await).await;
        other_host.replace_config(closed_host.config());
        let (io, refusing) = serve(other_host);
        let mut io = connect(&stranger, io).await;
        assert!(!io.is_resumed());
        let _ = io.write_all(GET.as_bytes()).await;
        assert!(io.read_to_end(&mut Vec::new()).await.is_err());
        assert!(refusing.await.unwrap().is_err());
    });
}

#[test]
fn certificates_are_replaced_while_connections_go_on() {
    run(async {
        let (old, new) = (certificate(), certificate());
        let store = IdentityStore::new(old.identity.clone());
        let acceptor = TlsAcceptor::builder(store.clone()).build().unwrap();
        let (io, _server) = serve(acceptor.clone());
        let held = connect(&connector(&old, &[]), io).await;
        store.replace(new.identity.clone());
        let (io, _server) = serve(acceptor.clone());
        assert_eq!(get(connect(&connector(&new, &[]), io).await).await, "- localhost 0 Http1");
        let (io, _server) = serve(acceptor);
        assert!(connector(&old, &[]).connect("localhost", io).await.is_err());
        assert_eq!(get(held).await, "- localhost 0 Http1");
    });
}

#[test]
fn the_time_for_the_first_request_covers_the_handshake() {
    run(async {
        let certificate = certificate();
        let long = Duration::from_secs(3600);
        let acceptor =
            TlsAcceptor::builder(certificate.identity.clone()).handshake_timeout(long).build().unwrap();
        // One that says nothing, one that begins a handshake, one that sends half a request.
        let (mut silent, _server) = serve(acceptor.clone());
        let (read, took) = timed(silent.read(&mut [0; 100])).await;
        assert!(matches!(read, Ok(0) | Err(_)) && took < Duration::from_secs(11), "{took:?}");

        let (mut begun, _server) = serve(acceptor.clone());
        begun.write_all(&[22, 3, 1, 0, 200]).await.unwrap();
        let (_, took) = timed(begun.read_to_end(&mut Vec::new())).await;
        assert!(took < Duration::from_secs(11), "{took:?}");

        let (io, _server) = serve(acceptor);
        let mut io = connect(&connector(&certificate, &[]), io).await;
        io.write_all(b"GET / HT").await.unwrap();
        let mut answer = String::new();
        let (_, took) = timed(io.read_to_string(&mut answer)).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && took <= Duration::from_secs(12), "{answer} {took:?}");
    });
}

/// A client whose connections all lead to servers with this acceptor, and the number of them.
fn client(
    certificate: &Certificate,
    acceptor: TlsAcceptor,
    change: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> (Client, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let connect = {
        let made = made.clone();
        move |_| {
            made.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, std::io::Error>(serve(acceptor.clone()).0))
        }
    };
    let builder = Client::builder().connector(connect).tls(connector(certificate, &ALPN));
    (change(builder).build(), made)
}

async fn text(client: &Client) -> String {
    client.get("https://localhost/").await.unwrap().into_body().text().await.unwrap()
}

#[test]
fn a_client_speaks_what_it_agrees_on_with_the_server() {
    run(async {
        let certificate = certificate();
        for (offered, speaks) in
            [(&ALPN[..], "h2 localhost 0 Http2"), (&ALPN[1..], "http/1.1 localhost 0 Http1")]
        {
            let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(offered).build().unwrap();
            let (client, made) = client(&certificate, acceptor, |builder| builder);
            for _ in 0..3 {
                assert_eq!(text(&client).await, speaks);
            }
            assert_eq!(made.load(Ordering::SeqCst), 1);
        }
    });
}

/// The clock stands still but where the test lets time go by.
#[test]
fn what_the_handshake_takes_is_measured_by_itself() {
    run(async {
        let certificate = certificate();
        for alpn in [&ALPN[..], &ALPN[1..]] {
            let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(alpn).build().unwrap();
            let connect = move |_| {
                let acceptor = acceptor.clone();
                async move {
                    sleep(Duration::from_millis(300)).await;
                    let (ours, theirs) = duplex(PIPE_BYTES);
                    let mut config = ServerConfig::default();
                    config.tls = Some(acceptor);
                    drop(minato_runtime::spawn(async move {
                        sleep(Duration::from_millis(400)).await;
                        let hello = handler_fn(|_| async {
                            sleep(Duration::from_millis(500)).await;
                            "hello"
                        });
                        serve_connection(theirs, hello, config).await
                    }));
                    Ok::<_, std::io::Error>(ours)
                }
            };
            let tls = connector(&certificate, &ALPN);
            let client = Client::builder().connector(connect).tls(tls).metrics().build();
            for is_first in [true, false] {
                let response = client.get("https://localhost/").await.unwrap();
                let metrics = response.extensions().get::<Metrics>().unwrap().clone();
                assert_eq!(response.into_body().text().await.unwrap(), "hello");
                let near = |took: Option<Duration>, millis: u64| {
                    took.is_some_and(|took| (millis..millis + 50).contains(&(took.as_millis() as u64)))
                };
                assert_eq!(metrics.is_reused(), !is_first);
                if is_first {
                    assert!(near(metrics.connect(), 300) && near(metrics.tls(), 400), "{metrics:?}");
                    assert!(near(metrics.first_byte(), 1200), "{metrics:?}");
                } else {
                    assert!(metrics.connect().is_none() && metrics.tls().is_none(), "{metrics:?}");
                    assert!(near(metrics.first_byte(), 500), "{metrics:?}");
                }
                assert!(metrics.dns().is_none() && metrics.total() >= metrics.first_byte());
            }
        }
    });
}

#[test]
fn requests_that_begin_together_find_out_once_what_a_server_speaks() {
    run(async {
        let certificate = certificate();
        for (offered, connections) in [(&ALPN[..], 1), (&ALPN[1..], 10)] {
            let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(offered).build().unwrap();
            let (client, made) = client(&certificate, acceptor, |builder| builder);
            let requests: Vec<_> = (0..10)
                .map(|_| {
                    let client = client.clone();
                    minato_runtime::spawn(async move { text(&client).await })
                })
                .collect();
            for request in requests {
                request.await.unwrap();
            }
            assert!(made.load(Ordering::SeqCst) <= connections, "{made:?} for {offered:?}");
        }
    });
}

#[test]
fn a_server_that_cannot_be_trusted_gets_no_request() {
    run(async {
        let (server, other) = (certificate(), certificate());
        let acceptor = TlsAcceptor::builder(server.identity.clone()).alpn(ALPN).build().unwrap();
        let (client, made) = client(&other, acceptor, |builder| builder);
        for tries in 1..3 {
            let error = client.get("https://localhost/").await.unwrap_err();
            assert!(error.is_connect(), "{error:?}");
            // Nor is it asked again and again.
            assert_eq!(made.load(Ordering::SeqCst), tries);
        }
    });
}

#[test]
fn a_host_whose_key_is_pinned_is_trusted_with_that_key_only() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    run(async {
        let (certificate, other) = (certificate(), certificate());
        let pin = |certificate: &Certificate| {
            use minato_net::tls::rustls::pki_types::CertificateDer;
            use minato_net::tls::rustls::pki_types::pem::PemObject;
            use minato_net::tls::rustls::server::ParsedCertificate;
            use sha2::Digest;
            let shown = CertificateDer::from_pem_slice(certificate.pem.as_bytes()).unwrap();
            let key = ParsedCertificate::try_from(&shown).unwrap().subject_public_key_info();
            format!("sha256//{}", STANDARD.encode(sha2::Sha256::digest(&key)))
        };
        for (host, pins, is_trusted) in [
            ("localhost", vec![pin(&certificate)], true),
            ("localhost", vec![pin(&other)], false),
            ("LOCALHOST", vec![pin(&other), pin(&certificate)], true),
            ("elsewhere", vec![pin(&other)], true),
            ("*.localhost", vec![pin(&other)], true),
        ] {
            let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(ALPN).build().unwrap();
            let pins = pins.iter().fold(Pins::new(), |all, pin| all.host(host, pin).unwrap());
            let (client, _) = client(&certificate, acceptor, |builder| builder.pins(pins));
            let answer = client.get("https://localhost/").await;
            assert_eq!(answer.is_ok(), is_trusted, "{host}");
            if let Err(error) = answer {
                assert!(error.is_connect(), "{error:?}");
            }
        }
        // The dot of the root names the same host, on whichever side it is written.
        for (uri, pinned) in [("https://localhost./", "localhost"), ("https://localhost/", "localhost.")] {
            let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(ALPN).build().unwrap();
            let ask =
                |pins| client(&certificate, acceptor.clone(), |builder| builder.pins(pins)).0.get(uri).send();
            ask(Pins::new()).await.unwrap();
            ask(Pins::new().host(pinned, &pin(&certificate)).unwrap()).await.unwrap();
            let answer = ask(Pins::new().host(pinned, &pin(&other)).unwrap()).await;
            assert!(answer.is_err(), "{uri} with a pin of {pinned}");
        }
        for broken in ["", "sha256/AAAA", "sha256//AAAA", "sha1//AAAA", "sha256//!"] {
            assert!(Pins::new().host("a", broken).is_err(), "{broken}");
        }
    });
}

#[test]
fn a_client_that_wants_http2_does_not_settle_for_less() {
    run(async {
        let certificate = certificate();
        let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(&ALPN[1..]).build().unwrap();
        let (client, _) = client(&certificate, acceptor, |builder| builder.http2_prior_knowledge());
        assert!(client.get("https://localhost/").await.is_err());
    });
}

#[test]
fn a_tunnel_through_a_proxy_is_between_client_and_server() {
    run(async {
        let certificate = certificate();
        let acceptor = TlsAcceptor::builder(certificate.identity.clone()).alpn(ALPN).build().unwrap();
        for (answer, is_open) in
            [("200 Connection established", true), ("407 Proxy Authentication Required", false)]
        {
            let acceptor = acceptor.clone();
            // A proxy that joins the client to a server of its own.
            let connect = move |uri: http::Uri| {
                assert_eq!(uri, "http://proxy:3128/");
                let (ours, mut theirs) = duplex(PIPE_BYTES);
                let (mut server, _) = serve(acceptor.clone());
                drop(minato_runtime::spawn(async move {
                    let ask = "CONNECT localhost:443 HTTP/1.1\r\nhost: localhost:443\r\n\r\n";
                    let mut head = vec![0; ask.len()];
                    theirs.read_exact(&mut head).await.unwrap();
                    assert_eq!(head, ask.as_bytes());
                    theirs.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).await.unwrap();
                    if is_open {
                        let _ = minato_runtime::io::copy_bidirectional(&mut theirs, &mut server).await;
                    }
                }));
                std::future::ready(Ok::<_, std::io::Error>(ours))
            };
            let client = Client::builder()
                .connector(connect)
                .tls(connector(&certificate, &ALPN))
                .proxies(Proxies::new().https(Proxy::new("http://proxy:3128").unwrap()))
                .build();
            match client.get("https://localhost/").await {
                Ok(response) => {
                    assert_eq!(response.into_body().text().await.unwrap(), "h2 localhost 0 Http2")
                }
                Err(error) => assert!(error.is_connect() && !is_open, "{error:?}"),
            }
        }
    });
}

#[test]
fn plaintext_to_a_tls_port_is_no_request() {
    run(async {
        let acceptor = TlsAcceptor::builder(certificate().identity).build().unwrap();
        let (mut io, server) = serve(acceptor);
        io.write_all(GET.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = io.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/"));
        assert!(server.await.unwrap().is_err());
    });
}
