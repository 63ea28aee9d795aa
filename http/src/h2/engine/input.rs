//! Takes frames out of what has arrived.
//!
//! Data are handed on as they arrive, whatever the length of their frame; every other frame is taken when it is here
//! as a whole. No frame makes us reserve memory for what it announces.

use super::flow::Overflow;
use super::state::{Event, Illegal};
use super::{Engine, Key};
use crate::h2::PREFACE;
use crate::h2::frame::{self, Fault, HEAD_LEN, Head, Kind};
use crate::input::Input;
use crate::reason::Reason;

/// Data shorter than this are many frames for little.
const SHORT_DATA_BYTES: u32 = 64;

/// What comes next.
#[derive(Debug)]
pub(super) enum Reading {
    /// The first bytes of a client.
    Preface,
    /// The head of a frame.
    Head,
    /// The byte that says how long the padding of data is.
    Padding { head: Head, key: Option<Key> },
    /// Data, for a stream that wants them or for nobody, then padding.
    Data { key: Option<Key>, left: u32, padding: u32, is_end: bool },
    /// The payload of a frame that nobody knows.
    Unknown { left: u32 },
}

impl Engine {
    /// Takes what there is, up to a frame that has not arrived as a whole.
    pub(crate) fn handle_input(&mut self, input: &mut Input) {
        while self.ended.is_none() {
            match self.step(input) {
                Ok(true) => {}
                Ok(false) => return,
                Err(Fault::Connection(reason)) => self.abort(reason),
                Err(Fault::Stream(id, reason)) => self.handle_fault(id, reason),
            }
        }
    }

    /// What has begun to arrive and is of no use before it is here as a whole: the number of its first frame. A connection
    /// that is busy may be seen in the middle of a frame each time; it is the same frame only if it is slow.
    pub(crate) fn arriving(&self, input: &Input) -> Option<u64> {
        if let Some((_, first)) = &self.block {
            return Some(*first);
        }
        match self.reading {
            Reading::Preface | Reading::Head | Reading::Padding { .. } => {
                (!input.is_empty()).then_some(self.frames + 1)
            }
            Reading::Data { .. } => None,
            Reading::Unknown { .. } => Some(self.frames),
        }
    }

    /// Bytes of a body that are announced and not here.
    pub(crate) fn data_left(&self) -> Option<u64> {
        match self.reading {
            Reading::Data { left, .. } => Some(u64::from(left)),
            _ => None,
        }
    }

    /// Takes one thing; false when more must arrive before.
    fn step(&mut self, input: &mut Input) -> Result<bool, Fault> {
        match self.reading {
            Reading::Preface => {
                let bytes = input.bytes();
                if !bytes.starts_with(PREFACE) {
                    return match PREFACE.starts_with(bytes) {
                        true => Ok(false),
                        false => Err(Fault::Connection(Reason::PROTOCOL_ERROR)),
                    };
                }
                input.consume(PREFACE.len());
                self.reading = Reading::Head;
                Ok(true)
            }
            Reading::Head => self.step_frame(input),
            Reading::Padding { head, key } => {
                let Some(&padding) = input.bytes().first() else { return Ok(false) };
                input.consume(1);
                // RFC 9113 §6.1: padding that is as long as the payload or longer is a connection error.
                let left = (head.len - 1)
                    .checked_sub(u32::from(padding))
                    .ok_or(Fault::Connection(Reason::PROTOCOL_ERROR))?;
                // What is no data is of no use to anybody, and given back at once.
                self.give_back(key, u32::from(padding) + 1);
                self.begin_payload(key, left, u32::from(padding), head.is_end_stream())
            }
            Reading::Data { key, left, padding, is_end } => self.step_data(input, key, left, padding, is_end),
            Reading::Unknown { left } => {
                let left = pass_over(input, left);
                self.reading = if left > 0 { Reading::Unknown { left } } else { Reading::Head };
                Ok(left == 0)
            }
        }
    }

    fn step_frame(&mut self, input: &mut Input) -> Result<bool, Fault> {
        let bytes = input.bytes();
        let Some(head) = Head::parse(bytes) else { return Ok(false) };
        // RFC 9113 §3.4: the preface is followed by a SETTINGS frame, which may be empty.
        let is_first = !self.peer.has_spoken;
        if is_first && (head.kind != Kind::Settings || head.is_ack()) {
            return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
        }
        // RFC 9113 §6.10: nothing comes between the frames of a field block.
        let in_block = self.block.as_ref().map(|(block, _)| block.stream);
        let follows = head.kind == Kind::Continuation && in_block == Some(head.stream);
        if in_block.is_some() != (head.kind == Kind::Continuation) || in_block.is_some() && !follows {
            return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
        }
        // A smaller limit of ours holds from its acknowledgement on, and there is none below the first.
        let max_frame_size = self.config.max_frame_size.max(frame::FRAME_SIZE_MIN);
        let checked = head.check(max_frame_size);
        if let Err(fault @ Fault::Connection(_)) = checked {
            return Err(fault);
        }
        match head.kind {
            Kind::Data => {
                input.consume(HEAD_LEN);
                self.frames += 1;
                return self.begin_data(head);
            }
            Kind::Unknown => {
                input.consume(HEAD_LEN);
                self.frames += 1;
                self.reading = Reading::Unknown { left: head.len };
                self.spend(1)?;
                return Ok(true);
            }
            _ => {}
        }
        let whole = HEAD_LEN + head.len as usize;
        let Some(payload) = bytes.get(HEAD_LEN..whole) else { return Ok(false) };
        let handled = checked.and_then(|()| self.handle_frame(&head, payload));
        input.consume(whole);
        self.frames += 1;
        handled.map(|()| true)
    }

