//! What frames that carry neither request, response nor data cost the peer.
//!
//! They are paid from a budget that fills with time, with what the peer does that is useful, and with what it takes
//! from us: a peer that downloads sends WINDOW_UPDATE for good reason.

use super::Ended;
use crate::limits::{CONTROL_FRAMES_PER_SECOND, LOCAL_ERROR_RESETS_PER_SECOND};
use crate::reason::Reason;

/// What RST_STREAM costs more than another control frame: each may have started a handler (CVE-2023-44487).
pub(super) const RESET_COST: u32 = 5;

/// Bytes the peer takes from us that earn it one frame.
const BYTES_PER_FRAME: u32 = 1024;

/// The peer has spent more than it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent;

impl From<Spent> for Ended {
    fn from(_: Spent) -> Self {
        Self::fault(Reason::ENHANCE_YOUR_CALM)
    }
}

#[derive(Debug)]
pub(super) struct Budget {
    left: u32,
    most: u32,
    /// Bytes written that have not earned a frame yet.
    credit: u32,
    /// Streams the peer may still make us reset.
    faults_left: u32,
    faults_most: u32,
}

impl Budget {
    pub(super) fn new(control_frames: u32, faults: u32) -> Self {
        Self {
            left: control_frames,
            most: control_frames,
            credit: 0,
            faults_left: faults,
            faults_most: faults,
        }
    }

    /// Takes note that the peer took bytes of ours.
    pub(super) fn handle_written(&mut self, len: usize) {
        let credit = self.credit.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        self.earn(credit / BYTES_PER_FRAME);
        self.credit = credit % BYTES_PER_FRAME;
    }

    /// Takes note that whole seconds have passed.
    pub(super) fn handle_seconds(&mut self, seconds: u64) {
        let times = |rate: u32| u32::try_from(seconds.saturating_mul(u64::from(rate))).unwrap_or(u32::MAX);
        self.earn(times(CONTROL_FRAMES_PER_SECOND));
        let faults = times(LOCAL_ERROR_RESETS_PER_SECOND);
        self.faults_left = self.faults_left.saturating_add(faults).min(self.faults_most);
    }

    #[inline]
    pub(super) fn earn(&mut self, frames: u32) {
        self.left = self.left.saturating_add(frames).min(self.most);
    }

    #[inline]
    pub(super) fn spend(&mut self, frames: u32) -> Result<(), Spent> {
        self.left = self.left.checked_sub(frames).ok_or(Spent)?;
        Ok(())
    }

    /// The peer broke the rules of one stream, and we reset it (CVE-2025-8671, MadeYouReset).
    pub(super) fn spend_fault(&mut self) -> Result<(), Spent> {
        self.faults_left = self.faults_left.checked_sub(1).ok_or(Spent)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_comes_back_with_use_and_with_time_but_never_above_the_most() {
        let mut budget = Budget::new(10, 1);
        assert_eq!(budget.spend(10), Ok(()));
        assert_eq!(budget.spend(1), Err(Spent));
        budget.earn(1);
        budget.handle_written(1023);
        assert_eq!((budget.spend(1), budget.spend(1)), (Ok(()), Err(Spent)));
        budget.handle_written(1);
        assert_eq!(budget.spend(1), Ok(()));
        budget.handle_seconds(u64::MAX);
        assert_eq!((budget.spend(10), budget.spend(1)), (Ok(()), Err(Spent)));
    }

    #[test]
    fn resets_for_faults_have_a_budget_of_their_own() {
        let mut budget = Budget::new(10, 2);
        assert_eq!((budget.spend_fault(), budget.spend_fault()), (Ok(()), Ok(())));
        assert_eq!(budget.spend_fault(), Err(Spent));
        budget.handle_seconds(1);
        assert_eq!(budget.spend_fault(), Ok(()));
    }
}
