//! The empty buffers of a thread.
//!
//! A connection that has nothing to decode or to write leaves its buffer here, and takes one when bytes come.

use std::cell::RefCell;

use bytes::BytesMut;

use crate::limits::{CODEC_READ_LEN, SPARE_BUFFER_LEN_MAX, SPARE_BUFFERS_MAX};

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with room for at least [`CODEC_READ_LEN`] bytes.
pub(super) fn take() -> BytesMut {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop()).ok().flatten();
    spare.unwrap_or_else(|| BytesMut::with_capacity(CODEC_READ_LEN))
}

/// Takes an empty buffer back, unless frames still use its memory, or it is too large to stay.
pub(super) fn give(mut buf: BytesMut) {
    debug_assert!(buf.is_empty());
    // True only where the memory is this buffer's alone, which then begins at its start again.
    if !buf.try_reclaim(CODEC_READ_LEN) || buf.capacity() > SPARE_BUFFER_LEN_MAX {
        return;
    }
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < SPARE_BUFFERS_MAX {
            spare.push(buf);
        }
    });
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn kept() -> usize {
        SPARE.with(|spare| spare.borrow().len())
    }

    #[test]
    fn a_thread_keeps_so_many_buffers_and_no_more() {
        let bufs: Vec<_> = (0..SPARE_BUFFERS_MAX + 8).map(|_| take()).collect();
        bufs.into_iter().for_each(give);
        assert_eq!(kept(), SPARE_BUFFERS_MAX);
    }

    #[test]
    fn long_buffers_small_ones_and_those_of_living_frames_are_not_kept() {
        give(BytesMut::with_capacity(SPARE_BUFFER_LEN_MAX + 1));
        give(BytesMut::with_capacity(64));
        let mut buf = take();
        buf.extend_from_slice(b"frame");
        let frame = buf.split();
        give(buf);
        assert_eq!(kept(), 0);
        drop(frame);
    }

    #[test]
    fn a_buffer_comes_back_whole() {
        let mut buf = take();
        buf.extend_from_slice(&[0; 5000]);
        bytes::Buf::advance(&mut buf, 5000);
        give(buf);
        assert!(take().capacity() >= CODEC_READ_LEN);
    }
}
