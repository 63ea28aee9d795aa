//! The body alone: its constructors, what they promise, and the bounds of reading it.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use minato_http::{Body, Error, Reason};
use minato_runtime::time::timeout;

use crate::kit::run;

#[test]
fn what_a_body_promises_is_exact_where_it_is_known() {
    let trailers = || HeaderMap::from_iter([("x".parse().unwrap(), "y".parse().unwrap())]);
    for (body, exact, is_end) in [
        (Body::empty(), Some(0), true),
        (Body::from(""), Some(0), true),
        (Body::from("text"), Some(4), false),
        (Body::from(vec![1, 2, 3]), Some(3), false),
        (Body::full_with_trailers("data", trailers()), Some(4), false),
        (Body::full_with_trailers("", trailers()), Some(0), false),
        (Body::channel().1, None, false),
        (Body::wrap(http_body_util::Full::new(Bytes::from("text"))), Some(4), false),
    ] {
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (exact, is_end), "{body:?}");
    }
}

#[test]
fn frames_come_in_order_and_end() {
    run(async {
        let trailers = HeaderMap::from_iter([("x".parse().unwrap(), "y".parse().unwrap())]);
        let mut body = Body::full_with_trailers("data", trailers);
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data");
        assert_eq!(body.frame().await.unwrap().unwrap().into_trailers().unwrap()["x"], "y");
        assert!(body.frame().await.is_none());
        assert!(body.is_end_stream());

        let mut body = Body::from("data");
        assert_eq!(body.data().await.unwrap().unwrap(), "data");
        assert!(body.is_end_stream() && body.data().await.is_none());
    });
}

#[test]
fn a_body_that_is_ours_already_is_not_wrapped() {
    let body = Body::wrap(Body::from("text"));
    assert!(format!("{body:?}").contains("Full"), "{body:?}");
}

#[test]
fn a_channel_holds_so_much_and_then_its_sender_waits() {
    run(async {
        let (mut sender, mut body) = Body::channel();
        for _ in 0..64 {
            sender.send(vec![0; 1024]).await.unwrap();
        }
        assert!(timeout(Duration::from_secs(1), sender.send("more")).await.is_err());
        body.data().await.unwrap().unwrap();
        sender.send("more").await.unwrap();
        sender.finish();
        assert_eq!(body.bytes(1 << 20).await.unwrap().len(), 63 * 1024 + 4);
    });
}

#[test]
fn a_sender_learns_that_its_body_was_dropped() {
    run(async {
        let (mut sender, body) = Body::channel();
        {
            let mut closed = pin!(sender.closed());
            assert!(closed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            drop(body);
            closed.await;
        }
        assert!(sender.send("x").await.unwrap_err().is_canceled());
    });
}

#[test]
fn a_body_says_how_its_sender_ended() {
    run(async {
        let (mut sender, mut body) = Body::channel();
        sender.send("x").await.unwrap();
        drop(sender);
        assert_eq!(body.data().await.unwrap().unwrap(), "x");
        assert!(body.data().await.unwrap().unwrap_err().is_canceled());
        assert!(body.data().await.is_none());

        let (sender, body) = Body::channel();
        sender.abort(Error::reset(Reason::REFUSED_STREAM));
        let error = body.bytes(10).await.unwrap_err();
        assert_eq!(error.h2_reason().unwrap().reason, Reason::REFUSED_STREAM);
    });
}

#[test]
fn reading_whole_is_bounded_whatever_was_announced() {
    run(async {
        let parts = |count: usize| {
            let (mut sender, body) = Body::channel();
            let sending = minato_runtime::spawn(async move {
                for _ in 0..count {
                    sender.send(vec![b'x'; 1000]).await?;
                }
                sender.finish();
                Ok::<_, Error>(())
            });
            drop(sending);
            body
        };
        assert_eq!(parts(5).bytes(5000).await.unwrap().len(), 5000);
        assert!(parts(6).bytes(5999).await.unwrap_err().is_body_limit());
        assert!(parts(2001).text().await.is_ok());
        assert!(parts(2200).text().await.unwrap_err().is_body_limit());
        assert!(Body::from(vec![0xff]).text().await.is_err());
    });
}

/// A body that announces more than there is memory, and then gives little.
struct Boastful(bool, Option<()>);

impl http_body::Body for Boastful {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let is_first = !std::mem::replace(&mut self.0, true);
        let frames =
            ["little", "more"].map(|text| Ok(http_body::Frame::data(Bytes::from_static(text.as_bytes()))));
        let [first, second] = frames;
        if is_first {
            return Poll::Ready(Some(first));
        }
        Poll::Ready(self.1.take().map(|()| second))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let mut hint = http_body::SizeHint::new();
        hint.set_lower(1 << 60);
        hint
    }
}

#[test]
fn an_announcement_allocates_nothing() {
    run(async {
        let whole = Body::wrap(Boastful(false, Some(()))).bytes(usize::MAX).await.unwrap();
        assert_eq!(whole, "littlemore");
        assert!(Body::wrap(Boastful(false, Some(()))).bytes(1 << 30).await.unwrap_err().is_body_limit());
    });
}

#[test]
fn a_body_of_others_that_is_empty_is_one_that_can_be_sent_again() {
    run(async {
        let servers = crate::exchanges::Servers::default();
        let client = servers.client(|builder| builder.redirects(minato_http::Redirects::limited(1)));
        let empty = Body::wrap(http_body_util::Empty::<Bytes>::new());
        let response =
            minato_runtime::spawn(client.request(http::Request::get("http://a/").body(empty).unwrap()));
        let mut server = servers.accept().await;
        for answer in ["302 Found\r\nlocation: /b", "200 OK"] {
            server.head_of_request().await;
            server.send(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n")).await;
        }
        assert_eq!(response.await.unwrap().unwrap().status(), 200);
    });
}
