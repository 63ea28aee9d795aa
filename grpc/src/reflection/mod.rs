//! `grpc.reflection.v1` and `v1alpha`: telling what a server serves.
//!
//! [`Routes::with_reflection`](crate::Routes::with_reflection) adds both, for the services added before it.
//!
//! | file | what it holds |
//! |---|---|
//! | `files.rs` | the files of all services, by name, symbol and extension |
//! | `service.rs` | the two versions of the service over them |

mod files;
mod service;

pub use crate::generated::reflection_v1 as v1;
pub use crate::generated::reflection_v1alpha as v1alpha;
pub(crate) use files::Files;
pub(crate) use service::Reflection;
