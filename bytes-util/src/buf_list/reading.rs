//! A list as a [`Buf`].

#[cfg(feature = "std")]
use std::io::{self, IoSlice, Write};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::BufList;

impl Buf for BufList {
    fn remaining(&self) -> usize {
        self.len
    }

    fn has_remaining(&self) -> bool {
        self.len > 0
    }

    fn chunk(&self) -> &[u8] {
        if self.front.is_empty() { &self.tail } else { &self.front }
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, segment) in to.iter_mut().zip(self.iter()) {
            *slot = IoSlice::new(segment);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len, "advance by {count} in a list of {} bytes", self.len);
        self.len -= count;
        while !self.front.is_empty() {
            if count < self.front.len() {
                return self.front.advance(count);
            }
            count -= self.front.len();
            self.next_front();
        }
        self.tail.advance(count);
    }

    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        assert!(len <= self.len, "copy of {len} bytes from a list of {} bytes", self.len);
        if len == 0 {
            return Bytes::new();
        }
        let is_split = len > self.front.len() && !self.front.is_empty();
        if is_split {
            let mut copy = BytesMut::with_capacity(len);
            copy.put(self.take(len));
            return copy.freeze();
        }
        self.len -= len;
        if self.front.is_empty() {
            return self.tail.split_to(len).freeze();
        }
        let bytes = self.front.split_to(len);
        if self.front.is_empty() {
            self.next_front();
        }
        bytes
    }
}

/// Appends, as [`push_slice`](BufList::push_slice) does.
#[cfg(feature = "std")]
impl Write for BufList {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.push_slice(buf);
        Ok(buf.len())
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let before = self.len;
        bufs.iter().for_each(|buf| self.push_slice(buf));
        Ok(self.len - before)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
