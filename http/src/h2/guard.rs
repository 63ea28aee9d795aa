//! Looks at the frames that arrive, for what h2 lets pass or answers with another code than RFC 9113 names. Such a frame
//! is held back from it.
//!
//! Three things: the first frame must be SETTINGS; a frame that is no data, and a head of several frames, must not take
//! for ever to arrive; and frames that carry neither request, response nor data are not free.
//! They are paid from a budget that fills with time, with what the peer does that is useful, and with what it takes
//! from us (a peer that downloads sends WINDOW_UPDATE for good reason).

use super::{PREFACE, Role};
use crate::limits::CONTROL_FRAMES_PER_SECOND;
use crate::reason::Reason;

const HEAD_LEN: usize = 9;

/// The flag of SETTINGS and PING that answer.
const ACK: u8 = 1;

/// The flag of the last frame of a head.
const END_HEADERS: u8 = 4;

/// What RST_STREAM costs more than another control frame: each may have started a handler (CVE-2023-44487).
const RESET_COST: u32 = 5;

/// Bytes the peer takes from us that earn it one frame.
const BYTES_PER_FRAME: u32 = 1024;

mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const PRIORITY: u8 = 2;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const PUSH_PROMISE: u8 = 5;
    pub(super) const PING: u8 = 6;
    pub(super) const GOAWAY: u8 = 7;
    pub(super) const WINDOW_UPDATE: u8 = 8;
    pub(super) const CONTINUATION: u8 = 9;
}

/// The length of one setting.
const SETTING_LEN: usize = 6;

const ENABLE_PUSH: u16 = 2;

const INITIAL_WINDOW_SIZE: u16 = 4;

/// RFC 9113 §6.9.1: no window is larger.
pub(crate) const WINDOW_MAX: u32 = (1 << 31) - 1;

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
    /// The frame that began a head whose last frame has not arrived, by its number.
    open_head: Option<u64>,
    budget: u32,
    budget_max: u32,
    /// Bytes written that have not earned a frame yet.
    credit: u32,
    has_settings: bool,
    /// The part of a setting that has arrived, while SETTINGS arrive.
    setting: Option<([u8; SETTING_LEN], usize)>,
    role: Role,
    fault: Option<Reason>,
    /// There was a fault: nothing is let through any more.
    is_shut: bool,
}

