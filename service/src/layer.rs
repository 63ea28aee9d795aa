//! What tower has in `tower::layer`, under the same path.
//!
//! ```
//! use minato_service::layer::{Layer, layer_fn, util::Identity};
//!
//! let nothing = layer_fn(|service: u32| Identity::new().layer(service));
//! assert_eq!(nothing.layer(7), 7);
//! ```

pub use tower_layer::{Layer, LayerFn, layer_fn};

/// The layers that hold others.
pub mod util {
    pub use tower_layer::{Identity, Stack};
}
