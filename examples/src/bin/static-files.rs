//! A folder on the web: ranges, conditional requests, precompressed files, and layers of tower-http around them.
//!
//! ```text
//! cargo run --bin static-files -- 127.0.0.1:3004 target/doc
//! curl -i http://127.0.0.1:3004/minato_http/index.html
//! curl -i -r 0-99 http://127.0.0.1:3004/minato_http/index.html
//! curl -i --compressed http://127.0.0.1:3004/minato_http/index.html
//! ```
//!
//! A file `page.html.br` or `page.html.gz` beside `page.html` is sent as it is to clients that can read it; what has no
//! such file beside it is compressed on its way. No runtime of tokio runs in this process: `ServeDir` reads through
//! [`MinatoFiles`].

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::time::Duration;

use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue};
use minato_examples::asked_to_end;
use minato_examples::files::MinatoFiles;
use minato_http::{Drain, Error, Server};
use minato_service::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

#[minato_runtime::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3004".to_owned());
    let folder = arguments.next().unwrap_or_else(|| ".".to_owned());
    let server = Server::bind(address).listen().await?;
    println!("listening on http://{}", server.local_addr()?);

    let request_id = HeaderName::from_static("x-request-id");
    let files = ServeDir::with_backend(folder, MinatoFiles).precompressed_br().precompressed_gzip();
    let service = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(request_id.clone(), MakeRequestUuid))
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::new(request_id))
        .layer(CatchPanicLayer::new())
        .layer(CorsLayer::permissive())
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static("max-age=60")))
        .layer(SetResponseHeaderLayer::overriding(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(CompressionLayer::new())
        .service(files);

    let report =
        server.graceful(asked_to_end(), Drain::within(Duration::from_secs(5))).serve(service).await?;
    println!("ended; {} connections were cut", report.cut);
    Ok(())
}
