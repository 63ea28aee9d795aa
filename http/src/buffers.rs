//! The memory that connections read into and write from.
//!
//! A connection holds buffers only while bytes are in them. Between two requests they lie in a small stash of the
//! thread that runs the connection, where the next connection finds them without a lock, and from which they overflow
//! into one bounded pool. Ten thousand idle connections hold no buffer at all.

use std::cell::RefCell;
use std::io::Write;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue};
use minato_bytes_util::{Pool, PooledBuf};

/// The size of a buffer: one read or one batch of pipelined responses.
pub(crate) const BUFFER_BYTES: usize = 16 * 1024;

/// LIMIT: buffers a thread keeps for itself.
const STASH_BUFFERS: usize = 8;

/// LIMIT: bytes of one block of heads. A request pins the block its head lies in for as long as it lives.
const HEADS_BYTES: usize = 8 * 1024;

/// LIMIT: fields of a header map kept for the next request.
const SPARE_FIELDS: usize = 32;

/// LIMIT: header maps a thread keeps, usually of 600 bytes each and of 4 kB at most: a batch of HTTP/2 requests takes many
/// at a time.
const SPARE_HEADERS: usize = 128;

static POOL: LazyLock<Pool> = LazyLock::new(Pool::new);

#[derive(Default)]
struct Stash {
    buffers: Vec<PooledBuf>,
    heads: BytesMut,
    headers: Vec<HeaderMap>,
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

/// The value of a `content-length` field, beside the heads: no allocation of its own.
pub(crate) fn length_value(length: u64) -> HeaderValue {
    let mut digits = [0; 20];
    let mut left = digits.as_mut_slice();
    // Twenty digits are enough for all there are.
    let is_whole = write!(left, "{length}").is_ok();
    let unused = left.len();
    let value = is_whole.then(|| HeaderValue::from_maybe_shared(copy_head(&digits[..digits.len() - unused])));
    value.and_then(Result::ok).unwrap_or_else(|| length.into())
}

/// An empty header map, with memory where some was left over.
pub(crate) fn take_headers() -> HeaderMap {
    with_stash(|stash| stash.headers.pop()).flatten().unwrap_or_default()
}

/// Keeps the memory of a header map that has served.
pub(crate) fn give_headers(mut headers: HeaderMap) {
    if headers.capacity() == 0 || headers.capacity() > SPARE_FIELDS {
        return;
    }
    // What was in it is dropped with nothing borrowed.
    headers.clear();
    let mut headers = Some(headers);
    with_stash(|stash| {
        if stash.headers.len() < SPARE_HEADERS {
            stash.headers.extend(headers.take());
        }
    });
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
    fn lengths_are_told_in_decimal_digits() {
        for length in [0, 7, 10, 65_535, u64::from(u32::MAX) + 1, u64::MAX] {
            assert_eq!(length_value(length), HeaderValue::from(length));
        }
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
    fn a_thread_keeps_a_bounded_number_of_buffers_and_header_maps() {
        let taken: Vec<_> = (0..3 * STASH_BUFFERS).map(|_| take()).collect();
        taken.into_iter().for_each(give);
        (0..3 * SPARE_HEADERS).for_each(|_| give_headers(HeaderMap::with_capacity(4)));
        give_headers(HeaderMap::with_capacity(4 * SPARE_FIELDS));
        STASH.with_borrow(|stash| {
            assert_eq!((stash.buffers.len(), stash.headers.len()), (STASH_BUFFERS, SPARE_HEADERS));
            assert!(stash.headers.iter().all(|headers| headers.capacity() <= SPARE_FIELDS));
        });
    }
}
