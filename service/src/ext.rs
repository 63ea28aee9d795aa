//! Methods every service has.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::boxed::{BoxCloneService, BoxCloneSyncService, BoxService};
use crate::call_all::CallAll;
use crate::combinator::{
    AndThen, MapErr, MapFuture, MapRequest, MapRequestAsync, MapResponse, MapResult, Then,
};
use crate::combinator::{InspectErr, InspectRequest, InspectResponse};
use crate::error::{BoxError, BoxErrors, Lift, OrResponse, SplitError};
use crate::filter::{AsyncFilter, AsyncPredicate, Filter, Predicate};
use crate::reusable::Reusable;

/// Adapters and ways to call, for every [`Service`].
///
/// The names and meanings are tower's.
pub trait ServiceExt<Request>: Service<Request> {
    /// Waits until the service can take a request.
    fn ready(&mut self) -> Ready<'_, Self, Request>
    where
        Self: Sized,
    {
        Ready { service: Some(self), request: PhantomData }
    }

    /// Waits until the service can take a request, and gives it back.
    fn ready_oneshot(self) -> ReadyOneshot<Self, Request>
    where
        Self: Sized,
    {
        ReadyOneshot { service: Some(self), request: PhantomData }
    }

    /// Waits until the service can take a request, and calls it.
    fn oneshot(self, request: Request) -> Oneshot<Self, Request>
    where
        Self: Sized,
    {
        Oneshot { state: OneshotState::Waiting { service: self, request: Some(request) } }
    }

    /// Calls the service for each request of a stream, and answers with a stream, in order.
    fn call_all<Requests>(self, requests: Requests) -> CallAll<Self, Requests, Request>
    where
        Self: Sized,
        Requests: Stream<Item = Request>,
    {
        CallAll::new(self, requests)
    }

    /// Calls the service with the requests `predicate` lets through.
    fn filter<P, From>(self, predicate: P) -> Filter<Self, P>
    where
        Self: Sized,
        P: Predicate<From, Request = Request>,
        P::Error: Into<Self::Error>,
    {
        Filter::new(self, predicate)
    }

    /// Calls the service with the requests `predicate` lets through, after a while.
    fn filter_async<P, From>(self, predicate: P) -> AsyncFilter<Self, P>
    where
        Self: Sized + Reusable,
        P: AsyncPredicate<From, Request = Request>,
        P::Error: Into<Self::Error>,
    {
        AsyncFilter::new(self, predicate)
    }

    /// Shows each request to `function`.
    fn inspect_request<F>(self, function: F) -> InspectRequest<Self, F>
    where
        Self: Sized,
        F: FnMut(&Request),
    {
        InspectRequest::new(self, function)
    }

    /// Shows each response to `function`.
    fn inspect_response<F>(self, function: F) -> InspectResponse<Self, F>
    where
        Self: Sized,
        F: FnOnce(&Self::Response) + Clone,
    {
        InspectResponse::new(self, function)
    }

    /// Shows each error to `function`.
    fn inspect_err<F>(self, function: F) -> InspectErr<Self, F>
    where
        Self: Sized,
        F: FnOnce(&Self::Error) + Clone,
    {
        InspectErr::new(self, function)
    }

    /// Turns the refusals of the outermost layer into errors of the service inside it.
    fn lift(self) -> Lift<Self>
    where
        Self: Sized,
        Self::Error: SplitError,
        <Self::Error as SplitError>::Inner: From<<Self::Error as SplitError>::Refusal>,
    {
        Lift::new(self)
    }

    /// Answers the refusals of the outermost layer with what `function` makes of them.
    fn or_response<F>(self, function: F) -> OrResponse<Self, F>
    where
        Self: Sized,
        Self::Error: SplitError,
        F: FnOnce(<Self::Error as SplitError>::Refusal) -> Self::Response + Clone,
    {
        OrResponse::new(self, function)
    }

    /// Erases the type of the error, as tower's middleware does.
    fn box_errors(self) -> BoxErrors<Self>
    where
        Self: Sized,
        Self::Error: Into<BoxError>,
    {
        BoxErrors::new(self)
    }

    /// Calls the service with what `function` makes of the request.
    fn map_request<F, From>(self, function: F) -> MapRequest<Self, F>
    where
        Self: Sized,
        F: FnMut(From) -> Request,
    {
        MapRequest::new(self, function)
    }

    /// Calls the service with what an async `function` makes of the request.
    fn map_request_async<F, From, Fut>(self, function: F) -> MapRequestAsync<Self, F>
    where
        Self: Sized + Reusable,
        F: FnMut(From) -> Fut,
        Fut: Future<Output = Request>,
    {
        MapRequestAsync::new(self, function)
    }

    /// Calls the service with what `function` makes of the request, or fails with its error: a [`filter`](Self::filter)
    /// by another name.
    fn try_map_request<F, From, Error>(self, function: F) -> Filter<Self, F>
    where
        Self: Sized,
        F: FnMut(From) -> Result<Request, Error>,
        Error: Into<Self::Error>,
    {
        Filter::new(self, function)
    }

    /// Answers with what `function` makes of the response.
    fn map_response<F, Response>(self, function: F) -> MapResponse<Self, F>
    where
        Self: Sized,
        F: FnOnce(Self::Response) -> Response + Clone,
    {
        MapResponse::new(self, function)
    }

