//! Stacks of layers, written top to bottom.

use std::time::Duration;

use tower_layer::{Identity, Layer, LayerFn, Stack, layer_fn};
use tower_service::Service;

use crate::boxed::{BoxCloneService, BoxCloneSyncService, BoxService};
use crate::buffer::BufferLayer;
use crate::combinator::{
    AndThenLayer, MapErrLayer, MapFutureLayer, MapRequestLayer, MapResponseLayer, MapResultLayer, ThenLayer,
};
use crate::combinator::{InspectErrLayer, InspectRequestLayer, InspectResponseLayer};
use crate::either::{Either, option_layer};
use crate::error::{BoxErrorsLayer, LiftLayer, OrResponseLayer};
use crate::filter::{AsyncFilterLayer, FilterLayer};
use crate::from_fn::{FromFnLayer, Next, from_fn};
use crate::limit::{ConcurrencyLimitLayer, RateLimitLayer};
use crate::load_shed::LoadShedLayer;
use crate::retry::RetryLayer;
use crate::service_fn::{ServiceFn, service_fn};
use crate::timeout::TimeoutLayer;

/// Puts layers around a service; the first one added is the outermost.
///
/// ```
/// use std::{convert::Infallible, time::Duration};
/// use minato_service::ServiceBuilder;
///
/// let service = ServiceBuilder::new()
///     .load_shed()                             // sees the request first
///     .concurrency_limit(64)
///     .timeout(Duration::from_secs(10))        // sees it last
///     .service_fn(|n: u32| async move { Ok::<_, Infallible>(n) });
/// # drop(service);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ServiceBuilder<L> {
    layer: L,
}

impl ServiceBuilder<Identity> {
    /// A builder without layers.
    #[must_use]
    pub const fn new() -> Self {
        Self { layer: Identity::new() }
    }
}

impl Default for ServiceBuilder<Identity> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> ServiceBuilder<L> {
    /// Adds a layer inside those added before.
    #[must_use]
    pub fn layer<T>(self, layer: T) -> ServiceBuilder<Stack<T, L>> {
        ServiceBuilder { layer: Stack::new(layer, self.layer) }
    }

    /// Adds a layer that may be absent.
    #[must_use]
    pub fn option_layer<T>(self, layer: Option<T>) -> ServiceBuilder<Stack<Either<T, Identity>, L>> {
        self.layer(option_layer(layer))
    }

    /// Adds a layer made of a function from service to service.
    #[must_use]
    pub fn layer_fn<F>(self, function: F) -> ServiceBuilder<Stack<LayerFn<F>, L>> {
        self.layer(layer_fn(function))
    }

    /// Adds middleware written as an async function; see [`from_fn`].
    #[must_use]
    pub fn from_fn<F, S, Request, Fut>(
        self,
        function: F,
    ) -> ServiceBuilder<Stack<FromFnLayer<F, S, Request>, L>>
    where
        F: Fn(Request, Next<S>) -> Fut + Clone,
        Fut: Future,
    {
        self.layer(from_fn(function))
    }

    /// Ends calls that take longer than `duration`.
    ///
    /// # Panics
    ///
    /// If `duration` is zero.
    #[must_use]
    pub fn timeout(self, duration: Duration) -> ServiceBuilder<Stack<TimeoutLayer, L>> {
        self.layer(TimeoutLayer::new(duration))
    }

