//! A stream of requests made into a stream of responses.
//!
//! [`ServiceExt::call_all`](crate::ServiceExt::call_all) keeps the order of the requests;
//! [`unordered`](CallAll::unordered) answers as responses come. The number of calls under way is bounded, by 64 unless
//! [`in_flight_max`](CallAll::in_flight_max) says otherwise. The service is asked for readiness only when there is a
//! request to call it with, so a stream that is idle holds no reservation.

mod running;
mod stream;

pub use stream::{CallAll, CallAllUnordered};
