//! Small adapters that change one thing about a service.
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
