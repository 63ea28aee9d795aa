//! A subscriber that keeps what it is told, and requests to tell it about.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};

use minato_http::Body;
use minato_runtime::runtime::Builder;
use minato_service::{Layer, Service, ServiceExt};
use minato_trace::{TraceLayer, TracedBody};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// All spans that were opened, in order.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<Span>>>);

/// What was told about a span.
#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) fields: BTreeMap<&'static str, String>,
    pub(crate) events: Vec<(Level, String)>,
    pub(crate) parent: Option<&'static str>,
    pub(crate) is_closed: bool,
}

impl Span {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Asserts fields, of which those with an empty value are not to be there.
    #[track_caller]
    pub(crate) fn expect(&self, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            assert_eq!(self.field(name).unwrap_or_default(), *value, "{name} of {self:#?}");
        }
    }
}

impl Capture {
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.0.lock().unwrap().clone()
    }

    /// The one span there is.
    #[track_caller]
    pub(crate) fn span(&self) -> Span {
        let mut spans = self.spans();
        assert_eq!(spans.len(), 1, "{spans:#?}");
        spans.remove(0)
    }

    /// The one span there is, which has ended.
    #[track_caller]
    pub(crate) fn closed(&self) -> Span {
        let span = self.span();
        assert!(span.is_closed, "{span:#?}");
        span
    }
}

/// The place of a span in the list.
struct Index(usize);

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let mut spans = self.0.lock().unwrap();
        span.extensions_mut().insert(Index(spans.len()));
        let mut new = Span { name: span.name(), parent: span.parent().map(|s| s.name()), ..Span::default() };
        attributes.record(&mut Fields(&mut new.fields));
        spans.push(new);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let index = span.extensions().get::<Index>().unwrap().0;
        values.record(&mut Fields(&mut self.0.lock().unwrap()[index].fields));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let index = span.extensions().get::<Index>().unwrap().0;
        let message = fields.remove("message").unwrap_or_default();
        self.0.lock().unwrap()[index].events.push((*event.metadata().level(), message));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let index = context.span(&id).unwrap().extensions().get::<Index>().unwrap().0;
        self.0.lock().unwrap()[index].is_closed = true;
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// Runs a test on one thread, with a paused clock, in front of a capturing subscriber.
pub(crate) fn run<F: Future>(test: impl FnOnce(Capture) -> F) -> F::Output {
    run_at(LevelFilter::TRACE, test)
}

/// As [`run`], with less to capture.
pub(crate) fn run_at<F: Future>(level: LevelFilter, test: impl FnOnce(Capture) -> F) -> F::Output {
    let capture = Capture::default();
    let subscriber = Registry::default().with(level).with(capture.clone());
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tracing::subscriber::with_default(subscriber, || runtime.block_on(test(capture)))
}

/// A request to `http://example.com` with fields.
pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> http::Request<Body> {
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("http://example.com{path}"))
        .body(Body::empty())
        .unwrap();
    for (name, value) in fields {
        let name = http::HeaderName::try_from(*name).unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

/// A gRPC call.
pub(crate) fn call() -> http::Request<Body> {
    request("POST", "/pkg.Greeter/SayHello", &[("content-type", "application/grpc+proto")])
}

/// Trailers with a status.
pub(crate) fn grpc_status(code: &str) -> http::HeaderMap {
    [(http::HeaderName::from_static("grpc-status"), code.parse().unwrap())].into_iter().collect()
}

/// Calls a service through the layer under test.
pub(crate) async fn send<S, B>(
    request: http::Request<Body>,
    service: S,
) -> Result<http::Response<TracedBody<B>>, S::Error>
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    B: http_body::Body,
{
    TraceLayer::new().layer(service).oneshot(request).await
}
