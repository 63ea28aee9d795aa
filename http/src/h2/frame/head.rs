//! The nine bytes before each payload (RFC 9113 §4.1).

use super::Fault;
use super::settings::SETTING_LEN;
use crate::reason::Reason;

/// The length of a frame head.
pub(crate) const HEAD_LEN: usize = 9;

/// The reserved bit before a stream identifier.
pub(super) const STREAM_MASK: u32 = (1 << 31) - 1;

/// The flags, of which the types use the same bits for different things.
pub(super) mod flag {
    pub(in crate::h2::frame) const ACK: u8 = 0x1;
    pub(in crate::h2::frame) const END_STREAM: u8 = 0x1;
    pub(in crate::h2::frame) const END_HEADERS: u8 = 0x4;
    pub(in crate::h2::frame) const PADDED: u8 = 0x8;
    pub(in crate::h2::frame) const PRIORITY: u8 = 0x20;
}

/// The type of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    Headers,
    Priority,
    Reset,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// RFC 9113 §5.5: a type that nobody knows is passed over.
    Unknown,
}

impl Kind {
    fn of(byte: u8) -> Self {
        const KINDS: [Kind; 10] = [
            Kind::Data,
            Kind::Headers,
            Kind::Priority,
            Kind::Reset,
            Kind::Settings,
            Kind::PushPromise,
            Kind::Ping,
            Kind::GoAway,
            Kind::WindowUpdate,
            Kind::Continuation,
        ];
        KINDS.get(usize::from(byte)).copied().unwrap_or(Kind::Unknown)
    }

    /// The byte of a type that can be written.
    pub(super) const fn byte(self) -> u8 {
        self as u8
    }
}

/// A frame head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of payload.
    pub(crate) len: u32,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    /// The stream, or zero for the connection.
    pub(crate) stream: u32,
}

impl Head {
    /// The head at the start of `bytes`, once all of it is there.
    #[inline]
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[high, middle, low, kind, flags, a, b, c, d] = bytes.first_chunk::<HEAD_LEN>()?;
        Some(Self {
            len: u32::from_be_bytes([0, high, middle, low]),
            kind: Kind::of(kind),
            flags,
            // RFC 9113 §4.1: the reserved bit is ignored.
            stream: u32::from_be_bytes([a, b, c, d]) & STREAM_MASK,
        })
    }

    /// What is wrong with the frame, as far as its head tells.
    ///
    /// RFC 9113 §4.2: a frame that is too long for our setting, or has not the length its type asks for, is a
    /// FRAME_SIZE_ERROR; of the connection where it could change the state of all of it.
    #[inline]
    pub(crate) fn check(&self, max_frame_size: u32) -> Result<(), Fault> {
        let is_sized = match self.kind {
            Kind::Data => self.len >= u32::from(self.is_padded()),
            Kind::Headers => {
                let priority = if self.has_priority() { PRIORITY_LEN } else { 0 };
                self.len >= u32::from(self.is_padded()) + priority
            }
            Kind::PushPromise => self.len >= u32::from(self.is_padded()) + 4,
            Kind::Priority => self.len == PRIORITY_LEN,
            Kind::Reset | Kind::WindowUpdate => self.len == 4,
            Kind::Ping => self.len == 8,
            Kind::GoAway => self.len >= 8,
            Kind::Settings if self.is_ack() => self.len == 0,
            Kind::Settings => self.len.is_multiple_of(SETTING_LEN as u32),
            Kind::Continuation | Kind::Unknown => true,
        };
        let is_placed = match self.kind {
            Kind::Settings | Kind::Ping | Kind::GoAway => self.stream == 0,
            Kind::WindowUpdate | Kind::Unknown => true,
            Kind::Data
            | Kind::Headers
            | Kind::Priority
            | Kind::Reset
            | Kind::PushPromise
            | Kind::Continuation => self.stream != 0,
        };
        match (is_placed, is_sized && self.len <= max_frame_size) {
            (true, true) => Ok(()),
            (false, _) => Err(Fault::Connection(Reason::PROTOCOL_ERROR)),
            // RFC 9113 §6.3: the one frame without which the connection can go on.
            (true, false) if self.kind == Kind::Priority && self.len <= max_frame_size => {
                Err(Fault::Stream(self.stream, Reason::FRAME_SIZE_ERROR))
            }
            (true, false) => Err(Fault::Connection(Reason::FRAME_SIZE_ERROR)),
        }
    }

    /// Of DATA and HEADERS: the sender's side of the stream ends with it.
    pub(crate) fn is_end_stream(&self) -> bool {
        self.flags & flag::END_STREAM != 0
    }

    /// Of HEADERS, PUSH_PROMISE and CONTINUATION: the field block ends with it.
    pub(crate) fn is_end_headers(&self) -> bool {
        self.flags & flag::END_HEADERS != 0
    }

    /// Of SETTINGS and PING: it answers one of ours.
    pub(crate) fn is_ack(&self) -> bool {
        self.flags & flag::ACK != 0
    }

    /// Of DATA, HEADERS and PUSH_PROMISE: a byte says how much padding ends it.
    pub(crate) fn is_padded(&self) -> bool {
        self.flags & flag::PADDED != 0
    }

    pub(super) fn has_priority(&self) -> bool {
        self.flags & flag::PRIORITY != 0
    }

    /// The bytes of this head.
    #[inline]
    pub(super) fn bytes(&self) -> [u8; HEAD_LEN] {
        let [_, high, middle, low] = self.len.to_be_bytes();
        let [a, b, c, d] = self.stream.to_be_bytes();
        [high, middle, low, self.kind.byte(), self.flags, a, b, c, d]
    }
}

/// The length of what PRIORITY carries.
pub(super) const PRIORITY_LEN: u32 = 5;
