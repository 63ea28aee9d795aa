//! Serving calls.
//!
//! | file | what it holds |
//! |---|---|
//! | `routes.rs` | [`Routes`]: from paths to methods, as a tower service |
//! | `methods.rs` | [`Register`] and [`Methods`], through which generated code adds a service |
//! | `method.rs` | the four kinds of method, and one erased form for all |
//! | `request.rs` | what HTTP must say for a request to be a call |
//! | `respond.rs` | the responses |
//! | `guarded.rs` | a handler with its deadline, whose panics are caught |
//! | `recover.rs` | [`RecoverLayer`]: answers in place of the errors of middleware |
//! | `stream.rs` | a call that answers with a stream: the handler runs inside the response body |

mod guarded;
mod method;
mod methods;
mod recover;
mod request;
mod respond;
mod routes;
mod stream;

pub use method::{BidiMethod, ClientStreamingMethod, ServerStreamingMethod, UnaryMethod};
pub use methods::{Methods, Register};
pub use recover::{Recover, RecoverFuture, RecoverLayer};
pub use routes::{NotFound, Routes, RoutesFuture};
