//! The `date` field, rendered once a second.

use std::cell::RefCell;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::clock::Instant;

const LINE: [u8; 39] = *b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
const VALUE_AT: usize = 6;
const VALUE_LEN: usize = 29;

/// A `date` line that is good for the second it was rendered in.
#[derive(Debug, Clone)]
pub(crate) struct Date {
    second: u64,
    /// The second, by the clock that is read anyway.
    good: Option<Range<Instant>>,
    line: [u8; LINE.len()],
}

thread_local! {
    static SHARED: RefCell<Date> = const { RefCell::new(Date::new()) };
}

impl Date {
    pub(crate) const fn new() -> Self {
        Self { second: 0, good: None, line: LINE }
    }

    /// The one that the connections of this thread share, brought up to date.
    #[inline]
    pub(crate) fn of_thread(now: Instant) -> Self {
        let shared = SHARED.try_with(|date| {
            let mut date = date.borrow_mut();
            date.refresh(now);
            date.clone()
        });
        shared.unwrap_or_else(|_| Self::of(now))
    }

    /// One of its own, for a thread that ends.
    #[cold]
    fn of(now: Instant) -> Self {
        let mut date = Self::new();
        date.refresh(now);
        date
    }

    /// Brings the line up to date, which asks for that once a second only.
    #[inline]
    pub(crate) fn refresh(&mut self, now: Instant) {
        // Both ends are looked at, since a runtime that this thread ran before may have had a clock of its own.
        if !self.good.as_ref().is_some_and(|good| good.contains(&now)) {
            self.look(now);
        }
    }

    #[cold]
    fn look(&mut self, now: Instant) {
        let date = SystemTime::now();
        let begun = date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let until = now.checked_add(Duration::from_secs(1) - Duration::from_nanos(begun.into()));
        self.good = until.map(|until| now..until);
        self.update(date);
    }

    /// Brings the line up to `now`.
    pub(crate) fn update(&mut self, now: SystemTime) {
        let second = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if second == self.second {
            return;
        }
        let rendered = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
        if let Some(rendered) = rendered.as_bytes().first_chunk::<VALUE_LEN>() {
            self.line[VALUE_AT..VALUE_AT + VALUE_LEN].copy_from_slice(rendered);
            self.second = second;
        }
    }

    /// The value of the field alone.
    pub(crate) fn value(&self) -> &[u8] {
        &self.line[VALUE_AT..VALUE_AT + VALUE_LEN]
    }

    /// The whole line as the last of a head, with the blank line behind it.
    pub(crate) fn last_line(&self) -> &[u8; LINE.len()] {
        &self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_follows_the_clock() {
        let mut date = Date::new();
        assert_eq!(date.last_line(), b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n");
        date.update(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        assert_eq!(date.last_line(), b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
        date.update(SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_778_999));
        assert_eq!(date.last_line(), b"date: Sun, 06 Nov 1994 08:49:38 GMT\r\n\r\n");
    }
}
