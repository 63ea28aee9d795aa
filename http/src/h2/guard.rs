//! Looks at the frame heads that arrive, for what h2 lets pass.
//!
//! Three things: the first frame must be SETTINGS; a frame that is no data, and a head of several frames, must not take
//! for ever to arrive; and frames that carry neither request, response nor data are not free.
//! They are paid from a budget that fills with time, with what the peer does that is useful, and with what it takes
//! from us (a peer that downloads sends WINDOW_UPDATE for good reason).

use crate::limits::CONTROL_FRAMES_PER_SECOND;
use crate::reason::Reason;

const HEAD_LEN: usize = 9;

/// The flag of the last frame of a head.
const END_HEADERS: u8 = 4;

/// What RST_STREAM costs more than another control frame: each may have started a handler (CVE-2023-44487).
const RESET_COST: u32 = 5;

/// Bytes the peer takes from us that earn it one frame.
const BYTES_PER_FRAME: u32 = 1024;

mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const CONTINUATION: u8 = 9;
}

/// Follows the frames of one direction of a connection.
#[derive(Debug)]
pub(crate) struct FrameGuard {
    /// Bytes of preface or payload to pass over.
    skip: usize,
    head: [u8; HEAD_LEN],
    head_len: usize,
    frames: u64,
    /// Bytes of data that have arrived or are announced.
    data_bytes: u64,
    /// The frame that is arriving is one of data.
    is_data: bool,
    /// A head has begun and its last frame has not.
    is_head_open: bool,
    budget: u32,
    budget_max: u32,
    /// Bytes written that have not earned a frame yet.
    credit: u32,
    has_settings: bool,
    fault: Option<Reason>,
}

impl FrameGuard {
    /// A guard that passes over `preface` bytes first.
    pub(crate) fn new(preface: usize, budget: u32) -> Self {
        Self {
            skip: preface,
            head: [0; HEAD_LEN],
            head_len: 0,
            frames: 0,
            data_bytes: 0,
            is_data: false,
            is_head_open: false,
            budget,
            budget_max: budget,
            credit: 0,
            has_settings: false,
            fault: None,
        }
    }

