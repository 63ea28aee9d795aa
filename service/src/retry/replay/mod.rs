//! Request bodies that can be sent again, within bounds.
//!
//! # Why and when
//!
//! To retry a request its body must be sent twice, and a body that streams is gone once it was sent. A [`ReplayBody`]
//! passes each frame on as it comes, without a wait, and keeps what it passed on up to a bound; a further attempt gets
//! what was kept, and the rest from where the first attempt stopped. A body that exceeds the bound passes on as it
//! would have, nothing of it is kept any longer, and the request is not retried.
//!
//! Put a [`ReplayLayer`] directly outside of the [`retry`](crate::retry), and give its policy
//! [`Replay`] to copy requests with. A body that says beforehand how long it is, and that this is too long, is never
//! kept at all.
//!
//! [`Attempt`], in the extensions of requests, tells the inner service which attempt it is; [`NoRetry`], put there by
//! whoever knows better, lets a request be made once.
//!
//! ```
//! use std::time::Duration;
//! use minato_service::retry::StandardPolicy;
//! use minato_service::retry::replay::{Replay, ReplayBody, ReplayLayer};
//! use minato_service::{Backoff, ServiceBuilder, service_fn};
//! # use bytes::Bytes;
//! # type Body = http_body_util::Full<Bytes>;
//!
//! let backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
//! let policy = StandardPolicy::new(backoff, |result: &Result<u32, std::io::Error>| result.is_err())
//!     .clone_with(Replay::new());
//! let client = ServiceBuilder::new()
//!     .layer(ReplayLayer::new(64 * 1024))
//!     .retry(policy)
//!     .service(service_fn(|request: http::Request<ReplayBody<Body>>| async move { Ok::<_, std::io::Error>(7) }));
//! # let _ = minato_service::ServiceExt::<http::Request<Body>>::boxed_clone(client);
//! ```

mod body;
mod layer;
mod recording;
mod request;

pub use body::ReplayBody;
pub use layer::{ReplayLayer, Replaying};
pub use recording::Lost;
pub use request::{Attempt, NoRetry, Replay};
