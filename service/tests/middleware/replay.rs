//! Request bodies that are sent again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body, Frame, SizeHint};
use minato_service::retry::replay::{Attempt, Lost, NoRetry, Replay, ReplayBody, ReplayLayer};
use minato_service::retry::{Jitter, StandardPolicy};
use minato_service::{Backoff, BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::now;

/// A body of these frames, whose source counts how many were taken. `None` pends for ever.
struct Frames {
    frames: VecDeque<Option<Frame<Bytes>>>,
    taken: Arc<AtomicU32>,
    hint: SizeHint,
}

fn data(text: &'static str) -> Option<Frame<Bytes>> {
    Some(Frame::data(Bytes::from_static(text.as_bytes())))
}

fn trailers() -> Option<Frame<Bytes>> {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", http::HeaderValue::from_static("9"));
    Some(Frame::trailers(trailers))
}

impl Frames {
    fn new(frames: impl IntoIterator<Item = Option<Frame<Bytes>>>) -> Self {
        Self { frames: frames.into_iter().collect(), taken: Arc::default(), hint: SizeHint::default() }
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.frames.pop_front() {
            None => Poll::Ready(None),
            Some(None) => {
                self.frames.push_front(None);
                Poll::Pending
            }
            Some(Some(frame)) => {
                self.taken.fetch_add(1, Ordering::Relaxed);
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

type Seen = Arc<Mutex<Vec<(String, bool, Option<Attempt>)>>>;

/// Reads so many frames of each body, notes what it saw, and fails so many times.
fn server(
    reads: usize,
    failures: usize,
) -> (impl Service<Request<ReplayBody<Frames>>, Response = usize, Error = BoxError, Future: Send> + Clone, Seen)
{
    let seen = Seen::default();
    let noted = seen.clone();
    let service = service_fn(move |request: Request<ReplayBody<Frames>>| {
        let noted = noted.clone();
        async move {
            let attempt = request.extensions().get::<Attempt>().copied();
            let mut body = request.into_body();
            let (mut text, mut has_trailers) = (String::new(), false);
            for _ in 0..reads {
                let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else {
                    break;
                };
                match frame?.into_data() {
                    Ok(data) => text.push_str(std::str::from_utf8(&data)?),
                    Err(_) => has_trailers = true,
                }
            }
            let mut noted = noted.lock().unwrap();
            noted.push((text, has_trailers, attempt));
            if noted.len() <= failures { Err("unavailable".into()) } else { Ok(noted.len()) }
        }
    });
    (service, seen)
}

fn client<S>(
    bytes_max: usize,
    service: S,
) -> impl Service<Request<Frames>, Response = usize, Error = BoxError> + Clone
where
    S: Service<Request<ReplayBody<Frames>>, Response = usize, Error = BoxError> + Clone,
{
    let policy = StandardPolicy::new(
        Backoff::constant(Duration::ZERO).jitter(Jitter::None),
        |result: &Result<usize, BoxError>| result.is_err(),
    )
    .attempts_max(4)
    .clone_with(Replay::new());
    ServiceBuilder::new().layer(ReplayLayer::new(bytes_max)).retry(policy).service(service)
}

fn paused<F: Future>(future: F) -> F::Output {
    crate::support::paused(future)
}

#[test]
fn a_body_is_sent_again_from_the_beginning_trailers_included() {
    paused(async {
        let (service, seen) = server(9, 2);
        let body = Frames::new([data("one "), data("two"), trailers()]);
        let taken = body.taken.clone();
        assert_eq!(client(64, service).oneshot(Request::new(body)).await.unwrap(), 3);
        let whole = |attempt: Option<u32>| ("one two".to_owned(), true, attempt.map(Attempt));
        assert_eq!(*seen.lock().unwrap(), [whole(None), whole(Some(2)), whole(Some(3))]);
        assert_eq!(taken.load(Ordering::Relaxed), 3, "each frame was taken from the source once");
    });
}

#[test]
fn an_attempt_goes_on_where_the_one_before_stopped_reading() {
    paused(async {
        let body = Frames::new([data("a"), data("b"), data("c"), trailers()]);
        let (service, seen) = server(2, 1);
        assert_eq!(client(64, service).oneshot(Request::new(body)).await.unwrap(), 2);
        let texts: Vec<_> = seen.lock().unwrap().iter().map(|(text, ..)| text.clone()).collect();
        assert_eq!(texts, ["ab", "ab"]);
    });
}

#[test]
fn a_body_that_is_too_long_passes_through_and_is_not_sent_again() {
    paused(async {
        let (service, seen) = server(9, 9);
        let body = Frames::new([data("12345"), data("67890"), data("x")]);
        let error = client(9, service).oneshot(Request::new(body)).await.unwrap_err();
        assert_eq!(error.to_string(), "unavailable");
        assert_eq!(*seen.lock().unwrap(), [("1234567890x".to_owned(), false, None)]);
        // Exactly as long as may be kept.
        let (service, seen) = server(9, 1);
        let body = Frames::new([data("12345"), data("6789")]);
        assert_eq!(client(9, service).oneshot(Request::new(body)).await.unwrap(), 2);
        assert_eq!(seen.lock().unwrap().len(), 2);
    });
}

#[test]
fn a_body_that_says_it_is_too_long_is_never_kept() {
    let mut frames = Frames::new([data("12345")]);
    frames.hint = SizeHint::with_exact(5);
    let body = ReplayBody::new(frames, 4);
    assert!(!body.is_whole() && body.try_clone().is_none());
    assert_eq!(body.size_hint().exact(), Some(5));
}

#[test]
fn each_frame_is_passed_on_at_once() {
    let frames = Frames::new([data("first"), None]);
    let mut body = ReplayBody::new(frames, 64);
    let copy = body.try_clone().unwrap();
    let cx = &mut Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(cx) else { panic!("a frame is there") };
    assert_eq!(frame.into_data().unwrap(), "first");
    assert!(Pin::new(&mut body).poll_frame(cx).is_pending());
    assert!(!copy.is_whole(), "the first attempt has it");
    drop(body);
    assert!(copy.is_whole());
}

#[test]
fn a_body_somebody_holds_on_to_is_lost_to_the_next_attempt() {
    paused(async {
        let held = Arc::new(Mutex::new(Vec::new()));
        let kept = held.clone();
        let service = service_fn(move |request: Request<ReplayBody<Frames>>| {
            kept.lock().unwrap().push(request.into_body());
            std::future::ready(Err::<usize, BoxError>("unavailable".into()))
        });
        let error = client(64, service).oneshot(Request::new(Frames::new([data("x")]))).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), held.lock().unwrap().len()), ("unavailable", 1));
    });
    let body = ReplayBody::new(Frames::new([data("x")]), 64);
    let mut copy = body.try_clone().unwrap();
    let error = now(std::future::poll_fn(|cx| Pin::new(&mut copy).poll_frame(cx))).unwrap().unwrap_err();
    assert!(error.is::<Lost>());
    drop(body);
    assert!(now(std::future::poll_fn(|cx| Pin::new(&mut copy).poll_frame(cx))).unwrap().is_ok());
}

#[test]
fn the_size_is_told_as_it_is_sent() {
    let mut frames = Frames::new([data("12345"), data("678")]);
    frames.hint = SizeHint::with_exact(8);
    let mut body = ReplayBody::new(frames, 64);
    let mut copy = body.try_clone().unwrap();
    assert_eq!(body.size_hint().exact(), Some(8));
    let read =
        |body: &mut ReplayBody<Frames>| now(std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)));
    assert!(read(&mut body).is_some() && read(&mut body).is_some() && read(&mut body).is_none());
    assert!(body.is_end_stream());
    drop(body);
    assert_eq!(copy.size_hint().exact(), Some(8));
    assert!(read(&mut copy).is_some());
    assert_eq!(copy.size_hint().exact(), Some(3));
    assert!(!copy.is_end_stream());
    assert!(read(&mut copy).is_some());
    assert!(copy.is_end_stream());
}

