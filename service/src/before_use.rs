//! Settings that are made before a layer is used, and not after.

use std::sync::Arc;

/// What a layer shares with its services, to be changed while it has none.
///
/// # Panics
///
/// If there is a clone, a service or a handle of the layer already.
pub(crate) fn before_use<'a, T>(shared: &'a mut Arc<T>, field: &str) -> &'a mut T {
    match Arc::get_mut(shared) {
        Some(shared) => shared,
        None => panic!("`{field}` is set before the layer is used"),
    }
}
