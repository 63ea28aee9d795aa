//! A fence that ThreadSanitizer sees.

use std::sync::atomic::Ordering::{self, SeqCst};
use std::sync::atomic::{AtomicU8, fence as real_fence};

static MEETING_POINT: AtomicU8 = AtomicU8::new(0);

/// A fence, and a read-modify-write of one variable by everybody who passes one: whoever comes later synchronises with
/// those before, as between fences with accesses in their shadow.
pub(crate) fn fence(order: Ordering) {
    MEETING_POINT.fetch_add(0, SeqCst);
    real_fence(order);
}
