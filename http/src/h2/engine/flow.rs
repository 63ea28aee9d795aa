//! Flow control (RFC 9113 §5.2, §6.9), as arithmetic.

/// RFC 9113 §6.9.1: no window is larger.
pub(crate) const WINDOW_MAX: u32 = (1 << 31) - 1;

/// RFC 9113 §6.9.2: what windows are until somebody says otherwise.
pub(crate) const WINDOW_DEFAULT: u32 = 65_535;

/// A peer that may send less than this has reason to wait: the frames that everybody takes are as large.
const SHORT_BYTES: i64 = 1 << 14;

/// A window went above [`WINDOW_MAX`], or more arrived than it had room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflow;

/// What the peer lets us send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendWindow {
    // RFC 9113 §6.9.2: a change of the initial window can make it negative.
    left: i32,
}

impl SendWindow {
    pub(crate) fn new(initial: u32) -> Self {
        Self { left: initial as i32 }
    }

    /// Bytes that may be sent now.
    #[inline]
    pub(crate) fn available(self) -> usize {
        usize::try_from(self.left).unwrap_or(0)
    }

    /// Takes note of bytes that are sent; not more than are available.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) {
        debug_assert!(len <= self.available());
        self.left -= len as i32;
    }

    /// A WINDOW_UPDATE.
    pub(crate) fn grow(&mut self, increment: u32) -> Result<(), Overflow> {
        self.shift(i64::from(increment))
    }

    /// The initial window has changed by so much.
    pub(crate) fn shift(&mut self, by: i64) -> Result<(), Overflow> {
        let left = i64::from(self.left) + by;
        if left > i64::from(WINDOW_MAX) {
            return Err(Overflow);
        }
        self.left = i32::try_from(left).map_err(|_| Overflow)?;
        Ok(())
    }
}

/// What we let the peer send.
///
/// INVARIANT: what the peer may still send, what has arrived and is not used, and what is used and not announced again
/// are together the target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecvWindow {
    target: u32,
    /// As the peer knows it.
    left: i64,
    /// Used, and not yet announced.
    used: u32,
}

impl RecvWindow {
    pub(crate) fn new(target: u32) -> Self {
        Self { target, left: i64::from(target), used: 0 }
    }

    /// Data have arrived, padding included.
    #[inline]
    pub(crate) fn handle_data(&mut self, len: u32) -> Result<(), Overflow> {
        if i64::from(len) > self.left {
            return Err(Overflow);
        }
        self.left -= i64::from(len);
        Ok(())
    }

    /// Data have been used; answers what to announce, once that is worth a frame.
    #[inline]
    pub(crate) fn release(&mut self, len: usize) -> Option<u32> {
        self.used = self.used.saturating_add(u32::try_from(len).unwrap_or(u32::MAX)).min(WINDOW_MAX);
        self.announce_if_due()
    }

    /// As `release`, of a window that several streams share: what those hold that nobody reads may be most of it, and
    /// must not keep the rest from the others.
    #[inline]
    pub(crate) fn release_shared(&mut self, len: usize) -> Option<u32> {
        let due = self.release(len);
        let is_short = self.left < SHORT_BYTES && i64::from(self.used) * 2 >= self.left;
        if due.is_none() && is_short { self.announce() } else { due }
    }

    /// Makes the window larger from here on, and answers what to announce; it does not shrink.
    pub(crate) fn widen(&mut self, target: u32) -> Option<u32> {
        let more = target.checked_sub(self.target)?;
        self.target = target;
        self.used = self.used.saturating_add(more).min(WINDOW_MAX);
        self.announce()
    }

    /// The peer has taken note of another initial window.
    pub(crate) fn shift(&mut self, target: u32) {
        self.left += i64::from(target) - i64::from(self.target);
        self.target = target;
    }

    fn announce_if_due(&mut self) -> Option<u32> {
        // Worth a frame, and more than half of what the peer still has: it does not wait for us at the end of a window.
        let used = i64::from(self.used);
        let is_due = used > 0 && used * 2 >= self.left && used * 4 >= i64::from(self.target);
        if is_due { self.announce() } else { None }
    }

    /// Announces all that is used.
    fn announce(&mut self) -> Option<u32> {
        // RFC 9113 §6.9.1: never above the maximum, whatever the target.
        let room = (i64::from(WINDOW_MAX) - self.left).max(0);
        let increment = self.used.min(u32::try_from(room).unwrap_or(u32::MAX));
        if increment == 0 {
            return None;
        }
        self.used -= increment;
        self.left += i64::from(increment);
        Some(increment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_window_can_become_negative_and_come_back() {
        let mut window = SendWindow::new(10);
        window.take(10);
        assert_eq!(window.shift(-20), Ok(()));
        assert_eq!(window.available(), 0);
        assert_eq!(window.grow(25), Ok(()));
        assert_eq!(window.available(), 5);
    }

    #[test]
    fn no_send_window_grows_above_the_maximum() {
        let mut window = SendWindow::new(WINDOW_MAX);
        assert_eq!(window.grow(1), Err(Overflow));
        window.take(1);
        assert_eq!(window.grow(1), Ok(()));
        assert_eq!(window.shift(1), Err(Overflow));
    }

    #[test]
    fn what_is_used_is_announced_when_it_is_worth_a_frame() {
        let mut window = RecvWindow::new(100);
        assert_eq!(window.handle_data(100), Ok(()));
        assert_eq!(window.handle_data(1), Err(Overflow));
        assert_eq!(window.release(24), None);
        assert_eq!(window.release(1), Some(25));
        assert_eq!(window.handle_data(26), Err(Overflow));
        assert_eq!(window.handle_data(1), Ok(()));
        // Half of what is left.
        assert_eq!(RecvWindow::new(100).release(49), None);
    }

    #[test]
    fn a_window_that_is_widened_announces_the_difference() {
        let mut window = RecvWindow::new(65_535);
        assert_eq!(window.widen(1 << 20), Some((1 << 20) - 65_535));
        assert_eq!(window.handle_data(1 << 20), Ok(()));
        assert_eq!(window.widen(10), None);
    }

    #[test]
    fn a_smaller_initial_window_takes_back_what_was_given() {
        let mut window = RecvWindow::new(100);
        assert_eq!(window.handle_data(60), Ok(()));
        window.shift(50);
        assert_eq!(window.handle_data(1), Err(Overflow));
        // Sixty are used: the peer owed ten, and has fifty.
        assert_eq!(window.release(60), Some(60));
        assert_eq!(window.handle_data(51), Err(Overflow));
        assert_eq!(window.handle_data(50), Ok(()));
    }

    #[test]
    fn whatever_happens_the_parts_of_a_window_add_up() {
        let mut seed = 1u64;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((seed >> 33) as u32) % below
        };
        let (mut window, mut unread) = (RecvWindow::new(1000), 0u32);
        for _ in 0..10_000 {
            match next(3) {
                0 => {
                    let len = next(600);
                    if window.handle_data(len).is_ok() {
                        unread += len;
                    }
                }
                1 if unread > 0 => {
                    let len = next(unread) + 1;
                    unread -= len;
                    let _ = window.release(len as usize);
                }
                _ => window.shift(500 + next(1000)),
            }
            assert_eq!(window.left + i64::from(unread) + i64::from(window.used), i64::from(window.target));
        }
    }
}
