//! How much a request body may have, and how long it may be waited for.

use std::time::Duration;

use crate::clock::Instant;
use crate::error::{Error, Kind, Timeout};
use crate::limits::BODY_TIMEOUT;
use crate::server::config::ServerConfig;

/// What a server lets a client do with the body of one request; see [`Body::set_limits`](crate::Body::set_limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyLimits {
    /// Bytes in all.
    pub bytes: Option<u64>,
    /// Between two parts that are waited for.
    pub timeout: Option<Duration>,
    /// Bytes per second, for what is waited for beyond `timeout`.
    pub bytes_per_second: Option<u64>,
}

impl BodyLimits {
    /// No limits: for streams that are meant to last.
    #[must_use]
    pub const fn none() -> Self {
        Self { bytes: None, timeout: None, bytes_per_second: None }
    }

    pub(crate) fn of(config: &ServerConfig) -> Self {
        Self {
            bytes: config.limits.body_bytes,
            timeout: config.timeouts.body,
            bytes_per_second: config.timeouts.body_bytes_per_second,
        }
    }
}

/// How late a clock may be looked at by a reader that waits for it.
const LATENESS: Duration = Duration::from_secs(1);

/// What one body has had of its limits.
#[derive(Debug)]
pub(crate) struct Allowance {
    limits: BodyLimits,
    /// Bytes that have arrived.
    bytes: u64,
    /// How long they were waited for, until `since`.
    waited: Duration,
    /// Since when more is waited for.
    since: Option<Instant>,
    /// When the part that is waited for was asked for.
    asked: Option<Instant>,
    /// Until when it may be waited for.
    due: Option<Instant>,
}

impl Allowance {
    pub(crate) fn new(limits: BodyLimits) -> Self {
        Self { limits, bytes: 0, waited: Duration::ZERO, since: None, asked: None, due: None }
    }

    pub(crate) fn set_limits(&mut self, limits: BodyLimits) {
        self.limits = limits;
    }

    /// Whether waiting is limited at all.
    pub(crate) fn is_timed(&self) -> bool {
        self.limits.timeout.is_some() || self.limits.bytes_per_second.is_some()
    }

    /// Bytes have arrived.
    pub(crate) fn take(&mut self, len: usize) -> Result<(), Kind> {
        self.bytes += len as u64;
        self.asked = None;
        match self.limits.bytes {
            Some(limit) if self.bytes > limit => Err(Kind::BodyLimit(limit)),
            _ => Ok(()),
        }
    }

    /// More is waited for from now on, or still; answers until when.
    pub(crate) fn wait(&mut self, now: Instant) -> Option<Instant> {
        self.pause(now);
        self.since = Some(now);
        let asked = *self.asked.get_or_insert(now);
        let part = self.limits.timeout.and_then(|timeout| asked.checked_add(timeout));
        let whole = self.limits.bytes_per_second.and_then(|rate| {
            let earned = Duration::from_secs(self.bytes / rate.max(1));
            let allowed = self.limits.timeout.unwrap_or(BODY_TIMEOUT).checked_add(earned)?;
            now.checked_add(allowed.saturating_sub(self.waited))
        });
        self.due = [part, whole].into_iter().flatten().min();
        self.due
    }

    /// What was waited for is here. Where its time was over long ago and nobody has said so, the reader was looking
    /// elsewhere: that is not counted, since the bytes may have been here all the while.
    pub(crate) fn end_wait(&mut self, now: Instant) {
        if self.due.is_some_and(|due| now.saturating_duration_since(due) >= LATENESS) {
            self.since = None;
        }
        self.pause(now);
    }

    /// Nothing is waited for any more, as far as is known now.
    pub(crate) fn pause(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.waited += now.saturating_duration_since(since);
        }
    }

    pub(crate) fn expired() -> Error {
        Error::new(Kind::Timeout(Timeout::Body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn allowance() -> Allowance {
        Allowance::new(BodyLimits {
            bytes: Some(1000),
            timeout: Some(10 * SECOND),
            bytes_per_second: Some(100),
        })
    }

    #[test]
    fn each_part_has_its_time_and_all_together_theirs() {
        let start = Instant::now();
        let mut allowance = allowance();
        assert_eq!(allowance.wait(start), Some(start + 10 * SECOND));
        // A part after six seconds, worth one second.
        allowance.take(100).unwrap();
        let now = start + 6 * SECOND;
        assert_eq!(allowance.wait(now), Some(now + 5 * SECOND));
        // Half the time is used and more is asked for: the same instant.
        assert_eq!(allowance.wait(now + 2 * SECOND), Some(now + 5 * SECOND));
    }

    #[test]
    fn what_the_handler_does_meanwhile_is_not_counted() {
        let start = Instant::now();
        let mut allowance = allowance();
        allowance.wait(start);
        allowance.take(1).unwrap();
        allowance.pause(start + 4 * SECOND);
        let later = start + 1000 * SECOND;
        assert_eq!(allowance.wait(later), Some(later + 6 * SECOND));
    }

    #[test]
    fn a_reader_that_comes_back_late_has_not_waited_all_the_while() {
        let start = Instant::now();
        let mut allowance = allowance();
        allowance.wait(start);
        let later = start + 1000 * SECOND;
        allowance.take(1).unwrap();
        allowance.end_wait(later);
        assert_eq!(allowance.wait(later), Some(later + 10 * SECOND));
        // One that has waited to the end, and is told a little late, has.
        allowance.take(1).unwrap();
        allowance.end_wait(later + 10 * SECOND + SECOND / 2);
        assert_eq!(allowance.wait(later + 11 * SECOND), Some(later + 11 * SECOND));
    }

    #[test]
    fn bytes_are_counted_and_limits_can_be_lifted() {
        let mut allowance = allowance();
        assert_eq!(allowance.take(1000), Ok(()));
        assert_eq!(allowance.take(1), Err(Kind::BodyLimit(1000)));
        allowance.set_limits(BodyLimits::none());
        assert_eq!(allowance.take(usize::MAX / 2), Ok(()));
        assert_eq!(allowance.wait(Instant::now()), None);
    }

    #[test]
    fn limits_beyond_reason_are_no_overflow() {
        let limits =
            BodyLimits { bytes: Some(u64::MAX), timeout: Some(Duration::MAX), bytes_per_second: Some(0) };
        assert_eq!(Allowance::new(limits).wait(Instant::now()), None);
    }
}
