//! Fetches URLs, all at the same time, and says what came back.
//!
//! ```text
//! cargo run --bin http-client -- http://127.0.0.1:3000/ http://127.0.0.1:3000/
//! ```
//!
//! With `--h2` it speaks HTTP/2 with prior knowledge.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::process::ExitCode;

use http::Request;
use minato_http::{Body, BoxError, Client};
use minato_runtime::spawn;

#[minato_runtime::main]
async fn main() -> ExitCode {
    let (flags, urls): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let version =
        if flags.iter().any(|flag| flag == "--h2") { http::Version::HTTP_2 } else { http::Version::HTTP_11 };
    // One client, one pool: a clone is cheap, and connections are reused.
    let client = Client::default();
    let fetches: Vec<_> = urls.into_iter().map(|url| spawn(fetch(client.clone(), version, url))).collect();
    let mut code = ExitCode::SUCCESS;
    for fetch in fetches {
        match fetch.await {
            Ok(Ok(line)) => println!("{line}"),
            Ok(Err(error)) => {
                println!("failed: {error}");
                code = ExitCode::FAILURE;
            }
            Err(panicked) => {
                println!("failed: {panicked}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Reads a response as it streams in, holding one piece of it at a time.
async fn fetch(client: Client, version: http::Version, url: String) -> Result<String, BoxError> {
    let request = Request::get(&url).version(version).body(Body::empty())?;
    let response = client.request(request).await?;
    let status = response.status();
    let version = response.version();
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(piece) = body.data().await {
        bytes += piece?.len();
    }
    Ok(format!("{url}: {version:?} {status}, {bytes} bytes"))
}