    /// Lets at most `max` calls run at once; `poll_ready` waits for room.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn concurrency_limit(self, max: usize) -> ServiceBuilder<Stack<ConcurrencyLimitLayer, L>> {
        self.layer(ConcurrencyLimitLayer::new(max))
    }

    /// Lets `num` calls through in each span of `per`; `poll_ready` waits for the next one's time.
    ///
    /// # Panics
    ///
    /// If `num` or `per` is zero.
    #[must_use]
    pub fn rate_limit(self, num: u64, per: Duration) -> ServiceBuilder<Stack<RateLimitLayer, L>> {
        self.layer(RateLimitLayer::new(num, per))
    }

    /// Makes a service cloneable that is not; at most `bound` requests wait for their turn with it.
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    #[must_use]
    pub fn buffer(self, bound: usize) -> ServiceBuilder<Stack<BufferLayer, L>> {
        self.layer(BufferLayer::new(bound))
    }

    /// Refuses requests while the inner service is not ready.
    #[must_use]
    pub fn load_shed(self) -> ServiceBuilder<Stack<LoadShedLayer, L>> {
        self.layer(LoadShedLayer::new())
    }

    /// Tries requests again as `policy` says.
    #[must_use]
    pub fn retry<P>(self, policy: P) -> ServiceBuilder<Stack<RetryLayer<P>, L>> {
        self.layer(RetryLayer::new(policy))
    }

    /// Turns the refusals of the layer added next into errors of the service inside that layer.
    #[must_use]
    pub fn lift(self) -> ServiceBuilder<Stack<LiftLayer, L>> {
        self.layer(LiftLayer::new())
    }

    /// Answers the refusals of the layer added next with what `function` makes of them.
    #[must_use]
    pub fn or_response<F>(self, function: F) -> ServiceBuilder<Stack<OrResponseLayer<F>, L>> {
        self.layer(OrResponseLayer::new(function))
    }

    /// Erases the type of the errors that come out here, as tower's middleware does.
    #[must_use]
    pub fn box_errors(self) -> ServiceBuilder<Stack<BoxErrorsLayer, L>> {
        self.layer(BoxErrorsLayer::new())
    }

    /// Lets requests through as `predicate` says; see [`filter`](crate::filter).
    #[must_use]
    pub fn filter<P>(self, predicate: P) -> ServiceBuilder<Stack<FilterLayer<P>, L>> {
        self.layer(FilterLayer::new(predicate))
    }

    /// Lets requests through as an async `predicate` says; see [`filter`](crate::filter).
    #[must_use]
    pub fn filter_async<P>(self, predicate: P) -> ServiceBuilder<Stack<AsyncFilterLayer<P>, L>> {
        self.layer(AsyncFilterLayer::new(predicate))
    }

    /// Shows each request to `function`.
    #[must_use]
    pub fn inspect_request<F>(self, function: F) -> ServiceBuilder<Stack<InspectRequestLayer<F>, L>> {
        self.layer(InspectRequestLayer::new(function))
    }

    /// Shows each response to `function`.
    #[must_use]
    pub fn inspect_response<F>(self, function: F) -> ServiceBuilder<Stack<InspectResponseLayer<F>, L>> {
        self.layer(InspectResponseLayer::new(function))
    }

    /// Shows each error to `function`.
    #[must_use]
    pub fn inspect_err<F>(self, function: F) -> ServiceBuilder<Stack<InspectErrLayer<F>, L>> {
        self.layer(InspectErrLayer::new(function))
    }

    /// Changes the request on its way in.
    #[must_use]
    pub fn map_request<F, From, To>(self, function: F) -> ServiceBuilder<Stack<MapRequestLayer<F>, L>>
    where
        F: FnMut(From) -> To + Clone,
    {
        self.layer(MapRequestLayer::new(function))
    }

    /// Changes the response of a call that went well.
    #[must_use]
    pub fn map_response<F>(self, function: F) -> ServiceBuilder<Stack<MapResponseLayer<F>, L>> {
        self.layer(MapResponseLayer::new(function))
    }

    /// Changes the error of a call.
    #[must_use]
    pub fn map_err<F>(self, function: F) -> ServiceBuilder<Stack<MapErrLayer<F>, L>> {
        self.layer(MapErrLayer::new(function))
    }

    /// Changes the outcome of a call, good or bad.
    #[must_use]
    pub fn map_result<F>(self, function: F) -> ServiceBuilder<Stack<MapResultLayer<F>, L>> {
        self.layer(MapResultLayer::new(function))
    }

    /// Changes the future of each call.
    #[must_use]
    pub fn map_future<F>(self, function: F) -> ServiceBuilder<Stack<MapFutureLayer<F>, L>> {
        self.layer(MapFutureLayer::new(function))
    }

    /// Goes on with an async function after a call that went well.
    #[must_use]
    pub fn and_then<F>(self, function: F) -> ServiceBuilder<Stack<AndThenLayer<F>, L>> {
        self.layer(AndThenLayer::new(function))
    }

    /// Goes on with an async function after every call.
    #[must_use]
    pub fn then<F>(self, function: F) -> ServiceBuilder<Stack<ThenLayer<F>, L>> {
        self.layer(ThenLayer::new(function))
    }

    /// The layers as one layer.
    pub fn into_inner(self) -> L {
        self.layer
    }

    /// Puts the layers around `service`.
    pub fn service<S>(&self, service: S) -> L::Service
    where
        L: Layer<S>,
    {
        self.layer.layer(service)
    }

    /// Puts the layers around an async function.
    pub fn service_fn<F>(self, function: F) -> L::Service
    where
        L: Layer<ServiceFn<F>>,
    {
        self.service(service_fn(function))
    }

    /// Makes compilation fail here, where the type is readable, if what is built so far is not cloneable.
    #[must_use]
    pub fn check_clone(self) -> Self
    where
        Self: Clone,
    {
        self
    }

    /// Makes compilation fail here if the layers do not make, of an `S`, a service that can be cloned.
    #[must_use]
    pub fn check_service_clone<S>(self) -> Self
    where
        L: Layer<S>,
        L::Service: Clone,
    {
        self
    }

    /// Makes compilation fail here if the layers do not make, of an `S`, a service of `Request`.
    #[must_use]
    pub fn check_service<S, Request, Response, Error>(self) -> Self
    where
        L: Layer<S>,
        L::Service: Service<Request, Response = Response, Error = Error>,
    {
        self
    }

    /// Erases the type of the resulting service.
    #[must_use]
    pub fn boxed<S, Request>(self) -> Boxing<L, L::Service, BoxOf<L::Service, Request>>
    where
        L: Layer<S>,
        L::Service: Service<Request> + Send + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        ServiceBuilder { layer: Stack::new(self.layer, layer_fn(BoxService::new as fn(_) -> _)) }
    }

    /// Erases the type of the resulting service and keeps it cloneable.
    #[must_use]
    pub fn boxed_clone<S, Request>(self) -> Boxing<L, L::Service, BoxCloneOf<L::Service, Request>>
    where
        L: Layer<S>,
        L::Service: Service<Request> + Clone + Send + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        ServiceBuilder { layer: Stack::new(self.layer, layer_fn(BoxCloneService::new as fn(_) -> _)) }
    }

    /// Erases the type of the resulting service and keeps it cloneable and shareable.
    #[must_use]
    pub fn boxed_clone_sync<S, Request>(self) -> Boxing<L, L::Service, BoxCloneSyncOf<L::Service, Request>>
    where
        L: Layer<S>,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        ServiceBuilder { layer: Stack::new(self.layer, layer_fn(BoxCloneSyncService::new as fn(_) -> _)) }
    }
}

impl<S, L: Layer<S>> Layer<S> for ServiceBuilder<L> {
    type Service = L::Service;

    fn layer(&self, inner: S) -> Self::Service {
        self.layer.layer(inner)
    }
}

/// `L`, whose service `S` is then boxed as `B`.
type Boxing<L, S, B> = ServiceBuilder<Stack<L, LayerFn<fn(S) -> B>>>;
type BoxOf<S, R> = BoxService<R, <S as Service<R>>::Response, <S as Service<R>>::Error>;
type BoxCloneOf<S, R> = BoxCloneService<R, <S as Service<R>>::Response, <S as Service<R>>::Error>;
type BoxCloneSyncOf<S, R> = BoxCloneSyncService<R, <S as Service<R>>::Response, <S as Service<R>>::Error>;
