//! Small adapters that change one thing about a service.
//!
//! # Why and when
//!
//! To fit services together: a request or an answer of another type, an error of your own, a look at what passes.
//! They cost nothing but what their function does. Where the change has to wait for something there are
//! `map_request_async`, `and_then` and `then`; where it decides about the call, [`from_fn`](crate::from_fn).
//!
//! ```
//! use minato_service::{ServiceExt, service_fn};
//!
//! let length = service_fn(|text: String| async move { Ok::<_, std::io::Error>(text.len()) })
//!     .map_request(|name: &str| name.to_owned())
//!     .map_response(|length| length as u64)
//!     .map_err(|error| error.to_string());
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(reply) = pin!(length.oneshot("four")).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(reply, Ok(4));
//! ```
//!
//! Each file holds one: its service, its layer and, where it has one of its own, its future. They are usually reached
//! through [`ServiceExt`](crate::ServiceExt) and [`ServiceBuilder`](crate::ServiceBuilder).

mod and_then;
mod inspect_err;
mod inspect_request;
mod inspect_response;
mod map_err;
mod map_future;
mod map_request;
mod map_request_async;
mod map_response;
mod map_result;
mod then;

pub use and_then::{AndThen, AndThenFuture, AndThenLayer};
pub use inspect_err::{InspectErr, InspectErrFuture, InspectErrLayer};
pub use inspect_request::{InspectRequest, InspectRequestLayer};
pub use inspect_response::{InspectResponse, InspectResponseFuture, InspectResponseLayer};
pub use map_err::{MapErr, MapErrFuture, MapErrLayer};
pub use map_future::{MapFuture, MapFutureLayer};
pub use map_request::{MapRequest, MapRequestLayer};
pub use map_request_async::{MapRequestAsync, MapRequestAsyncFuture, MapRequestAsyncLayer};
pub use map_response::{MapResponse, MapResponseFuture, MapResponseLayer};
pub use map_result::{MapResult, MapResultFuture, MapResultLayer};
pub use then::{Then, ThenFuture, ThenLayer};
