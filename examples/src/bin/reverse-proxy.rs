//! Stands before another HTTP server: streams bodies and trailers both ways, and passes on upgrades such as WebSocket.
//!
//! ```text
//! cargo run --bin hello -- 127.0.0.1:3000
//! cargo run --bin reverse-proxy -- 127.0.0.1:3004 http://127.0.0.1:3000
//! curl -T big-file http://127.0.0.1:3004/echo
//! ```
//!
//! With `h2` as third argument, the server behind is spoken to in HTTP/2, which gRPC needs.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, TE, UPGRADE, VIA};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{Request, Response, StatusCode, Version};
use minato_examples::asked_to_end;
use minato_http::{
    Body, BoxError, Client, ConnInfo, Drain, Error, IntoResponse, Server, handler_fn, upgrade,
};
use minato_runtime::{io, spawn};

/// Fields that concern one connection only, beside those that `connection` names (RFC 9110 §7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("proxy-connection"),
    http::header::TRANSFER_ENCODING,
    UPGRADE,
];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The server behind.
struct Behind {
    client: Client,
    authority: Authority,
    version: Version,
}

#[minato_runtime::main]
async fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3004".to_owned());
    let target: Uri = args.next().unwrap_or_else(|| "http://127.0.0.1:3000".to_owned()).parse()?;
    let authority = target.authority().ok_or("the target is a URL with a host")?.clone();
    let version = match args.next().as_deref() {
        Some("h2") => Version::HTTP_2,
        _ => Version::HTTP_11,
    };
    let client = Client::builder().timeouts(|timeouts| timeouts.head = Some(Duration::from_secs(30))).build();
    // Shared by all connections, for as long as the process lives.
    let behind: &Behind = Box::leak(Box::new(Behind { client, authority, version }));

    let server = Server::bind(address).listen().await?;
    println!("listening on http://{}", server.local_addr()?);
    let service = handler_fn(move |request| pass_on(request, behind));
    let report =
        server.graceful(asked_to_end(), Drain::within(Duration::from_secs(5))).serve(service).await?;
    println!("{} finished, {} cut", report.drained, report.cut);
    Ok(())
}

async fn pass_on(mut request: Request<Body>, behind: &Behind) -> Response<Body> {
    let wanted = protocol_wanted(request.headers());
    let on_upgrade = wanted.is_some().then(|| upgrade::on(&mut request));
    if let Err(status) = readdress(&mut request, wanted, behind) {
        return status.into_response();
    }
    let mut response = match behind.client.request(request).await {
        Ok(response) => response,
        Err(error) => return refusal(&error).into_response(),
    };
    let granted = protocol_wanted(response.headers());
    remove_hop_by_hop(response.headers_mut());
    *response.version_mut() = Version::default();
    if let (StatusCode::SWITCHING_PROTOCOLS, Some(near)) = (response.status(), on_upgrade) {
        let far = upgrade::on(&mut response);
        drop(spawn(async move {
            if let (Ok(mut near), Ok(mut far)) = (near.await, far.await) {
                // How it ended is known to the two that spoke.
                let _ = io::copy_bidirectional(&mut near, &mut far).await;
            }
        }));
        ask_for(response.headers_mut(), granted);
        return response.map(|_| Body::empty());
    }
    response
}

/// Makes a request of the client's one to the server behind.
fn readdress(
    request: &mut Request<Body>,
    wanted: Option<HeaderValue>,
    behind: &Behind,
) -> Result<(), StatusCode> {
    let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let asked = request.uri().authority().and_then(|host| HeaderValue::try_from(host.as_str()).ok());
    let peer = request.extensions().get::<ConnInfo>().and_then(|info| info.peer);
    *request.uri_mut() = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(behind.authority.clone())
        .path_and_query(path)
        .build()
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    *request.version_mut() = behind.version;

    let headers = request.headers_mut();
    // Whether the client takes trailers is told on, since ours are the server's.
    let takes_trailers = headers.get(TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    remove_hop_by_hop(headers);
    headers.remove(TE);
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if behind.version == Version::HTTP_11 {
            headers.append(CONNECTION, HeaderValue::from_static("te"));
        }
    }
    if behind.version == Version::HTTP_11 {
        ask_for(headers, wanted);
    }
    // What the client says of these is not believed: it may be anybody.
    headers.remove(FORWARDED_FOR);
    headers.remove(FORWARDED_HOST);
    if let Some(host) = headers.remove(HOST).or(asked) {
        headers.insert(FORWARDED_HOST, host);
    }
    if let Some(peer) = peer.and_then(|peer| HeaderValue::try_from(peer.ip().to_string()).ok()) {
        headers.insert(FORWARDED_FOR, peer);
    }
    headers.append(VIA, HeaderValue::from_static("1.1 minato"));
    Ok(())
}

/// The protocol that a message asks, or agrees, to go over to.
fn protocol_wanted(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut connection = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let names_it =
        connection.any(|value| value.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade")));
    headers.get(UPGRADE).filter(|_| names_it).cloned()
}

fn ask_for(headers: &mut HeaderMap, protocol: Option<HeaderValue>) {
    if let Some(protocol) = protocol {
        headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

fn refusal(error: &Error) -> StatusCode {
    match error {
        error if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}