    /// Frames that have begun to arrive.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes of data that have arrived.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.data_bytes - if self.is_data { self.skip as u64 } else { 0 }
    }

    /// Whether something has begun to arrive that is of no use before it is here as a whole.
    pub(crate) fn has_begun(&self) -> bool {
        self.head_len > 0 || self.is_head_open || (self.skip > 0 && !self.is_data)
    }

    /// Whether the peer has said its first word.
    pub(crate) fn has_settings(&self) -> bool {
        self.has_settings
    }

    /// The code with which the connection must end, once there is reason to.
    pub(crate) fn take_fault(&mut self) -> Option<Reason> {
        self.fault.take()
    }

    /// Whether there is reason to end the connection.
    pub(crate) fn has_fault(&mut self) -> bool {
        self.fault.is_some()
    }

    /// Takes bytes that have arrived.
    pub(crate) fn handle_read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEAD_LEN - self.head_len).min(bytes.len());
            self.head[self.head_len..self.head_len + taken].copy_from_slice(&bytes[..taken]);
            self.head_len += taken;
            bytes = &bytes[taken..];
            if self.head_len == HEAD_LEN {
                self.head_len = 0;
                self.handle_frame();
            }
        }
    }

    /// Takes note that the peer took bytes of ours.
    pub(crate) fn handle_written(&mut self, len: usize) {
        let credit = self.credit.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        self.earn(credit / BYTES_PER_FRAME);
        self.credit = credit % BYTES_PER_FRAME;
    }

    /// Takes note that whole seconds have passed.
    pub(crate) fn handle_seconds(&mut self, seconds: u64) {
        let earned = seconds.saturating_mul(u64::from(CONTROL_FRAMES_PER_SECOND));
        self.earn(u32::try_from(earned).unwrap_or(u32::MAX));
    }

    fn handle_frame(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.head;
        let len = u32::from_be_bytes([0, high, middle, low]);
        self.skip = len as usize;
        self.frames += 1;
        self.is_data = kind == kind::DATA;
        if self.is_data {
            self.data_bytes += u64::from(len);
        }
        if matches!(kind, kind::HEADERS | kind::CONTINUATION) {
            self.is_head_open = flags & END_HEADERS == 0;
        }
        // RFC 9113 §3.4: the preface is followed by a SETTINGS frame, which may be empty.
        if !std::mem::replace(&mut self.has_settings, true) && kind != kind::SETTINGS {
            self.fault = Some(Reason::PROTOCOL_ERROR);
        }
        match kind {
            kind::HEADERS => self.earn(1),
            kind::DATA if len > 0 => self.earn(1),
            kind::DATA | kind::CONTINUATION => {}
            kind::RST_STREAM => self.spend(RESET_COST),
            _ => self.spend(1),
        }
    }

    fn earn(&mut self, frames: u32) {
        self.budget = self.budget.saturating_add(frames).min(self.budget_max);
    }

    fn spend(&mut self, frames: u32) {
        match self.budget.checked_sub(frames) {
            Some(left) => self.budget = left,
            None => self.fault = self.fault.or(Some(Reason::ENHANCE_YOUR_CALM)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, len: usize) -> Vec<u8> {
        let [_, high, middle, low] = (len as u32).to_be_bytes();
        let mut frame = vec![high, middle, low, kind, 0, 0, 0, 0, 1];
        frame.resize(HEAD_LEN + len, 0xff);
        frame
    }

    #[test]
    fn the_first_frame_must_be_settings() {
        for (first, fault) in [(kind::SETTINGS, None), (kind::HEADERS, Some(Reason::PROTOCOL_ERROR))] {
            let mut guard = FrameGuard::new(24, 10);
            guard.handle_read(&[b'P'; 24]);
            guard.handle_read(&frame(first, 6));
            assert_eq!(guard.take_fault(), fault);
        }
    }

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let mut bytes = frame(kind::SETTINGS, 0);
        for kind in [kind::HEADERS, 6, kind::DATA, 8, 0xfe] {
            bytes.extend(frame(kind, 13));
        }
        for step in 1..=bytes.len() {
            let mut guard = FrameGuard::new(0, 10);
            bytes.chunks(step).for_each(|chunk| guard.handle_read(chunk));
            assert_eq!(
                (guard.frames(), guard.budget, guard.take_fault()),
                (6, 8, None),
                "in steps of {step}"
            );
        }
    }

    #[test]
    fn what_has_begun_is_known_until_it_is_here() {
        let mut guard = FrameGuard::new(0, 100);
        let mut begun = |bytes: &[u8]| {
            guard.handle_read(bytes);
            guard.has_begun()
        };
        let settings = frame(kind::SETTINGS, 6);
        assert!(begun(&settings[..3]) && begun(&settings[3..12]) && !begun(&settings[12..]));
        let mut last = frame(kind::CONTINUATION, 5);
        last[4] = END_HEADERS;
        assert!(begun(&frame(kind::HEADERS, 5)) && begun(&frame(kind::CONTINUATION, 5)) && !begun(&last));
        let data = frame(kind::DATA, 100);
        assert!(!begun(&data[..20]) && !begun(&data[20..]));
        assert_eq!(guard.data_bytes(), 100);
        guard.handle_read(&data[..19]);
        assert_eq!(guard.data_bytes(), 110);
    }

    #[test]
    fn a_flood_of_control_frames_ends_the_connection() {
        for kind in [4, 6, 2, 8, 0xab] {
            let mut guard = FrameGuard::new(0, 100);
            guard.handle_read(&frame(kind::SETTINGS, 0));
            (0..99).for_each(|_| guard.handle_read(&frame(kind, 8)));
            assert_eq!(guard.take_fault(), None);
            guard.handle_read(&frame(kind, 8));
            assert_eq!(guard.take_fault(), Some(Reason::ENHANCE_YOUR_CALM));
        }
    }

    #[test]
    fn resets_cost_more_than_the_requests_they_end_earn() {
        let mut guard = FrameGuard::new(0, 100);
        guard.handle_read(&frame(kind::SETTINGS, 0));
        let pairs = (0..).take_while(|_| {
            guard.handle_read(&frame(kind::HEADERS, 20));
            guard.handle_read(&frame(kind::RST_STREAM, 4));
            guard.take_fault().is_none()
        });
        assert_eq!(pairs.count(), 24);
    }

    #[test]
    fn time_and_downloads_pay_for_control_frames() {
        let mut guard = FrameGuard::new(0, 1000);
        guard.handle_read(&frame(kind::SETTINGS, 0));
        for _ in 0..100 {
            (0..999).for_each(|_| guard.handle_read(&frame(8, 4)));
            guard.handle_seconds(1);
        }
        for _ in 0..100_000 {
            guard.handle_written(16 * 1024);
            guard.handle_read(&frame(8, 4));
            guard.handle_read(&frame(8, 4));
        }
        assert_eq!(guard.take_fault(), None);
    }
}
