//! The layers of tower-http around a handler, each seen to work on both protocols. None of them needs a runtime of tokio, and
//! there is none.

use std::io::Read;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, ORIGIN,
};
use http::{Request, Response, StatusCode};
use minato_http::{Body, BoxError, Error, ServerConfig, handler_fn, serve_connection};
use minato_runtime::io::{duplex, tokio_compat::Compat};
use tower_http::add_extension::AddExtensionLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::propagate_header::PropagateHeaderLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::{SetRequestHeaderLayer, SetResponseHeaderLayer};
use tower_http::set_status::SetStatusLayer;
use tower_http::trace::TraceLayer;
use tower_http::validate_request::ValidateRequestHeaderLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::kit::{run, serve};

const LONG: &str =
    "a text that is long enough to be worth the while, a text that is long enough to be worth the while";

/// Tells what of a request has come through.
async fn tell<B>(request: Request<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (head, body) = request.into_parts();
    match head.uri.path() {
        "/panic" => panic!("the handler is lost"),
        "/long" => return Response::new(Body::from(LONG)),
        _ => {}
    }
    let Ok(text) = Body::wrap(body).text().await else {
        return Response::builder().status(StatusCode::PAYLOAD_TOO_LARGE).body(Body::empty()).unwrap();
    };
    let added = head.extensions.get::<&'static str>().copied().unwrap_or("nothing");
    let is_secret = head.headers.get(AUTHORIZATION).is_some_and(HeaderValue::is_sensitive);
    let extra = head.headers.get("x-extra").map_or("", |value| value.to_str().unwrap());
    Response::new(Body::from(format!("{} {added} {is_secret} {extra} {text}", head.uri.path())))
}

/// A handler that needs no closure, and takes whatever body a layer has made.
#[derive(Debug, Clone, Copy)]
struct Tell;

impl<B> Service<Request<B>> for Tell
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(async { Ok(tell(request).await) })
    }
}

fn post(path: &str, fields: &[(HeaderName, &str)], body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::post(format!("http://a{path}"));
    let request = fields.iter().fold(request, |request, (name, value)| request.header(name, *value));
    request.body(body.into()).unwrap()
}

/// Asks a service over HTTP/1 and over HTTP/2; the responses but for what is different each time.
async fn ask<S, B>(service: S, request: Request<Bytes>) -> Response<Bytes>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let (mut peer, _server) = serve(service.clone(), ServerConfig::default());
    let mut text = format!("POST {} HTTP/1.1\r\nhost: a\r\n", request.uri().path());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", request.body().len()));
    peer.send(text).await;
    peer.send(request.body()).await;
    let first = peer.answer().await;

    let (ours, theirs) = duplex(64 * 1024);
    drop(minato_runtime::spawn(serve_connection(theirs, service, ServerConfig::default())));
    let (send, connection) = h2::client::handshake(Compat::new(ours)).await.unwrap();
    drop(minato_runtime::spawn(async { connection.await.map_err(drop) }));
    let (mut head, body) = request.into_parts();
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    let (response, mut stream) =
        send.ready().await.unwrap().send_request(Request::from_parts(head, ()), false).unwrap();
    stream.send_data(body, true).unwrap();
    let (head, mut body) = response.await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    assert_eq!((first.status, &first.body), (head.status.as_u16(), &bytes));
    for (name, value) in &head.headers {
        if !["date", "x-request-id", "content-length"].contains(&name.as_str()) {
            assert_eq!(first.field(name.as_str()), Some(value.to_str().unwrap()), "{name}");
        }
    }
    Response::from_parts(head, bytes.into())
}

async fn text<L>(layer: L, request: Request<Bytes>) -> String
where
    L: Layer<Tell>,
    L::Service: Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>, Future: Send>,
    L::Service: Clone + Send + 'static,
{
    String::from_utf8(ask(layer.layer(Tell), request).await.into_body().to_vec()).unwrap()
}

#[test]
fn requests_are_changed_on_their_way_in() {
    run(async {
        assert_eq!(text(AddExtensionLayer::new("added"), post("/", &[], "x")).await, "/ added false  x");
        let normal = NormalizePathLayer::trim_trailing_slash();
        assert_eq!(text(normal, post("/a//", &[], "x")).await, "/a nothing false  x");
        let secret = SetSensitiveRequestHeadersLayer::new([AUTHORIZATION]);
        assert_eq!(text(secret, post("/", &[(AUTHORIZATION, "y")], "x")).await, "/ nothing true  x");
        let extra = HeaderName::from_static("x-extra");
        let set = SetRequestHeaderLayer::overriding(extra, HeaderValue::from_static("more"));
        assert_eq!(text(set, post("/", &[], "x")).await, "/ nothing false more x");
        let map = MapRequestBodyLayer::new(|_: Body| Body::from("another"));
        assert_eq!(text(map, post("/", &[], "x")).await, "/ nothing false  another");
    });
}

