//! A pair of barriers of which one costs nothing.
//!
//! In Dekker's handshake each side writes its own word, passes a barrier and reads the other's; one of the two sees the
//! other. Where one side does so all the time and the other hardly ever, the kernel can pass the barrier on behalf of the
//! first: `membarrier` makes every running thread of the process pass one. The frequent side then only has to keep the
//! compiler from reordering.

#[cfg(all(target_os = "linux", not(loom), not(minato_sanitize)))]
mod barrier {
    use std::sync::OnceLock;
    use std::sync::atomic::Ordering::SeqCst;
    use std::sync::atomic::compiler_fence;

    use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};

    /// Whether the kernel passes barriers for us; it is asked before it is needed.
    static IS_REGISTERED: OnceLock<bool> = OnceLock::new();

    fn is_registered() -> bool {
        *IS_REGISTERED.get_or_init(|| {
            membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
                && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
        })
    }

    #[inline(always)]
    pub(crate) fn light_barrier() {
        compiler_fence(SeqCst);
    }

    pub(crate) fn heavy_barrier() -> bool {
        is_registered() && membarrier(MembarrierCommand::PrivateExpedited).is_ok()
    }
}

#[cfg(not(all(target_os = "linux", not(loom), not(minato_sanitize))))]
mod barrier {
    use crate::shim::atomic::Ordering::SeqCst;
    use crate::shim::fence;

    #[inline]
    pub(crate) fn light_barrier() {
        fence(SeqCst);
    }

    pub(crate) fn heavy_barrier() -> bool {
        fence(SeqCst);
        true
    }
}

/// The barrier of the frequent side.
pub(crate) use barrier::light_barrier;

/// The barrier of the rare side. False if there is none on this system: then the frequent side may not have been seen.
pub(crate) use barrier::heavy_barrier;
