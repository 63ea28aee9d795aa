//! Asks for URLs, and says what came back.
//!
//! ```text
//! cargo run --bin http-client -- http://127.0.0.1:3000/ http://127.0.0.1:3000/
//! ```
//!
//! | option | |
//! |---|---|
//! | `--h2` | speaks HTTP/2 with prior knowledge |
//! | `--json TEXT` | POSTs this JSON, and prints the JSON that is answered |
//! | `--upload FILE` | PUTs a file while it is read |
//! | `--output FILE` | writes what is answered to a file while it comes |
//! | `--cookies` | keeps cookies, and asks for one URL after the other |
//! | `--proxy URL` | through this proxy |
//! | `--unix PATH` | over the Unix socket at this path, whatever host the URL names |
//! | `--timeout SECONDS` | how long one URL may take, retries and redirects with it |
//! | `--metrics` | says what took how long |
//!
//! All URLs are asked for at the same time unless cookies are kept. Redirects are followed. What is only read is asked for
//! again, after a pause, where the server has no time (503), and where the request surely did not reach it.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use http::{Request, Response, StatusCode, Version};
use minato_http::{
    Body, BoxError, Client, CookieJar, Error, Metrics, Proxies, Proxy, Redirected, Redirects, RequestBuilder,
    ResponseExt,
};
use minato_runtime::fs::File;
use minato_runtime::io::{AsyncWriteExt, ReaderStream};
use minato_runtime::spawn;
use minato_service::retry::StandardPolicy;
use minato_service::retry::replay::{NoRetry, Replay, ReplayBody, ReplayLayer};
use minato_service::{Backoff, RetryBudget, ServiceBuilder};

/// What is asked for, and how.
#[derive(Debug, Clone, Default)]
struct Options {
    http2: bool,
    json: Option<String>,
    upload: Option<String>,
    output: Option<String>,
    cookies: bool,
    proxy: Option<String>,
    unix: Option<String>,
    timeout: Option<Duration>,
    metrics: bool,
    urls: Vec<String>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, BoxError> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| format!("{argument} wants something behind it"));
            match argument.as_str() {
                "--h2" => options.http2 = true,
                "--json" => options.json = Some(value()?),
                "--upload" => options.upload = Some(value()?),
                "--output" => options.output = Some(value()?),
                "--cookies" => options.cookies = true,
                "--proxy" => options.proxy = Some(value()?),
                "--unix" => options.unix = Some(value()?),
                "--timeout" => options.timeout = Some(Duration::try_from_secs_f64(value()?.parse()?)?),
                "--metrics" => options.metrics = true,
                unknown if unknown.starts_with("--") => return Err(format!("what is {unknown}?").into()),
                _ => options.urls.push(argument),
            }
        }
        Ok(options)
    }

    /// One client, one pool: a clone is cheap, and connections are reused.
    fn client(&self) -> Result<Client, BoxError> {
        let mut builder = Client::builder().redirects(Redirects::limited(5));
        if self.cookies {
            builder = builder.cookies(CookieJar::new());
        }
        builder = match &self.proxy {
            Some(proxy) => builder.proxies(Proxies::new().all(Proxy::new(proxy)?)),
            None => builder.proxies(Proxies::from_env()),
        };
        if let Some(path) = &self.unix {
            builder = builder.unix_socket(path).proxies(Proxies::new());
        }
        if let Some(limit) = self.timeout {
            builder = builder.timeouts(|timeouts| timeouts.total = Some(limit));
        }
        if self.metrics {
            builder = builder.metrics();
        }
        // Outside of the client as it is so far: a retry follows redirects again. What is kept to be sent again is bounded.
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
        let policy = StandardPolicy::new(backoff, may_do_better)
            .attempts_max(3)
            .budget(RetryBudget::default())
            .clone_with(Replay::new());
        let retries = ServiceBuilder::new()
            .layer(ReplayLayer::new(64 * 1024))
            .retry(policy)
            .map_request(|request: Request<ReplayBody<Body>>| request.map(Body::wrap));
        Ok(builder.layer(retries).build())
    }
}

