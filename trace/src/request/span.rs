//! The span of a request, with what is known when its head has come.

use std::cell::OnceCell;
use std::net::IpAddr;

use http::{Method, Request, Version};
use minato_http::ConnInfo;
use tracing::field::{self, Empty};
use tracing::{Span, info_span};

use super::grpc;
use crate::context::TraceContext;

/// What a request begins with.
pub(super) struct Opened {
    pub(super) span: Span,
    pub(super) context: TraceContext,
    pub(super) is_grpc: bool,
}

/// Opens the span; none where it is turned off, and then nothing of the request has been looked at.
pub(super) fn open<B>(request: &Request<B>) -> Option<Opened> {
    let contexts = OnceCell::new();
    let contexts = || contexts.get_or_init(|| Contexts::of(request));
    // The values below are evaluated only where the span is enabled.
    let span = info_span!(
        "request",
        otel.name = name(request),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method(request.method()),
        url.path = request.uri().path(),
        url.scheme = request.uri().scheme_str().unwrap_or("http"),
        network.protocol.version = version(request.version()),
        client.address = client_address(request).map(field::display),
        rpc.system.name = grpc::is_call(request.headers()).then_some("grpc"),
        rpc.method = rpc_method(request),
        rpc.response.status_code = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
        http.server.request.duration = Empty,
        trace_id = field::display(contexts().own.trace_id()),
        span_id = field::display(contexts().own.span_id()),
        parent_span_id = contexts().caller.as_ref().map(|caller| field::display(caller.span_id())),
    );
    if span.is_disabled() {
        return None;
    }
    Some(Opened { span, context: contexts().own.clone(), is_grpc: grpc::is_call(request.headers()) })
}

struct Contexts {
    caller: Option<TraceContext>,
    own: TraceContext,
}

impl Contexts {
    fn of<B>(request: &Request<B>) -> Self {
        let caller = TraceContext::extract(request.headers());
        let own = caller.as_ref().map_or_else(TraceContext::new_root, TraceContext::child);
        Self { caller, own }
    }
}

fn name<B>(request: &Request<B>) -> &str {
    rpc_method(request).unwrap_or_else(|| match method(request.method()) {
        OTHER => "HTTP",
        method => method,
    })
}

/// The semantic conventions' name for methods that are not known: a peer must not choose the names of our spans.
const OTHER: &str = "_OTHER";

fn method(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" | "PATCH") => {
            known
        }
        _ => OTHER,
    }
}

fn rpc_method<B>(request: &Request<B>) -> Option<&str> {
    grpc::is_call(request.headers()).then(|| request.uri().path().trim_start_matches('/'))
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

fn client_address<B>(request: &Request<B>) -> Option<IpAddr> {
    request.extensions().get::<ConnInfo>()?.peer.map(|peer| peer.ip())
}
