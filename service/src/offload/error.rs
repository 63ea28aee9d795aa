//! How a call on a task fails.

use crate::error::{TaskLost, layer_error};

layer_error! {
    /// The error of an [`Offload`](super::Offload) or a [`BlockingFn`](super::BlockingFn).
    OffloadError {
        /// The task is gone, and what it did of the call is not known.
        Lost(TaskLost),
        is_lost: /// Whether the task is gone.
    }
}
