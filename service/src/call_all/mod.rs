//! A stream of requests made into a stream of responses.
//!
//! # Why and when
//!
//! To send what a stream yields, such as the lines of a file or the messages of a queue, through a service and its
//! limits, as fast as the service takes them and with a bounded number under way.
//!
//! [`ServiceExt::call_all`](crate::ServiceExt::call_all) keeps the order of the requests;
//! [`unordered`](CallAll::unordered) answers as responses come. The number of calls under way is bounded, by 64 unless
//! [`in_flight_max`](CallAll::in_flight_max) says otherwise. The service is asked for readiness only when there is a
//! request to call it with, so a stream that is idle holds no reservation.
//!
//! ```
//! use futures_util::StreamExt;
//! use minato_service::{ServiceExt, service_fn};
//!
//! let double = service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n * 2) });
//! let answers = double.call_all(futures_util::stream::iter([1, 2, 3])).in_flight_max(2);
//! # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
//! # let Poll::Ready(answers) = pin!(answers.collect::<Vec<_>>()).as_mut()
//! #     .poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
//! assert_eq!(answers.into_iter().flatten().collect::<Vec<_>>(), [2, 4, 6]);
//! ```

mod running;
mod stream;

pub use stream::{CallAll, CallAllUnordered};