impl FrameGuard {
    /// A guard for the side that this is; that of a server passes over the preface first.
    pub(crate) fn new(role: Role, budget: u32) -> Self {
        Self {
            skip: if role == Role::Server { PREFACE.len() } else { 0 },
            head: [0; HEAD_LEN],
            head_len: 0,
            frames: 0,
            data_bytes: 0,
            is_data: false,
            open_head: None,
            budget,
            budget_max: budget,
            credit: 0,
            has_settings: false,
            setting: None,
            role,
            fault: None,
            is_shut: false,
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

    /// What has begun to arrive and is of no use before it is here as a whole: the number of its first frame. A connection
    /// that is busy may be seen in the middle of a frame each time; it is the same frame only if it is slow.
    pub(crate) fn arriving(&self) -> Option<u64> {
        let next = (self.head_len > 0).then_some(self.frames + 1);
        let current = (self.skip > 0 && !self.is_data).then_some(self.frames);
        self.open_head.or(next).or(current)
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

    /// Takes bytes that have arrived; answers how many of them may go on to h2. Behind a fault that is none.
    pub(crate) fn handle_read(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && !self.is_shut {
            let payload = self.skip.min(bytes.len() - at);
            self.skip -= payload;
            if self.setting.is_some() && !self.handle_settings(&bytes[at..at + payload]) {
                return at;
            }
            at += payload;
            let taken = (HEAD_LEN - self.head_len).min(bytes.len() - at);
            self.head[self.head_len..self.head_len + taken].copy_from_slice(&bytes[at..at + taken]);
            self.head_len += taken;
            if self.head_len == HEAD_LEN {
                self.head_len = 0;
                self.handle_frame();
                if self.is_shut {
                    return at;
                }
            }
            at += taken;
        }
        at
    }

    /// Whether there was a fault, so that h2 sees no more of what arrives.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_shut
    }

    fn fail(&mut self, reason: Reason) {
        self.fault = self.fault.or(Some(reason));
        self.is_shut = true;
    }

    /// Looks at settings as they arrive; false at a fault.
    fn handle_settings(&mut self, payload: &[u8]) -> bool {
        let Some((setting, len)) = &mut self.setting else { return true };
        let (mut is_good, mut pushes) = (true, false);
        for &byte in payload {
            setting[*len] = byte;
            *len = (*len + 1) % SETTING_LEN;
            let [id @ .., a, b, c, d] = *setting;
            // RFC 9113 §6.5.2.
            let is_window = *len == 0 && u16::from_be_bytes(id) == INITIAL_WINDOW_SIZE;
            is_good &= !is_window || u32::from_be_bytes([a, b, c, d]) <= WINDOW_MAX;
            let is_push = *len == 0 && u16::from_be_bytes(id) == ENABLE_PUSH;
            pushes |= is_push && u32::from_be_bytes([a, b, c, d]) != 0;
        }
        if self.skip == 0 {
            self.setting = None;
        }
        // RFC 9113 §6.5.2: a server never says that it takes pushes.
        if pushes && self.role == Role::Client {
            self.fail(Reason::PROTOCOL_ERROR);
        } else if !is_good {
            self.fail(Reason::FLOW_CONTROL_ERROR);
        }
        !self.is_shut
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
            let first = self.open_head.unwrap_or(self.frames);
            self.open_head = (flags & END_HEADERS == 0).then_some(first);
        }
        // RFC 9113 §3.4: the preface is followed by a SETTINGS frame, which may be empty.
        if !std::mem::replace(&mut self.has_settings, true) && kind != kind::SETTINGS {
            return self.fail(Reason::PROTOCOL_ERROR);
        }
        // RFC 9113 §8.4: a client cannot push.
        if kind == kind::PUSH_PROMISE && self.role == Role::Server {
            return self.fail(Reason::PROTOCOL_ERROR);
        }
        if !has_good_len(kind, flags, len) {
            return self.fail(Reason::FRAME_SIZE_ERROR);
        }
        match kind {
            kind::HEADERS => self.earn(1),
            kind::DATA if len > 0 => self.earn(1),
            kind::DATA | kind::CONTINUATION => {}
            kind::RST_STREAM => self.spend(RESET_COST),
            // CVE-2020-11080: settings by the thousand in one frame.
            kind::SETTINGS if flags & ACK == 0 => {
                self.setting = (len > 0).then_some(([0; SETTING_LEN], 0));
                self.spend(1 + len / SETTING_LEN as u32);
            }
            _ => self.spend(1),
        }
    }

    fn earn(&mut self, frames: u32) {
        self.budget = self.budget.saturating_add(frames).min(self.budget_max);
    }

    fn spend(&mut self, frames: u32) {
        match self.budget.checked_sub(frames) {
            Some(left) => self.budget = left,
            None => self.fail(Reason::ENHANCE_YOUR_CALM),
        }
    }
}

/// RFC 9113 §6: the frames of a fixed length, for which h2 has no code of their own.
fn has_good_len(kind: u8, flags: u8, len: u32) -> bool {
    match kind {
        kind::PRIORITY => len == 5,
        kind::RST_STREAM | kind::WINDOW_UPDATE => len == 4,
        kind::SETTINGS if flags & ACK != 0 => len == 0,
        kind::SETTINGS => len.is_multiple_of(SETTING_LEN as u32),
        kind::PING => len == 8,
        kind::GOAWAY => len >= 8,
        _ => true,
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
            let mut guard = FrameGuard::new(Role::Server, 10);
            guard.handle_read(&[b'P'; 24]);
            guard.handle_read(&frame(first, 6));
            assert_eq!(guard.take_fault(), fault);
        }
    }

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let mut bytes = frame(kind::SETTINGS, 0);
        for (kind, len) in
            [(kind::HEADERS, 13), (kind::PING, 8), (kind::DATA, 13), (kind::WINDOW_UPDATE, 4), (0xfe, 13)]
        {
            bytes.extend(frame(kind, len));
        }
        for step in 1..=bytes.len() {
            let mut guard = FrameGuard::new(Role::Client, 10);
            for chunk in bytes.chunks(step) {
                assert_eq!(guard.handle_read(chunk), chunk.len());
            }
            assert_eq!(
                (guard.frames(), guard.budget, guard.take_fault()),
                (6, 8, None),
                "in steps of {step}"
            );
        }
    }

    #[test]
    fn settings_are_paid_for_one_by_one_and_their_windows_looked_at() {
        let settings = |count: usize, window: u32| {
            let mut frame = frame(kind::SETTINGS, SETTING_LEN * count);
            for setting in frame[HEAD_LEN..].chunks_mut(SETTING_LEN) {
                setting[..2].copy_from_slice(&INITIAL_WINDOW_SIZE.to_be_bytes());
                setting[2..].copy_from_slice(&window.to_be_bytes());
            }
            frame
        };
        for step in 1..30 {
            let mut guard = FrameGuard::new(Role::Client, 100);
            let bytes = [settings(2, WINDOW_MAX), settings(1, WINDOW_MAX + 1), settings(1, 0)].concat();
            let passed: usize = bytes.chunks(step).map(|chunk| guard.handle_read(chunk)).sum();
            // The last byte of the setting that is wrong is held back at least.
            assert!((HEAD_LEN + 12..2 * HEAD_LEN + 18).contains(&passed), "{passed} in steps of {step}");
            assert_eq!(guard.take_fault(), Some(Reason::FLOW_CONTROL_ERROR));
        }
        let mut guard = FrameGuard::new(Role::Client, 1000);
        guard.handle_read(&settings(900, 0));
        assert_eq!((guard.budget, guard.take_fault()), (99, None));
        guard.handle_read(&settings(900, 0));
        assert_eq!(guard.take_fault(), Some(Reason::ENHANCE_YOUR_CALM));
    }

    #[test]
    fn what_has_begun_is_known_by_its_first_frame_until_it_is_here() {
        let mut guard = FrameGuard::new(Role::Client, 100);
        let mut arriving = |bytes: &[u8]| {
            guard.handle_read(bytes);
            guard.arriving()
        };
        let settings = frame(kind::SETTINGS, 6);
        assert_eq!(
            [&settings[..3], &settings[3..12], &settings[12..]].map(&mut arriving),
            [Some(1), Some(1), None]
        );
        let mut last = frame(kind::CONTINUATION, 5);
        last[4] = END_HEADERS;
        let head = [&frame(kind::HEADERS, 5)[..], &frame(kind::CONTINUATION, 5), &last];
        assert_eq!(head.map(&mut arriving), [Some(2), Some(2), None]);
        // The end of one frame and the beginning of the next.
        let ping = frame(kind::PING, 8);
        let [begin, rest] = [&ping[..4], &ping[4..]];
        assert_eq!([begin, &[rest, begin].concat(), rest].map(&mut arriving), [Some(5), Some(6), None]);
        let data = frame(kind::DATA, 100);
        assert_eq!([&data[..20], &data[20..]].map(&mut arriving), [None, None]);
        assert_eq!(guard.data_bytes(), 100);
        guard.handle_read(&data[..19]);
        assert_eq!(guard.data_bytes(), 110);
    }

    #[test]
    fn a_flood_of_control_frames_ends_the_connection() {
        for (kind, len) in [(4, 0), (6, 8), (2, 5), (8, 4), (0xab, 8)] {
            let mut guard = FrameGuard::new(Role::Client, 100);
            guard.handle_read(&frame(kind::SETTINGS, 0));
            for _ in 0..99 {
                guard.handle_read(&frame(kind, len));
            }
            assert_eq!(guard.take_fault(), None);
            guard.handle_read(&frame(kind, len));
            assert_eq!(guard.take_fault(), Some(Reason::ENHANCE_YOUR_CALM));
            assert_eq!(guard.handle_read(&frame(kind, len)), 0);
        }
    }

    #[test]
    fn resets_cost_more_than_the_requests_they_end_earn() {
        let mut guard = FrameGuard::new(Role::Client, 100);
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
        let mut guard = FrameGuard::new(Role::Client, 1000);
        guard.handle_read(&frame(kind::SETTINGS, 0));
        for _ in 0..100 {
            for _ in 0..999 {
                guard.handle_read(&frame(8, 4));
            }
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