    /// A frame of data begins: the windows pay for all of it.
    fn begin_data(&mut self, head: Head) -> Result<bool, Fault> {
        self.data_bytes += u64::from(head.len);
        let overrun = |Overflow| Fault::Connection(Reason::FLOW_CONTROL_ERROR);
        self.recv_window.handle_data(head.len).map_err(overrun)?;
        let taken = self.take_data(&head);
        // Whatever is wrong with the stream, what it carries must be passed over.
        let key = taken.unwrap_or(None);
        if head.is_padded() {
            self.reading = Reading::Padding { head, key };
        } else {
            self.begin_payload(key, head.len, 0, head.is_end_stream())?;
        }
        taken.map(|_| true)
    }

    /// The stream that data are for, if it is still there.
    fn take_data(&mut self, head: &Head) -> Result<Option<Key>, Fault> {
        let id = head.stream;
        let Some(key) = self.store.find(id) else {
            return match self.is_idle(id) {
                true => Err(Fault::Connection(Reason::PROTOCOL_ERROR)),
                false if self.is_passed_over(id) => Ok(None),
                false => self.refuse_late(id).map(|()| None),
            };
        };
        let Some(stream) = self.store.get(key) else { return Ok(None) };
        match stream.state.after(Event::RecvData) {
            Ok(_) => {}
            // It is closed, and only held by somebody: ours is the reset, or theirs.
            Err(_) if stream.state.is_closed() && self.gone.contains(id) => return Ok(None),
            Err(Illegal::Ended) => return Err(Fault::Stream(id, Reason::STREAM_CLOSED)),
            Err(Illegal::Order) => return Err(Fault::Stream(id, Reason::PROTOCOL_ERROR)),
        }
        let overrun = |Overflow| Fault::Stream(id, Reason::FLOW_CONTROL_ERROR);
        stream.recv_window.handle_data(head.len).map_err(overrun)?;
        if head.len < SHORT_DATA_BYTES && head.len > 0 && stream.has_reader {
            stream.received.short += 1;
            self.short_data += 1;
            if self.config.short_data_max.is_some_and(|most| self.short_data > most) {
                return Err(Fault::Connection(Reason::ENHANCE_YOUR_CALM));
            }
        }
        Ok(Some(key))
    }

    /// The data of a frame begin.
    fn begin_payload(
        &mut self,
        key: Option<Key>,
        left: u32,
        padding: u32,
        is_end: bool,
    ) -> Result<bool, Fault> {
        self.reading = Reading::Data { key, left, padding, is_end };
        // CVE-2019-9518: frames that carry nothing and end nothing are of no use.
        match left {
            0 if !is_end => self.spend(1)?,
            0 => {}
            _ => self.budget.earn(1),
        }
        if let Some(key) = key
            && let Some(stream) = self.store.get(key)
            && let Some(length) = stream.content_left
        {
            // RFC 9113 §8.1.1: a message that is longer than it says is malformed.
            let Some(rest) = length.checked_sub(u64::from(left)) else {
                return Err(Fault::Stream(stream.id, Reason::PROTOCOL_ERROR));
            };
            stream.content_left = Some(rest);
        }
        Ok(true)
    }

    fn step_data(
        &mut self,
        input: &mut Input,
        key: Option<Key>,
        left: u32,
        padding: u32,
        is_end: bool,
    ) -> Result<bool, Fault> {
        let len = (left as usize).min(input.bytes().len());
        if len > 0 {
            self.deliver(input, key, len);
        }
        let left = left - len as u32;
        let padding = if left == 0 { pass_over(input, padding) } else { padding };
        if left + padding > 0 {
            self.reading = Reading::Data { key, left, padding, is_end };
            return Ok(false);
        }
        self.reading = Reading::Head;
        match key {
            Some(key) if is_end => self.end_of_message(key).map(|()| true),
            _ => Ok(true),
        }
    }

    fn deliver(&mut self, input: &mut Input, key: Option<Key>, len: usize) {
        if let Some(key) = key
            && let Some(stream) = self.store.get(key)
            && stream.has_reader
            && !stream.state.is_closed()
        {
            stream.received.push(input, len);
            self.wake_reader(key);
            return;
        }
        input.consume(len);
        self.credit(len);
    }

    /// Gives window back for what was no data.
    fn give_back(&mut self, key: Option<Key>, len: u32) {
        self.credit(len as usize);
        if let Some(key) = key {
            self.credit_stream(key, len as usize);
        }
    }
}

/// Passes over what is there of so many bytes; answers how many are left.
fn pass_over(input: &mut Input, left: u32) -> u32 {
    let len = (left as usize).min(input.bytes().len());
    input.consume(len);
    left - len as u32
}
