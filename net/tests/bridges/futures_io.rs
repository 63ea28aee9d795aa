//! futures' I/O traits on our sockets: futures-rustls over a stream, and our TLS under futures' own methods.

use std::sync::Arc;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use minato_net::UnixStream;
use minato_net::tls::rustls;
use minato_net::tls::{Identity, Roots, TlsAcceptor, TlsConnector, TlsStream};
use minato_runtime::runtime::Runtime;

#[test]
fn the_traits_are_there_without_a_wrapper() {
    fn reads_and_writes<T: futures_io::AsyncRead + futures_io::AsyncWrite>() {}
    use futures_util::io as futures_io;
    reads_and_writes::<minato_net::TcpStream>();
    reads_and_writes::<UnixStream>();
    reads_and_writes::<TlsStream<UnixStream>>();
}

#[test]
fn futures_rustls_runs_over_our_stream_and_talks_to_our_tls() {
    Runtime::new().unwrap().block_on(async {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let acceptor = TlsAcceptor::builder(identity).build().unwrap();
        let roots = Roots::empty().with_pem(certificate.as_bytes()).unwrap();
        let connector = TlsConnector::builder().roots(roots).build().unwrap();

        let (near, far) = UnixStream::pair().unwrap();
        let server = minato_runtime::spawn(async move {
            let mut stream = acceptor.accept(far).await.unwrap();
            let mut text = String::new();
            // These methods are futures', through its traits on our TLS stream.
            stream.read_to_string(&mut text).await.unwrap();
            stream.write_all(text.to_uppercase().as_bytes()).await.unwrap();
            stream.close().await.unwrap();
        });
        let config: Arc<rustls::ClientConfig> = connector.config().clone();
        let theirs = futures_rustls::TlsConnector::from(config);
        let mut stream = theirs.connect("localhost".try_into().unwrap(), near).await.unwrap();
        stream.write_all(b"across").await.unwrap();
        stream.close().await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "ACROSS");
        server.await.unwrap();
    });
}
