//! What middleware does with the types of HTTP.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame};
use minato_runtime::runtime::Builder;
use minato_service::deadline::{CarriesDeadline, Deadline, DeadlineLayer, InheritDeadlineLayer};
use minato_service::limit::ConcurrencyLimitLayer;
use minato_service::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::support::{Task, now};

/// A body of so many frames.
struct Frames(u32);

impl Body for Frames {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<&'static [u8]>, Infallible>>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        Poll::Ready(Some(Ok(Frame::data(b"x"))))
    }

    fn is_end_stream(&self) -> bool {
        self.0 == 0
    }
}

async fn frame<B: Body>(body: &mut Pin<Box<B>>) -> bool {
    std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await.is_some()
}

#[test]
fn a_place_is_kept_until_the_body_has_ended() {
    let layer = ConcurrencyLimitLayer::rejecting(1).until_body_end();
    let handle = layer.handle();
    let service =
        layer.layer(service_fn(|n: u32| async move { Ok::<_, Infallible>(http::Response::new(Frames(n))) }));
    let response = now(service.clone().oneshot(2)).unwrap();
    assert!(now(service.clone().oneshot(0)).is_err_and(|error| error.is_overloaded()));
    let mut body = Box::pin(response.into_body());
    assert!(now(frame(&mut body)));
    assert_eq!(handle.in_flight(), 1);
    assert!(now(frame(&mut body)));
    assert_eq!(handle.in_flight(), 0, "the last frame was the end");
    let dropped = now(service.clone().oneshot(2)).unwrap();
    assert_eq!(handle.in_flight(), 1);
    drop(dropped);
    let empty = now(service.oneshot(0)).unwrap();
    assert_eq!(handle.in_flight(), 0, "an empty body has ended already");
    drop(empty);
}

#[test]
fn a_deadline_travels_in_the_extensions_from_server_to_client() {
    let second = Duration::from_secs(1);
    Builder::new_current_thread().start_paused(true).build().unwrap().block_on(async {
        let client =
            ServiceBuilder::new().layer(InheritDeadlineLayer::new()).service(service_fn(
                |request: http::Request<()>| async move {
                    Ok::<_, Infallible>(CarriesDeadline::deadline(&request))
                },
            ));
        let server = DeadlineLayer::new().layer(service_fn(move |request: http::Request<()>| {
            assert_eq!(CarriesDeadline::deadline(&request), Deadline::current());
            client.oneshot(http::Request::new(()))
        }));
        let mut request = http::Request::new(());
        assert_eq!(server.oneshot(http::Request::new(())).await, Ok(None));
        let deadline = Deadline::after(3 * second);
        request.set_deadline(deadline);
        assert_eq!(server.oneshot(request).await, Ok(Some(deadline)));
    });
    let mut unbound = Task::new(
        InheritDeadlineLayer::new()
            .layer(service_fn(|request: http::Request<()>| async move {
                Ok::<_, Infallible>(CarriesDeadline::deadline(&request))
            }))
            .oneshot(http::Request::new(())),
    );
    assert_eq!(unbound.poll(), Poll::Ready(Ok(None)));
}