#[test]
fn a_request_that_says_so_is_made_once() {
    paused(async {
        let (service, seen) = server(9, 9);
        let mut request = Request::new(Frames::new([data("x")]));
        request.extensions_mut().insert(NoRetry);
        assert!(client(64, service).oneshot(request).await.is_err());
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn nothing_is_kept_for_the_last_attempt() {
    let (service, _) = server(9, 0);
    let policy = StandardPolicy::new(Backoff::constant(Duration::ZERO), |_: &Result<usize, BoxError>| true)
        .attempts_max(1)
        .clone_with(Replay::new());
    let client = ServiceBuilder::new().layer(ReplayLayer::new(1)).retry(policy).service(service);
    assert_eq!(now(client.oneshot(Request::new(Frames::new([data("long"), data("er")])))).unwrap(), 1);
    let mut body = ReplayBody::new(Frames::new([data("x")]), 64);
    assert!(now(std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx))).is_some());
    assert!(body.try_clone().is_none(), "nobody was there to keep it for");
}

#[test]
fn the_layer_can_stand_alone() {
    let (service, seen) = server(9, 0);
    let service = ReplayLayer::new(8).layer(service);
    assert_eq!(now(service.oneshot(Request::new(Frames::new([data("x")])))).unwrap(), 1);
    assert_eq!(seen.lock().unwrap()[0].0, "x");
}