#[test]
fn responses_are_changed_on_their_way_out() {
    run(async {
        let map = MapResponseBodyLayer::new(|_: Body| Body::from("another"));
        assert_eq!(text(map, post("/", &[], "x")).await, "another");
        let service = SetStatusLayer::new(StatusCode::IM_A_TEAPOT).layer(Tell);
        assert_eq!(ask(service, post("/", &[], "")).await.status(), StatusCode::IM_A_TEAPOT);
        let server = HeaderName::from_static("server");
        let set = SetResponseHeaderLayer::overriding(server.clone(), HeaderValue::from_static("minato"));
        assert_eq!(ask(set.layer(Tell), post("/", &[], "")).await.headers()[server], "minato");
        let trace_id = HeaderName::from_static("x-trace");
        let propagate = PropagateHeaderLayer::new(trace_id.clone()).layer(Tell);
        assert_eq!(ask(propagate, post("/", &[(trace_id.clone(), "7")], "")).await.headers()[trace_id], "7");
        let traced = ask(TraceLayer::new_for_http().layer(Tell), post("/", &[], "x")).await;
        assert_eq!(traced.body(), "/ nothing false  x");
    });
}

#[test]
fn requests_are_numbered() {
    run(async {
        let id = HeaderName::from_static("x-request-id");
        let service = SetRequestIdLayer::new(id.clone(), MakeRequestUuid)
            .layer(PropagateRequestIdLayer::new(id.clone()).layer(Tell));
        assert_eq!(ask(service, post("/", &[], "")).await.headers()[id].len(), 36);
    });
}

#[test]
fn bodies_are_compressed_and_decompressed() {
    run(async {
        let service = CompressionLayer::new().layer(Tell);
        let response = ask(service, post("/long", &[(ACCEPT_ENCODING, "gzip")], "")).await;
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        assert!(response.body().len() < LONG.len());
        // What it sends, it takes: the compressed text goes back in.
        let service = RequestDecompressionLayer::new().layer(Tell);
        let packed = response.into_body();
        let response = ask(service, post("/", &[(CONTENT_ENCODING, "gzip")], packed)).await;
        let mut told = String::new();
        response.body().as_ref().read_to_string(&mut told).unwrap();
        assert_eq!(told, format!("/ nothing false  {LONG}"));
    });
}

#[test]
fn requests_are_refused() {
    run(async {
        let limited = || RequestBodyLimitLayer::new(3).layer(Tell);
        assert_eq!(ask(limited(), post("/", &[], "abc")).await.body(), "/ nothing false  abc");
        assert_eq!(ask(limited(), post("/", &[], "abcd")).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let accepts = || ValidateRequestHeaderLayer::accept("application/json").layer(Tell);
        let wrong = post("/", &[(http::header::ACCEPT, "text/html")], "");
        assert_eq!(ask(accepts(), wrong).await.status(), StatusCode::NOT_ACCEPTABLE);
        let right = post("/", &[(http::header::ACCEPT, "application/json")], "");
        assert_eq!(ask(accepts(), right).await.status(), StatusCode::OK);
        let cors = CorsLayer::new().allow_origin(HeaderValue::from_static("http://b")).layer(Tell);
        let response = ask(cors, post("/", &[(ORIGIN, "http://b")], "")).await;
        assert_eq!(response.headers()["access-control-allow-origin"], "http://b");
    });
}

#[test]
fn panics_become_responses() {
    run(async {
        let response = ask(CatchPanicLayer::new().layer(Tell), post("/panic", &[], "")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "Service panicked");
    });
}

#[test]
fn all_of_them_together_are_a_service_like_any_other() {
    run(async {
        let id = HeaderName::from_static("x-request-id");
        let handler = handler_fn(|request: Request<Body>| async { Ok::<_, Error>(tell(request).await) });
        let service = CatchPanicLayer::new().layer(handler);
        let service = CompressionLayer::new().layer(service);
        let service = CorsLayer::permissive().layer(service);
        let service = PropagateRequestIdLayer::new(id.clone()).layer(service);
        let service = TraceLayer::new_for_http().layer(service);
        let service = SetRequestIdLayer::new(id.clone(), MakeRequestUuid).layer(service);
        let response = ask(service, post("/long", &[(ACCEPT_ENCODING, "gzip")], "")).await;
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert!(response.headers().contains_key(id));
    });
}
