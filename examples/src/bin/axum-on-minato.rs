//! An unmodified axum router, with two layers of tower-http, on Minato's server.
//!
//! ```text
//! cargo run --bin axum-on-minato -- 127.0.0.1:3002
//! curl -i http://127.0.0.1:3002/users/7
//! curl --http2-prior-knowledge -d '{"name":"Nami"}' -H content-type:application/json http://127.0.0.1:3002/users
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderName, HeaderValue, StatusCode};
use minato_examples::asked_to_end;
use minato_http::{Drain, Error, Server};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

#[minato_runtime::main]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3002".to_owned());
    let server = Server::bind(address).listen().await?;
    println!("listening on http://{}", server.local_addr()?);

    let server_name = HeaderName::from_static("server");
    let app = Router::new()
        .route("/", get(|| async { "hello from axum\n" }))
        .route("/users/{id}", get(async |Path(id): Path<u64>| format!("user {id}\n")))
        .route("/users", post(create))
        .layer(CompressionLayer::new())
        .layer(SetResponseHeaderLayer::overriding(server_name, HeaderValue::from_static("minato")));

    let report = server.graceful(asked_to_end(), Drain::within(Duration::from_secs(5))).serve(app).await?;
    println!("ended; {} connections were cut", report.cut);
    Ok(())
}

async fn create(Json(user): Json<BTreeMap<String, String>>) -> (StatusCode, Json<BTreeMap<String, String>>) {
    (StatusCode::CREATED, Json(user))
}
