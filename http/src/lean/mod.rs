//! Requests and responses that cost as little as they can: the bytes of a head as they came, looked at when asked.
//!
//! [`http::Request`] and [`http::Response`] are what middleware and frameworks speak, and what a server should be written
//! in unless it is measured to matter. They cost a hash table of typed fields on each side, the extensions another, and
//! atomic operations for every value that shares the bytes of the head; for a tiny exchange that is more than parsing,
//! framing and writing together. A lean service is given a [`Request`] instead, which finds a field by walking the lines,
//! and answers with a [`Response`] whose fields are written the moment they are set. On a connection that has settled
//! down such an exchange allocates nothing.
//!
//! It is served by the same server, on the same ports, over HTTP/1 and HTTP/2. The parser is the same, with the same
//! strictness, and so are all limits and timeouts. A request turns into an [`http::Request`] where one is wanted
//! ([`Request::into_http`]), and a response is made of an [`http::Response`], so that a lean service can hand what is not
//! worth its while to a router:
//!
//! ```
//! use minato_http::lean::{Request, Response, handler_fn};
//! use minato_http::{Body, IntoResponse};
//!
//! async fn rest(request: http::Request<Body>) -> http::Response<Body> {
//!     format!("somebody else answers {}", request.uri()).into_response()
//! }
//!
//! let service = handler_fn(|request: Request| async move {
//!     match request.path() {
//!         "/plaintext" => Response::text("Hello, World!"),
//!         _ => rest(request.into_http()).await.into(),
//!     }
//! });
//! # async fn run<S>(service: S) -> Result<(), minato_http::Error>
//! # where
//! #     S: tower_service::Service<Request, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
//! #     S::Future: Send,
//! # {
//! minato_http::Server::bind("127.0.0.1:3000").serve_lean(service).await?;
//! # Ok(())
//! # }
//! # drop(run(service));
//! ```
//!
//! A lean service is a [`tower_service::Service`] over [`Request`], so that layers which do not look at requests, such as
//! limits of concurrency and time, work for it as they are.
//!
//! | file | what it holds |
//! |---|---|
//! | `request.rs` | [`Request`] |
//! | `fields.rs` | the fields of a response, written as they are set |
//! | `response.rs` | [`Response`], and what it is made of |
//! | `handler.rs` | [`handler_fn`] |
//! | `callee.rs` | how the drivers call a lean service |
//! | `spare.rs` | memory that serves for one exchange after another |

mod callee;
mod fields;
mod handler;
mod request;
mod response;
mod spare;

pub(crate) use self::callee::Lean;
pub use self::fields::FixedFields;
pub use self::handler::{HandlerFn, HandlerFuture, handler_fn};
pub use self::request::{Headers, Request};
pub use self::response::Response;
pub use crate::server::connection::serve_lean_connection as serve_connection;
