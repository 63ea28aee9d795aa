//! Taking a list apart, without copying.

use core::ops::{Bound, RangeBounds};

use super::BufList;

impl BufList {
    /// Takes the first `at` bytes away as a list of their own, without copying.
    ///
    /// # Panics
    ///
    /// If the list is shorter than `at`.
    #[must_use = "the bytes are no longer in this list"]
    pub fn split_to(&mut self, at: usize) -> BufList {
        let rest = self.split_off(at);
        core::mem::replace(self, rest)
    }

    /// Takes everything behind the first `at` bytes away as a list of its own, without copying.
    ///
    /// # Panics
    ///
    /// If the list is shorter than `at`.
    #[must_use = "the bytes are no longer in this list"]
    pub fn split_off(&mut self, at: usize) -> BufList {
        assert!(at <= self.len, "split at {at} of a list of {} bytes", self.len);
        let mut rest = BufList { len: self.len - at, ..BufList::new() };
        self.len = at;
        if at < self.front.len() {
            rest.front = self.front.split_off(at);
            rest.segments = core::mem::take(&mut self.segments);
            rest.tail = core::mem::take(&mut self.tail);
            return rest;
        }
        let mut kept = self.front.len();
        let index = self.segments.iter().position(|segment| {
            kept += segment.len();
            kept > at
        });
        let Some(index) = index else {
            rest.tail = self.tail.split_off(at - kept);
            return rest;
        };
        rest.segments = self.segments.split_off(index);
        rest.front = rest.segments.pop_front().unwrap_or_default();
        rest.tail = core::mem::take(&mut self.tail);
        let head = rest.front.split_to(rest.front.len() - (kept - at));
        if !head.is_empty() {
            self.segments.push_back(head);
        }
        rest
    }

    /// Drops everything behind the first `len` bytes. Does nothing to a shorter list.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            drop(self.split_off(len));
        }
    }

    /// A view of a part of the list: large segments are shared, not copied.
    ///
    /// # Panics
    ///
    /// If the range does not lie within the list.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> BufList {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end + 1,
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len,
        };
        assert!(start <= end && end <= self.len, "range {start}..{end} of a list of {} bytes", self.len);
        let mut view = BufList::new();
        let mut offset = 0;
        let within = |offset: usize, len: usize| {
            (start.clamp(offset, offset + len) - offset)..(end.clamp(offset, offset + len) - offset)
        };
        for segment in core::iter::once(&self.front).chain(&self.segments) {
            view.push(segment.slice(within(offset, segment.len())));
            offset += segment.len();
        }
        view.push_slice(&self.tail[within(offset, self.tail.len())]);
        view
    }
}
