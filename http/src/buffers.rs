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

/// An empty buffer of [`BUFFER_BYTES`].
pub(crate) fn take() -> PooledBuf {
    STASH.with_borrow_mut(|stash| stash.buffers.pop()).unwrap_or_else(|| POOL.get(BUFFER_BYTES))
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
    STASH.with_borrow_mut(|stash| {
        if stash.buffers.len() < STASH_BUFFERS {
            stash.buffers.push(buffer);
        }
    });
}

/// A copy of the bytes of a head, beside those of other heads.
///
/// While heads are dropped before their block is full, the block is used again: no allocation per request.
pub(crate) fn copy_head(head: &[u8]) -> Bytes {
    STASH.with_borrow_mut(|stash| {
        if stash.heads.capacity() < head.len() {
            stash.heads.reserve(HEADS_BYTES.max(head.len()));
        }
        stash.heads.extend_from_slice(head);
        stash.heads.split().freeze()
    })
}

/// An empty header map, with memory where some was left over.
pub(crate) fn take_headers() -> HeaderMap {
    STASH.with_borrow_mut(|stash| stash.headers.take()).unwrap_or_default()
}

/// Keeps the memory of a header map that has served.
pub(crate) fn give_headers(mut headers: HeaderMap) {
    if headers.capacity() == 0 || headers.capacity() > SPARE_FIELDS {
        return;
    }
    headers.clear();
    STASH.with_borrow_mut(|stash| stash.headers = Some(headers));
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
    fn a_thread_keeps_a_bounded_number_of_buffers() {
        let taken: Vec<_> = (0..3 * STASH_BUFFERS).map(|_| take()).collect();
        taken.into_iter().for_each(give);
        STASH.with_borrow(|stash| assert_eq!(stash.buffers.len(), STASH_BUFFERS));
    }
}