/// Whether another attempt may end better than this one.
fn may_do_better(result: &Result<Response<Body>, Error>) -> bool {
    match result {
        Ok(response) => response.status() == StatusCode::SERVICE_UNAVAILABLE,
        Err(error) => error.is_retry_safe() && !error.is_timeout(),
    }
}

#[minato_runtime::main]
async fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let mut tell = |result: Result<String, BoxError>| match result {
        Ok(told) => println!("{told}"),
        Err(error) => {
            println!("failed: {}", with_sources(&*error));
            code = ExitCode::FAILURE;
        }
    };
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            tell(Err(error));
            return code;
        }
    };
    let client = match options.client() {
        Ok(client) => client,
        Err(error) => {
            tell(Err(error));
            return code;
        }
    };
    if options.cookies {
        for url in &options.urls {
            tell(fetch(client.clone(), options.clone(), url.clone()).await);
        }
    } else {
        let all = options.urls.iter();
        let fetches: Vec<_> =
            all.map(|url| spawn(fetch(client.clone(), options.clone(), url.clone()))).collect();
        for fetch in fetches {
            tell(fetch.await.unwrap_or_else(|panicked| Err(panicked.into())));
        }
    }
    if options.metrics {
        let status = client.pool().status();
        println!("{} connections made, {} used again", status.connects(), status.reuses());
    }
    code
}

/// The request for a URL, as the options say.
async fn request(client: &Client, options: &Options, url: &str) -> Result<RequestBuilder, BoxError> {
    let mut request = match (&options.json, &options.upload) {
        (Some(text), _) => client.post(url).header("content-type", "application/json").body(text.clone()),
        (None, Some(path)) => {
            let file = File::open(path).await?;
            // Its length is told, and the body, which knows none, is held to it.
            let length = file.metadata().await?.len();
            let pieces = ReaderStream::with_capacity(file, 64 * 1024);
            client.put(url).header("content-length", length).body(Body::from_stream(pieces))
        }
        (None, None) => client.get(url),
    };
    if options.json.is_some() || options.upload.is_some() {
        request = request.extension(NoRetry);
    }
    if options.http2 {
        request = request.version(Version::HTTP_2);
    }
    Ok(request)
}

/// Asks for one URL, and says in a line what came back.
async fn fetch(client: Client, options: Options, url: String) -> Result<String, BoxError> {
    let response = request(&client, &options, &url).await?.await?;
    let (status, version) = (response.status(), response.version());
    let metrics = response.extensions().get::<Metrics>().cloned();
    let place = response.extensions().get::<Redirected>().map(|redirected| redirected.uri().to_string());
    let mut told = format!("{url}: {version:?} {status}, ");
    if options.json.is_some() {
        write!(told, "{}", response.error_for_status()?.json::<serde_json::Value>().await?)?;
    } else {
        write!(told, "{} bytes", receive(response.into_body(), options.output.as_deref()).await?)?;
    }
    if let Some(place) = place {
        write!(told, ", from {place}")?;
    }
    if let Some(metrics) = metrics {
        write!(told, "; ")?;
        for (what, took) in [
            ("dns", metrics.dns()),
            ("connect", metrics.connect()),
            ("tls", metrics.tls()),
            ("first byte", metrics.first_byte()),
            ("total", metrics.total()),
        ] {
            if let Some(took) = took {
                write!(told, "{what} {took:.1?}, ")?;
            }
        }
        write!(told, "{} sent, {} received", metrics.bytes_sent(), metrics.bytes_received())?;
    }
    Ok(told)
}

/// Reads a body as it streams in, holding one piece of it at a time.
async fn receive(mut body: Body, output: Option<&str>) -> Result<usize, BoxError> {
    let mut file = match output {
        Some(path) => Some(File::create(path).await?),
        None => None,
    };
    let mut bytes = 0;
    while let Some(piece) = body.data().await {
        let piece = piece?;
        bytes += piece.len();
        if let Some(file) = &mut file {
            file.write_all(&piece).await?;
        }
    }
    if let Some(file) = &mut file {
        file.flush().await?;
    }
    Ok(bytes)
}

/// An error and what caused it, down to the last.
fn with_sources(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(told, ": {error}");
        cause = error.source();
    }
    told
}
