//! The memory that connections read into and write from.
//!
//! A connection holds buffers only while bytes are in them. Between two requests they lie in a small stash of the
//! thread that runs the connection, where the next connection finds them without a lock, and from which they overflow
//! into one bounded pool. Ten thousand idle connections hold no buffer at all.

use std::cell::RefCell;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use minato_bytes_util::{Pool, PooledBuf};

/// The size of a buffer: one read or one batch of pipelined responses.
pub(crate) const BUFFER_BYTES: usize = 16 * 1024;

/// LIMIT: buffers a thread keeps for itself.
const STASH_BUFFERS: usize = 8;

/// LIMIT: bytes of one block of heads. A request pins the block its head lies in for as long as it lives.
const HEADS_BYTES: usize = 8 * 1024;

/// LIMIT: fields of a header map kept for the next request.
const SPARE_FIELDS: usize = 32;

static POOL: LazyLock<Pool> = LazyLock::new(Pool::new);

#[derive(Default)]
struct Stash {
    buffers: Vec<PooledBuf>,
    heads: BytesMut,
    headers: Option<HeaderMap>,
}

thread_local! {
    static STASH: RefCell<Stash> = RefCell::default();
}

/// Looks into the stash of this thread; `None` while the thread ends and the stash is gone already. Then a connection
/// that is dropped with some other thread local may still have buffers to give back.
#[inline]
fn with_stash<R>(look: impl FnOnce(&mut Stash) -> R) -> Option<R> {
    STASH.try_with(|stash| look(&mut stash.borrow_mut())).ok()
}

/// An empty buffer of [`BUFFER_BYTES`].
pub(crate) fn take() -> PooledBuf {
    with_stash(|stash| stash.buffers.pop()).flatten().unwrap_or_else(|| POOL.get(BUFFER_BYTES))
}

/// A buffer with room for `capacity` bytes.
pub(crate) fn take_larger(capacity: usize) -> PooledBuf {
    POOL.get(capacity)
}

/// Gives a buffer back.
pub(crate) fn give(mut buffer: PooledBuf) {
    if buffer.capacity() > BUFFER_BYTES {
        // One that has grown goes back to the system: nobody asks the pool for it, and a client that makes many of them
        // would leave the pool full.
        *buffer = Vec::new();
    }
    if buffer.capacity() != BUFFER_BYTES {
        return;
    }
    buffer.clear();
    with_stash(|stash| {
        if stash.buffers.len() < STASH_BUFFERS {
            stash.buffers.push(buffer);
        }
    });
}

/// A copy of the bytes of a head, beside those of other heads.
///
/// While heads are dropped before their block is full, the block is used again: no allocation per request.
pub(crate) fn copy_head(head: &[u8]) -> Bytes {
    let copied = with_stash(|stash| {
        if stash.heads.capacity() < head.len() {
            stash.heads.reserve(HEADS_BYTES.max(head.len()));
        }
        stash.heads.extend_from_slice(head);
        stash.heads.split().freeze()
    });
    copied.unwrap_or_else(|| Bytes::copy_from_slice(head))
}

/// An empty header map, with memory where some was left over.
pub(crate) fn take_headers() -> HeaderMap {
    with_stash(|stash| stash.headers.take()).flatten().unwrap_or_default()
}

/// Keeps the memory of a header map that has served.
pub(crate) fn give_headers(mut headers: HeaderMap) {
    if headers.capacity() == 0 || headers.capacity() > SPARE_FIELDS {
        return;
    }
    headers.clear();
    // The one that was there is dropped with nothing borrowed.
    drop(with_stash(|stash| stash.headers.replace(headers)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_dropped_in_time_share_one_block() {
        let first = copy_head(&[b'a'; 100]);
        let block = first.as_ptr() as usize;
        drop(first);
        for _ in 0..1000 {
            let at = copy_head(&[b'b'; 100]).as_ptr() as usize;
            assert!(at.abs_diff(block) < HEADS_BYTES, "a new block was allocated");
        }
    }

    #[test]
    fn a_head_that_lives_on_is_not_written_over() {
        let kept = copy_head(&[b'a'; 5000]);
        for _ in 0..10 {
            drop(copy_head(&[b'b'; 5000]));
        }
        assert_eq!(kept, vec![b'a'; 5000]);
    }

    #[test]
    fn a_thread_that_ends_serves_to_the_last() {
        struct Late;

        impl Drop for Late {
            fn drop(&mut self) {
                assert!(STASH.try_with(|_| ()).is_err(), "the stash was made later, and so goes first");
                give(take());
                give_headers(take_headers());
                give_headers(HeaderMap::with_capacity(SPARE_FIELDS / 2));
                assert_eq!(copy_head(b"head"), "head");
                DONE.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }

        static DONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        thread_local! {
            static LATE: Late = const { Late };
        }
        std::thread::spawn(|| {
            LATE.with(|_| ());
            give(take());
        })
        .join()
        .unwrap();
        assert!(DONE.load(std::sync::atomic::Ordering::Relaxed));
    }

    #[test]
    fn a_thread_keeps_a_bounded_number_of_buffers() {
        let taken: Vec<_> = (0..3 * STASH_BUFFERS).map(|_| take()).collect();
        taken.into_iter().for_each(give);
        STASH.with_borrow(|stash| assert_eq!(stash.buffers.len(), STASH_BUFFERS));
    }
}
