//! The `date` field, rendered once a second.

use std::time::{Duration, SystemTime};

use crate::clock::Instant;

const LINE: [u8; 39] = *b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
const VALUE_AT: usize = 6;
const VALUE_LEN: usize = 29;

/// A `date` line that is good for the second it was rendered in.
#[derive(Debug, Clone)]
pub(crate) struct Date {
    second: u64,
    /// When the second is over, by the clock that is read anyway.
    good_until: Option<Instant>,
    line: [u8; LINE.len()],
}

impl Date {
    pub(crate) fn new() -> Self {
        Self { second: 0, good_until: None, line: LINE }
    }

    /// Brings the line up to date, which asks for that once a second only.
    pub(crate) fn refresh(&mut self, now: Instant) {
        if self.good_until.is_some_and(|until| now < until) {
            return;
        }
        let date = SystemTime::now();
        let begun = date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        self.good_until = now.checked_add(Duration::from_secs(1) - Duration::from_nanos(begun.into()));
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
