//! A service that the test plays by hand.
//!
//! [`pair`] makes the service and the handle of whoever plays it, with the names of tower-test. The service is ready for
//! as many calls as the handle [allows](Handle::allow), without a bound unless one is set.
//!
//! ```
//! use minato_service::ServiceExt;
//! use minato_service::test::mock;
//!
//! # let runtime = minato_runtime::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let (mock, mut handle) = mock::pair::<&str, usize>();
//! let call = minato_runtime::spawn(mock.oneshot("four"));
//! let (request, answer) = handle.next_request().await.unwrap();
//! answer.send_response(request.len());
//! assert_eq!(call.await.unwrap().unwrap(), 4);
//! # });
//! ```

mod answer;
mod handle;
mod service;
mod spawn;

pub use answer::{Closed, ResponseFuture, SendResponse};
pub use handle::Handle;
pub use service::Mock;
pub use spawn::Spawn;

use tower_layer::Layer;

/// A service and the handle of who plays it.
#[must_use]
pub fn pair<T, U>() -> (Mock<T, U>, Handle<T, U>) {
    let (service, handle) = service::shared();
    (service, handle)
}

/// As [`pair`], with the service to be driven by hand.
#[must_use]
pub fn spawn<T, U>() -> (Spawn<Mock<T, U>>, Handle<T, U>) {
    let (service, handle) = pair();
    (Spawn::new(service), handle)
}

/// As [`spawn`], of the service that `layer` makes of the mock.
pub fn spawn_layer<T, U, L: Layer<Mock<T, U>>>(layer: L) -> (Spawn<L::Service>, Handle<T, U>) {
    spawn_with(|mock| layer.layer(mock))
}

/// As [`spawn`], of what `function` makes of the mock.
pub fn spawn_with<T, U, S>(function: impl FnOnce(Mock<T, U>) -> S) -> (Spawn<S>, Handle<T, U>) {
    let (service, handle) = pair();
    (Spawn::new(function(service)), handle)
}

/// Takes the next request off a [`Handle`], checks that it is equal, and gives what it is answered with.
#[macro_export]
macro_rules! assert_request_eq {
    ($handle:expr, $expected:expr) => {
        $crate::assert_request_eq!($handle, $expected,)
    };
    ($handle:expr, $expected:expr, $($message:tt)*) => {{
        let (request, answer) = match $handle.next_request().await {
            Some(taken) => taken,
            None => panic!("a request was expected, and all services are gone"),
        };
        assert_eq!(request, $expected, $($message)*);
        answer
    }};
}
