//! tokio-util's codecs over our streams.

use futures_util::{SinkExt, StreamExt};
use minato_net::UnixStream;
use minato_runtime::runtime::Runtime;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

#[test]
fn tokio_utils_frames_cross_a_unix_stream() {
    Runtime::new().unwrap().block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let mut a = Framed::new(a, LengthDelimitedCodec::new());
        let mut b = Framed::new(b, LengthDelimitedCodec::new());
        a.feed(bytes::Bytes::from_static(b"one")).await.unwrap();
        a.feed(bytes::Bytes::from(vec![7; 100_000])).await.unwrap();
        let sending =
            minato_runtime::spawn(async move { SinkExt::<bytes::Bytes>::close(&mut a).await.unwrap() });
        assert_eq!(&b.next().await.unwrap().unwrap()[..], b"one");
        assert_eq!(b.next().await.unwrap().unwrap().len(), 100_000);
        assert!(b.next().await.is_none());
        sending.await.unwrap();
    });
}
