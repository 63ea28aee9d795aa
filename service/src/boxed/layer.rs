//! Boxed layers.

use std::fmt;
use std::sync::Arc;

use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use super::{BoxCloneService, BoxCloneSyncService, BoxService};

/// The three boxed layers differ in the box they make and in what that asks for, and in nothing else.
macro_rules! boxed_layer {
    ($(#[$doc:meta])* $name:ident makes $service:ident, $($bound:ident)|+) => {
        $(#[$doc])*
        pub struct $name<In, T, U, E> {
            layer: Arc<dyn Layer<In, Service = $service<T, U, E>> + Send + Sync>,
        }

        impl<In, T, U, E> $name<In, T, U, E> {
            /// Erases the type of `layer`, and of the services it makes.
            pub fn new<L>(layer: L) -> Self
            where
                L: Layer<In> + Send + Sync + 'static,
                L::Service: Service<T, Response = U, Error = E> $(+ $bound)+ + 'static,
                <L::Service as Service<T>>::Future: Send + 'static,
            {
                Self { layer: Arc::new(layer_fn(move |inner| $service::new(layer.layer(inner)))) }
            }
        }

        impl<In, T, U, E> Clone for $name<In, T, U, E> {
            fn clone(&self) -> Self {
                Self { layer: self.layer.clone() }
            }
        }

        impl<In, T, U, E> fmt::Debug for $name<In, T, U, E> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl<In, T, U, E> Layer<In> for $name<In, T, U, E> {
            type Service = $service<T, U, E>;

            fn layer(&self, inner: In) -> Self::Service {
                self.layer.layer(inner)
            }
        }
    };
}

boxed_layer! {
    /// A boxed layer whose services are boxed.
    BoxLayer makes BoxService, Send
}

boxed_layer! {
    /// A boxed layer whose services are boxed and can be cloned.
    BoxCloneServiceLayer makes BoxCloneService, Clone | Send
}

boxed_layer! {
    /// A boxed layer whose services are boxed and can be cloned and shared between threads.
    BoxCloneSyncServiceLayer makes BoxCloneSyncService, Clone | Send | Sync
}
