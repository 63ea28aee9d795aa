//! From paths to methods, as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use minato_bytes_util::Pool;
use minato_http::{Body, BodyLimits, BoxError};
use minato_service::Service;
use pin_project_lite::pin_project;

use super::method::{Incoming, ResponseFuture, Started};
use super::request::{Refusal, check, is_grpc};
use super::stream::StreamCall;
use super::{Methods, Register, respond};
use crate::Status;
use crate::call::Call;
use crate::limits::MESSAGE_LEN_MAX;
use crate::reflection::{Files, Reflection, v1, v1alpha};

/// gRPC services, as one tower service over HTTP.
///
/// Requests that are not gRPC go to the [`fallback`](Self::fallback), so that HTTP and gRPC share a port.
///
/// ```no_run
/// # async fn example<G: minato_grpc::server::Register>(greeter: G) -> Result<(), minato_http::Error> {
/// use minato_grpc::Routes;
///
/// let routes = Routes::new().add_service(greeter).with_reflection();
/// minato_http::Server::bind("127.0.0.1:50051").serve(routes).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Routes<F = NotFound> {
    table: Arc<Table>,
    settings: Settings,
    fallback: F,
}

/// What was added. Shared by clones, because each connection has one.
#[derive(Clone, Default)]
struct Table {
    methods: Methods,
    names: Vec<&'static str>,
    /// The descriptors of each of `names`.
    files: Vec<&'static [u8]>,
}

#[derive(Debug, Clone)]
struct Settings {
    message_len_max: usize,
    timeout_max: Option<Duration>,
    pool: Pool,
}

impl Routes {
    /// No services, and 404 for what is not gRPC.
    #[must_use]
    pub fn new() -> Self {
        Self {
            table: Arc::default(),
            settings: Settings { message_len_max: MESSAGE_LEN_MAX, timeout_max: None, pool: Pool::new() },
            fallback: NotFound(()),
        }
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Routes<F> {
    /// Adds a service. One with the same name replaces it.
    #[must_use]
    pub fn add_service<S: Register>(mut self, service: S) -> Self {
        let table = Arc::make_mut(&mut self.table);
        service.register(&mut table.methods);
        if !table.names.contains(&S::NAME) {
            table.names.push(S::NAME);
            table.files.push(S::FILE_DESCRIPTOR_SET);
        }
        self
    }

    /// Adds server reflection, v1 and v1alpha, for the services added before.
    #[must_use]
    pub fn with_reflection(self) -> Self {
        let own = [
            v1::ServerReflectionServer::<Reflection>::NAME,
            v1alpha::ServerReflectionServer::<Reflection>::NAME,
        ];
        let sets = [v1::FILE_DESCRIPTOR_SET, v1alpha::FILE_DESCRIPTOR_SET];
        let files = Arc::new(Files::new(
            &[&self.table.names[..], &own].concat(),
            &[&self.table.files[..], &sets].concat(),
        ));
        self.add_service(v1::ServerReflectionServer::new(Reflection::new(files.clone())))
            .add_service(v1alpha::ServerReflectionServer::new(Reflection::new(files)))
    }

    /// Refuses messages above `len` bytes, instead of 4 MiB, with RESOURCE_EXHAUSTED.
    #[must_use]
    pub fn message_len_max(mut self, len: usize) -> Self {
        self.settings.message_len_max = len;
        self
    }

    /// Ends every call after `timeout`, or earlier where the client asks for it.
    #[must_use]
    pub fn timeout_max(mut self, timeout: Duration) -> Self {
        self.settings.timeout_max = Some(timeout);
        self
    }

    /// Sends requests that are not gRPC to `service`.
    #[must_use]
    pub fn fallback<S>(self, service: S) -> Routes<S> {
        let Self { table, settings, fallback: _ } = self;
        Routes { table, settings, fallback: service }
    }

    fn route(&self, request: Request<Body>) -> Route {
        let Some(method) = self.table.methods.find(request.uri().path()) else {
            if !is_grpc(request.headers()) {
                return Route::Pass(request);
            }
            let status = match check(&request.into_parts().0, None) {
                Err(Refusal::Http(status)) => return Route::Answer(respond::http(status)),
                _ => Status::unimplemented("there is no such method"),
            };
            return Route::Answer(respond::refused(&status));
        };
        let (parts, mut body) = request.into_parts();
        // Messages have a limit of their own, and a stream of them may last.
        body.set_limits(BodyLimits::none());
        let deadline = match check(&parts, self.settings.timeout_max) {
            Ok(deadline) => deadline,
            Err(Refusal::Http(status)) => return Route::Answer(respond::http(status)),
            Err(Refusal::Grpc(status)) => return Route::Answer(respond::refused(&status)),
        };
        let Settings { message_len_max, ref pool, .. } = self.settings;
        let incoming =
            Incoming { call: Call::new(parts, deadline), body, message_len_max, pool: pool.clone() };
        Route::Call(method.clone().start(incoming))
    }
}

/// Where a request goes.
enum Route {
    /// It is answered already.
    Answer(Response<Body>),
    /// To a method.
    Call(Started),
    /// To the fallback.
    Pass(Request<Body>),
}

impl<F, B> Service<Request<Body>> for Routes<F>
where
    F: Service<Request<Body>, Response = Response<B>>,
    B: http_body::Body<Data: bytes::Buf, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = F::Error;
    type Future = RoutesFuture<F::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), F::Error>> {
        self.fallback.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let state = match self.route(request) {
            Route::Answer(response) => State::Answer { response: Some(response) },
            Route::Call(Started::Single(future)) => State::Single { future },
            Route::Call(Started::Stream(stream)) => State::Stream { stream: Some(stream) },
            Route::Pass(request) => State::Fallback { future: self.fallback.call(request) },
        };
        RoutesFuture { state }
    }
}

impl<F> fmt::Debug for Routes<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("services", &self.table.names)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Routes`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RoutesFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Answer { response: Option<Response<Body>> },
        Single { future: ResponseFuture },
        Stream { stream: Option<StreamCall> },
        Fallback {
            #[pin]
            future: F,
        },
    }
}

impl<F, B, E> Future for RoutesFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body<Data: bytes::Buf, Error: Into<BoxError>> + Send + 'static,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Answer { response } => {
                Poll::Ready(Ok(response.take().expect("polled after completion")))
            }
            StateProj::Single { future } => future.as_mut().poll(cx).map(Ok),
            StateProj::Stream { stream } => {
                let call = stream.take().expect("polled after completion");
                match call.poll_response(cx) {
                    Ok(response) => Poll::Ready(Ok(response)),
                    Err(call) => {
                        *stream = Some(call);
                        Poll::Pending
                    }
                }
            }
            StateProj::Fallback { future } => future.poll(cx).map_ok(|response| response.map(Body::wrap)),
        }
    }
}

impl<F> fmt::Debug for RoutesFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutesFuture").finish_non_exhaustive()
    }
}

/// Answers 404: the fallback of [`Routes`] where no other was given.
#[derive(Debug, Clone, Copy)]
pub struct NotFound(());

impl Service<Request<Body>> for NotFound {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(respond::http(StatusCode::NOT_FOUND)))
    }
}
