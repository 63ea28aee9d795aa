//! The pipes and buffers of a thread, which nobody holds while nothing flows.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::limits::{RELAY_BUFFER_BYTES, RELAY_STOCK_MAX};
use crate::sys::splice_pipe;

thread_local! {
    static PIPES: RefCell<Vec<Pipe>> = const { RefCell::new(Vec::new()) };
    static BUFFERS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Puts `value` back, unless there are enough or the thread is ending.
fn give_back<T>(stock: &'static std::thread::LocalKey<RefCell<Vec<T>>>, value: T) {
    let _ = stock.try_with(|stock| {
        let mut stock = stock.borrow_mut();
        if stock.len() < RELAY_STOCK_MAX {
            stock.push(value);
        }
    });
}

/// An empty pipe.
pub(super) struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Pipe {
    pub(super) fn take() -> io::Result<Self> {
        if let Some(pipe) = PIPES.with_borrow_mut(Vec::pop) {
            return Ok(pipe);
        }
        let (reader, writer) = splice_pipe()?;
        Ok(Self { reader, writer })
    }

    /// For the next; a pipe that is not empty is dropped instead.
    pub(super) fn give_back(self) {
        give_back(&PIPES, self);
    }

    pub(super) fn reader(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    pub(super) fn writer(&self) -> BorrowedFd<'_> {
        self.writer.as_fd()
    }
}

/// A buffer that was zeroed once, and goes back by itself.
pub(super) struct Buffer(Option<Box<[u8]>>);

impl Buffer {
    pub(super) fn take() -> Self {
        let stocked = BUFFERS.with_borrow_mut(Vec::pop);
        Self(Some(stocked.unwrap_or_else(|| vec![0; RELAY_BUFFER_BYTES].into())))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(buffer) = self.0.take() {
            give_back(&BUFFERS, buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_a_bounded_number_of_pipes_and_buffers() {
        let pipes: Vec<_> = (0..RELAY_STOCK_MAX + 4).map_while(|_| Pipe::take().ok()).collect();
        let can_splice = !pipes.is_empty();
        pipes.into_iter().for_each(Pipe::give_back);
        assert_eq!(PIPES.with_borrow(Vec::len), if can_splice { RELAY_STOCK_MAX } else { 0 });
        let buffers: Vec<_> = (0..RELAY_STOCK_MAX + 4).map(|_| Buffer::take()).collect();
        drop(buffers);
        assert_eq!(BUFFERS.with_borrow(Vec::len), RELAY_STOCK_MAX);
        // What comes back is used again.
        let buffer = Buffer::take();
        assert_eq!(BUFFERS.with_borrow(Vec::len), RELAY_STOCK_MAX - 1);
        drop(buffer);
    }
}
