//! Services and layers with their type erased.
//!
//! Each call then costs one allocation, for its future.
//!
//! | type | a clone costs | asks of the service |
//! |---|---|---|
//! | [`BoxService`] | - | `Send` |
//! | [`UnsyncBoxService`] | - | nothing |
//! | [`BoxCloneService`] | an allocation | `Clone + Send` |
//! | [`BoxCloneSyncService`] | an allocation | `Clone + Send + Sync` |
//! | [`ArcService`] | a reference count | `Clone + Send + Sync` |

mod arc;
mod layer;
mod service;
mod unsync;

pub use arc::ArcService;
pub use layer::{BoxCloneServiceLayer, BoxCloneSyncServiceLayer, BoxLayer};
pub use service::{BoxCloneService, BoxCloneSyncService, BoxFuture, BoxService};
pub use unsync::{LocalBoxFuture, UnsyncBoxService};