    /// Fails with what `function` makes of the error.
    fn map_err<F, Error>(self, function: F) -> MapErr<Self, F>
    where
        Self: Sized,
        F: FnOnce(Self::Error) -> Error + Clone,
    {
        MapErr::new(self, function)
    }

    /// Ends each call with what `function` makes of its outcome.
    fn map_result<F, Response, Error>(self, function: F) -> MapResult<Self, F>
    where
        Self: Sized,
        Error: From<Self::Error>,
        F: FnOnce(Result<Self::Response, Self::Error>) -> Result<Response, Error> + Clone,
    {
        MapResult::new(self, function)
    }

    /// Answers with the future `function` makes of each response future.
    fn map_future<F, Fut, Response, Error>(self, function: F) -> MapFuture<Self, F>
    where
        Self: Sized,
        F: FnMut(Self::Future) -> Fut,
        Fut: Future<Output = Result<Response, Error>>,
        Error: From<Self::Error>,
    {
        MapFuture::new(self, function)
    }

    /// Goes on with an async function after a call that went well.
    fn and_then<F, Fut, Response, Error>(self, function: F) -> AndThen<Self, F>
    where
        Self: Sized,
        F: FnOnce(Self::Response) -> Fut + Clone,
        Fut: Future<Output = Result<Response, Error>>,
        Error: From<Self::Error>,
    {
        AndThen::new(self, function)
    }

    /// Goes on with an async function after every call.
    fn then<F, Fut, Response, Error>(self, function: F) -> Then<Self, F>
    where
        Self: Sized,
        F: FnOnce(Result<Self::Response, Self::Error>) -> Fut + Clone,
        Fut: Future<Output = Result<Response, Error>>,
        Error: From<Self::Error>,
    {
        Then::new(self, function)
    }

    /// Erases the type of the service.
    fn boxed(self) -> BoxService<Request, Self::Response, Self::Error>
    where
        Self: Sized + Send + 'static,
        Self::Future: Send + 'static,
    {
        BoxService::new(self)
    }

    /// Erases the type of the service and keeps it cloneable.
    fn boxed_clone(self) -> BoxCloneService<Request, Self::Response, Self::Error>
    where
        Self: Sized + Clone + Send + 'static,
        Self::Future: Send + 'static,
    {
        BoxCloneService::new(self)
    }

    /// Erases the type of the service and keeps it cloneable and shareable.
    fn boxed_clone_sync(self) -> BoxCloneSyncService<Request, Self::Response, Self::Error>
    where
        Self: Sized + Clone + Send + Sync + 'static,
        Self::Future: Send + 'static,
    {
        BoxCloneSyncService::new(self)
    }
}

impl<S: Service<Request> + ?Sized, Request> ServiceExt<Request> for S {}

/// The future of [`ServiceExt::ready`].
///
/// # Cancel safety
///
/// Dropping it leaves the service as it is; what the service reserved stays with it.
#[must_use = "futures do nothing unless polled"]
pub struct Ready<'a, S, Request> {
    service: Option<&'a mut S>,
    request: PhantomData<fn(Request)>,
}

impl<'a, S: Service<Request>, Request> Future for Ready<'a, S, Request> {
    type Output = Result<&'a mut S, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.service.as_mut().expect("polled after completion").poll_ready(cx))?;
        Poll::Ready(Ok(self.service.take().expect("present above")))
    }
}

impl<S: fmt::Debug, Request> fmt::Debug for Ready<'_, S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").field("service", &self.service).finish()
    }
}

/// The future of [`ServiceExt::ready_oneshot`].
#[must_use = "futures do nothing unless polled"]
pub struct ReadyOneshot<S, Request> {
    service: Option<S>,
    request: PhantomData<fn(Request)>,
}

// The service is only ever used through `&mut`, never pinned.
impl<S, Request> Unpin for ReadyOneshot<S, Request> {}

impl<S: Service<Request>, Request> Future for ReadyOneshot<S, Request> {
    type Output = Result<S, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.service.as_mut().expect("polled after completion").poll_ready(cx))?;
        Poll::Ready(Ok(self.service.take().expect("present above")))
    }
}

impl<S: fmt::Debug, Request> fmt::Debug for ReadyOneshot<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyOneshot").field("service", &self.service).finish()
    }
}

pin_project! {
    /// The future of [`ServiceExt::oneshot`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Oneshot<S: Service<Request>, Request> {
        #[pin]
        state: OneshotState<S, S::Future, Request>,
    }
}

pin_project! {
    #[project = OneshotProj]
    enum OneshotState<S, Fut, Request> {
        Waiting {
            service: S,
            request: Option<Request>,
        },
        Called {
            #[pin]
            future: Fut,
        },
    }
}

impl<S: Service<Request>, Request> Future for Oneshot<S, Request> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                OneshotProj::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let future = service.call(request.take().expect("the state changes with the call"));
                    state.set(OneshotState::Called { future });
                }
                OneshotProj::Called { future } => return future.poll(cx),
            }
        }
    }
}

impl<S: Service<Request>, Request> fmt::Debug for Oneshot<S, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oneshot").finish_non_exhaustive()
    }
}
