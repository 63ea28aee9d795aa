//! Memory that serves for one exchange after another.
//!
//! What a request holds, and the lines of a response, lie in memory that the thread keeps when they are dropped, and
//! where the next exchange finds it without a lock and without the allocator.

use std::cell::RefCell;

use super::request::Content;

/// LIMIT: contents and lines that a thread keeps for itself.
const KEPT: usize = 16;

/// LIMIT: bytes of a head, or of the lines of a response, whose memory is kept. Larger ones go back to the allocator.
const KEPT_BYTES: usize = 4 * 1024;

#[derive(Default)]
#[expect(clippy::vec_box, reason = "a request owns its box, so that moving it moves a pointer")]
struct Spare {
    contents: Vec<Box<Content>>,
    lines: Vec<Vec<u8>>,
}

thread_local! {
    static SPARE: RefCell<Spare> = RefCell::default();
}

/// Content that nobody has written to, or that was emptied.
pub(super) fn take_content() -> Box<Content> {
    // A request may be made, or dropped, while the thread ends and its memory is gone already.
    let kept = SPARE.try_with(|spare| spare.borrow_mut().contents.pop());
    kept.ok().flatten().unwrap_or_default()
}

/// Keeps content for another request.
pub(super) fn give_content(mut content: Box<Content>) {
    // What a user put in is dropped before anything is borrowed.
    content.clear();
    if content.capacity() <= KEPT_BYTES {
        let _ = SPARE.try_with(|spare| {
            let contents = &mut spare.borrow_mut().contents;
            if contents.len() < KEPT {
                contents.push(content);
            }
        });
    }
}

/// No lines, and room for some.
pub(super) fn take_lines() -> Vec<u8> {
    SPARE.try_with(|spare| spare.borrow_mut().lines.pop()).ok().flatten().unwrap_or_default()
}

/// Keeps the memory of lines for another response.
pub(super) fn give_lines(mut lines: Vec<u8>) {
    if lines.capacity() > 0 && lines.capacity() <= KEPT_BYTES {
        lines.clear();
        let _ = SPARE.try_with(|spare| {
            let kept = &mut spare.borrow_mut().lines;
            if kept.len() < KEPT {
                kept.push(lines);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_a_bounded_amount() {
        (0..3 * KEPT).map(|_| take_content()).collect::<Vec<_>>().into_iter().for_each(give_content);
        (0..3 * KEPT).for_each(|_| give_lines(Vec::with_capacity(KEPT_BYTES)));
        give_lines(Vec::with_capacity(KEPT_BYTES + 1));
        SPARE.with_borrow(|spare| {
            assert_eq!((spare.contents.len(), spare.lines.len()), (KEPT, KEPT));
            assert!(spare.lines.iter().all(|lines| lines.capacity() <= KEPT_BYTES));
        });
    }
}
