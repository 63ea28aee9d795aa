//! What RFC 9113 lets a server answer to each frame of a client: a second reading of the rules, slow and plain.
//!
//! The server that is modelled reads every request to its end and answers it at once, without a body. Where the RFC leaves
//! a choice, all of it is allowed, and the model goes on from what was chosen.

use std::collections::{BTreeMap, BTreeSet};

use crate::frame_kit::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PADDED, PING, PRIORITY,
    PRIORITY_FLAG, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
};

pub(crate) const PROTOCOL_ERROR: u32 = 1;
pub(crate) const FLOW_CONTROL_ERROR: u32 = 3;
pub(crate) const STREAM_CLOSED: u32 = 5;
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
pub(crate) const COMPRESSION_ERROR: u32 = 9;

const WINDOW_MAX: i64 = (1 << 31) - 1;

/// What a server says about a frame.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reaction {
    Nothing,
    /// A response on this stream.
    Answer(u32),
    Reset(u32, u32),
    GoAway(u32),
    SettingsAck,
    PingAck(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq)]
enum Stream {
    /// The request is arriving: so many bytes of body have, and so many were announced.
    Open { window: i64, bytes: u64, announced: Option<u64> },
    /// It was answered after its end.
    Ended,
    /// The client reset it.
    ResetByClient,
    /// The server did.
    ResetByServer,
}

#[derive(Debug)]
struct OpenBlock {
    stream: u32,
    is_end: bool,
    depends_on_itself: bool,
    block: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Model {
    streams: BTreeMap<u32, Stream>,
    last: u32,
    initial_window: i64,
    window: i64,
    open_block: Option<OpenBlock>,
}

type Fields = Vec<(String, String)>;

impl Model {
    pub(crate) fn new() -> Self {
        Self { streams: BTreeMap::new(), last: 0, initial_window: 65_535, window: 65_535, open_block: None }
    }

    /// The greatest stream that there was.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    pub(crate) fn is_in_block(&self) -> Option<u32> {
        self.open_block.as_ref().map(|open| open.stream)
    }

    /// What may be answered to a frame.
    pub(crate) fn allowed(&mut self, frame: &Frame) -> BTreeSet<Reaction> {
        let faults = self.connection_faults(frame);
        if !faults.is_empty() {
            return faults.into_iter().map(Reaction::GoAway).collect();
        }
        let id = frame.stream;
        let one = |reaction| BTreeSet::from([reaction]);
        let nothing = || one(Reaction::Nothing);
        match frame.kind {
            DATA => self.data(frame),
            HEADERS => {
                let (block, depends_on) = headers_payload(frame);
                self.open_block = Some(OpenBlock {
                    stream: id,
                    is_end: frame.flags & END_STREAM != 0,
                    depends_on_itself: depends_on == Some(id),
                    block,
                });
                self.block_part(frame)
            }
            CONTINUATION => {
                let open = self.open_block.as_mut().expect("checked above");
                open.block.extend_from_slice(&frame.payload);
                self.block_part(frame)
            }
            PRIORITY if frame.payload.len() != 5 => one(Reaction::Reset(id, FRAME_SIZE_ERROR)),
            // RFC 7540 §5.3.1 made this an error; RFC 9113 says nothing of it.
            PRIORITY if number(&frame.payload[..4]) & 0x7fff_ffff == id => {
                BTreeSet::from([Reaction::Nothing, Reaction::Reset(id, PROTOCOL_ERROR)])
            }
            PRIORITY => nothing(),
            RST_STREAM => {
                if matches!(self.streams.get(&id), Some(Stream::Open { .. })) {
                    self.streams.insert(id, Stream::ResetByClient);
                }
                nothing()
            }
            // The RFC does not say what an answer means that nobody asked for.
            SETTINGS if frame.flags & ACK != 0 => {
                BTreeSet::from([Reaction::Nothing, Reaction::GoAway(PROTOCOL_ERROR)])
            }
            SETTINGS => {
                self.settings(&frame.payload);
                one(Reaction::SettingsAck)
            }
            PING if frame.flags & ACK != 0 => nothing(),
            PING => one(Reaction::PingAck(frame.payload.clone())),
            WINDOW_UPDATE => self.window_update(id, i64::from(number(&frame.payload) & 0x7fff_ffff)),
            // GOAWAY, and what nobody knows.
            _ => nothing(),
        }
    }

    /// Goes on from what the server said.
    pub(crate) fn chosen(&mut self, reaction: &Reaction) {
        match reaction {
            Reaction::Answer(id) => drop(self.streams.insert(*id, Stream::Ended)),
            Reaction::Reset(id, _) => drop(self.streams.insert(*id, Stream::ResetByServer)),
            _ => {}
        }
    }

    /// Every rule that the frame breaks and that ends the connection.
    fn connection_faults(&self, frame: &Frame) -> BTreeSet<u32> {
        let mut faults = BTreeSet::new();
        let mut forbid = |is_broken: bool, code: u32| {
            if is_broken {
                faults.insert(code);
            }
        };
        let (id, len, payload) = (frame.stream, frame.payload.len(), &frame.payload);
        let is_ack = frame.flags & ACK != 0;
        // §6.2: nothing comes within a field block.
        let is_within = match &self.open_block {
            Some(open) => frame.kind != CONTINUATION || open.stream != id,
            None => frame.kind == CONTINUATION,
        };
        forbid(is_within, PROTOCOL_ERROR);
        let is_of_stream = matches!(frame.kind, DATA | HEADERS | PRIORITY | RST_STREAM | CONTINUATION);
        forbid(is_of_stream && id == 0, PROTOCOL_ERROR);
        forbid(matches!(frame.kind, SETTINGS | PING | GOAWAY) && id != 0, PROTOCOL_ERROR);
        // §5.1: an idle stream takes HEADERS and PRIORITY only; and §5.1.1: those of clients are odd.
        let is_idle = id != 0 && (id > self.last || id % 2 == 0);
        forbid(matches!(frame.kind, DATA | RST_STREAM | WINDOW_UPDATE) && is_idle, PROTOCOL_ERROR);
        match frame.kind {
            DATA | HEADERS => {
                let padding = frame.flags & PADDED != 0;
                let priority = frame.kind == HEADERS && frame.flags & PRIORITY_FLAG != 0;
                let fixed = usize::from(padding) + if priority { 5 } else { 0 };
                let padded = if padding { payload.first().map_or(0, |&len| usize::from(len)) } else { 0 };
                forbid(len < fixed, FRAME_SIZE_ERROR);
                forbid(len >= fixed && padded > len - fixed, PROTOCOL_ERROR);
                let is_readable = len >= fixed && padded <= len - fixed;
                if frame.kind == HEADERS && frame.flags & END_HEADERS != 0 && is_readable {
                    let faults = self.opening_faults(id, &headers_payload(frame).0);
                    faults.into_iter().for_each(|code| forbid(true, code));
                }
            }
            RST_STREAM | WINDOW_UPDATE => forbid(len != 4, FRAME_SIZE_ERROR),
            PING => forbid(len != 8, FRAME_SIZE_ERROR),
            GOAWAY => forbid(len < 8, FRAME_SIZE_ERROR),
            SETTINGS if is_ack => forbid(len != 0, FRAME_SIZE_ERROR),
            SETTINGS if len % 6 != 0 => forbid(true, FRAME_SIZE_ERROR),
            SETTINGS => {
                for setting in payload.chunks(6) {
                    let value = i64::from(number(&setting[2..]));
                    match setting[1] {
                        _ if setting[0] != 0 => {}
                        2 | 8 => forbid(value > 1, PROTOCOL_ERROR),
                        4 => {
                            forbid(value > WINDOW_MAX, FLOW_CONTROL_ERROR);
                            // §6.9.2: nor may a change make one larger.
                            let grown = self.streams.values().any(|stream| match stream {
                                Stream::Open { window, .. } => {
                                    window + value - self.initial_window > WINDOW_MAX
                                }
                                _ => false,
                            });
                            forbid(grown, FLOW_CONTROL_ERROR);
                        }
                        5 => forbid(!(16_384..=16_777_215).contains(&value), PROTOCOL_ERROR),
                        _ => {}
                    }
                }
            }
            // §8.4: a client does not push.
            PUSH_PROMISE => {
                forbid(true, PROTOCOL_ERROR);
                forbid(len < 4 + usize::from(frame.flags & PADDED != 0), FRAME_SIZE_ERROR);
            }
            _ => {}
        }
        if frame.kind == WINDOW_UPDATE && id == 0 && len == 4 {
            let increment = i64::from(number(payload) & 0x7fff_ffff);
            forbid(increment == 0, PROTOCOL_ERROR);
            forbid(self.window + increment > WINDOW_MAX, FLOW_CONTROL_ERROR);
        }
        faults
    }

    /// §5.1.1: a stream that was passed over is closed and cannot be opened, nor can one of ours; which may be told of a
    /// block that is whole, or that it cannot be read.
    fn opening_faults(&self, id: u32, block: &[u8]) -> BTreeSet<u32> {
        let mut faults = match id <= self.last && !self.streams.contains_key(&id) {
            true => BTreeSet::from([PROTOCOL_ERROR, STREAM_CLOSED]),
            false if id.is_multiple_of(2) => BTreeSet::from([PROTOCOL_ERROR]),
            false => BTreeSet::new(),
        };
        if !faults.is_empty() && decode(block).is_none() {
            faults.insert(COMPRESSION_ERROR);
        }
        faults
    }

    fn data(&mut self, frame: &Frame) -> BTreeSet<Reaction> {
        let id = frame.stream;
        let padding = match frame.flags & PADDED {
            0 => 0,
            _ => 1 + u64::from(frame.payload[0]),
        };
        match self.streams.get_mut(&id) {
            Some(Stream::Open { bytes, announced, .. }) => {
                *bytes += frame.payload.len() as u64 - padding;
                let is_end = frame.flags & END_STREAM != 0;
                // §8.1.1: the body has the length that was announced.
                let is_wrong = announced.is_some_and(|announced| match is_end {
                    true => *bytes != announced,
                    false => *bytes > announced,
                });
                BTreeSet::from([match (is_wrong, is_end) {
                    (true, _) => Reaction::Reset(id, PROTOCOL_ERROR),
                    (false, true) => Reaction::Answer(id),
                    (false, false) => Reaction::Nothing,
                }])
            }
            _ => self.late(id),
        }
    }

    /// What may be answered to DATA or HEADERS on a stream that takes no more (§5.1).
    fn late(&self, id: u32) -> BTreeSet<Reaction> {
        let stream_closed = [Reaction::Reset(id, STREAM_CLOSED), Reaction::GoAway(STREAM_CLOSED)];
        match self.streams.get(&id) {
            // What was under way when it was reset.
            Some(Stream::ResetByServer) => [Reaction::Nothing].into_iter().chain(stream_closed).collect(),
            _ => BTreeSet::from(stream_closed),
        }
    }

    fn block_part(&mut self, frame: &Frame) -> BTreeSet<Reaction> {
        let open = self.open_block.take().expect("a block that is added to is open");
        let id = open.stream;
        // Which may be told at once, or when the block is here.
        let faults = self.opening_faults(id, &open.block).into_iter().map(Reaction::GoAway);
        if frame.flags & END_HEADERS == 0 {
            self.open_block = Some(open);
            return faults.chain([Reaction::Nothing]).collect();
        }
        let faults: BTreeSet<_> = faults.collect();
        if !faults.is_empty() {
            return faults;
        }
        let is_new = id > self.last;
        self.last = self.last.max(id);
        let Some(fields) = decode(&open.block) else {
            return BTreeSet::from([Reaction::GoAway(COMPRESSION_ERROR)]);
        };
        let malformed = BTreeSet::from([Reaction::Reset(id, PROTOCOL_ERROR)]);
        let mut allowed = if is_new {
            let announced = content_length(&fields);
            if !is_good(&fields)
                || !is_request(&fields)
                || (open.is_end && announced.is_some_and(|len| len > 0))
            {
                malformed
            } else {
                let window = self.initial_window;
                self.streams.insert(id, Stream::Open { window, bytes: 0, announced });
                BTreeSet::from([if open.is_end { Reaction::Answer(id) } else { Reaction::Nothing }])
            }
        } else {
            match self.streams.get(&id) {
                Some(Stream::Open { bytes, announced, .. }) => {
                    let is_whole = announced.is_none_or(|announced| *bytes == announced);
                    let has_pseudo = fields.iter().any(|(name, _)| name.starts_with(':'));
                    // §8.1: trailers end the request.
                    match open.is_end && is_whole && is_good(&fields) && !has_pseudo {
                        true => BTreeSet::from([Reaction::Answer(id)]),
                        false => malformed,
                    }
                }
                _ => self.late(id),
            }
        };
        if open.depends_on_itself {
            allowed.insert(Reaction::Reset(id, PROTOCOL_ERROR));
        }
        allowed
    }

    fn settings(&mut self, payload: &[u8]) {
        for setting in payload.chunks(6).filter(|setting| setting[..2] == [0, 4]) {
            let value = i64::from(number(&setting[2..]));
            for stream in self.streams.values_mut() {
                if let Stream::Open { window, .. } = stream {
                    *window += value - self.initial_window;
                }
            }
            self.initial_window = value;
        }
    }

    fn window_update(&mut self, id: u32, increment: i64) -> BTreeSet<Reaction> {
        if id == 0 {
            self.window += increment;
            return BTreeSet::from([Reaction::Nothing]);
        }
        match self.streams.get_mut(&id) {
            Some(Stream::Open { .. }) if increment == 0 => {
                BTreeSet::from([Reaction::Reset(id, PROTOCOL_ERROR)])
            }
            Some(Stream::Open { window, .. }) => {
                *window += increment;
                BTreeSet::from([match *window > WINDOW_MAX {
                    true => Reaction::Reset(id, FLOW_CONTROL_ERROR),
                    false => Reaction::Nothing,
                }])
            }
            // §5.1: allowed for a while on one that is closed, where it says nothing; what is wrong with it may be told.
            _ if increment == 0 => BTreeSet::from([
                Reaction::Nothing,
                Reaction::Reset(id, PROTOCOL_ERROR),
                Reaction::GoAway(PROTOCOL_ERROR),
            ]),
            _ => BTreeSet::from([Reaction::Nothing]),
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// The block in HEADERS, and what stream its priority names.
fn headers_payload(frame: &Frame) -> (Vec<u8>, Option<u32>) {
    let mut payload = &frame.payload[..];
    if frame.flags & PADDED != 0 {
        payload = &payload[1..payload.len() - usize::from(payload[0])];
    }
    match frame.flags & PRIORITY_FLAG {
        0 => (payload.to_vec(), None),
        _ => (payload[5..].to_vec(), Some(number(payload) & 0x7fff_ffff)),
    }
}

/// The fields of a block of literals that are neither coded nor indexed; `None` if it cannot be read.
fn decode(block: &[u8]) -> Option<Fields> {
    let mut fields = Vec::new();
    let mut rest = block;
    while let Some((first, behind)) = rest.split_first() {
        if *first != 0x10 {
            return None;
        }
        rest = behind;
        let mut string = || {
            let (len, behind) = rest.split_first()?;
            let (string, behind) = behind.split_at_checked(usize::from(*len))?;
            rest = behind;
            Some(String::from_utf8_lossy(string).into_owned())
        };
        fields.push((string()?, string()?));
    }
    Some(fields)
}

fn content_length(fields: &Fields) -> Option<u64> {
    fields.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok())
}

/// §8.2, §8.3: whether any message may have these fields in this order.
fn is_good(fields: &Fields) -> bool {
    const PSEUDO: [&str; 6] = [":authority", ":method", ":path", ":protocol", ":scheme", ":status"];
    const OF_CONNECTIONS: [&str; 5] =
        ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    fields.iter().enumerate().all(|(i, (name, value))| {
        let before = &fields[..i];
        let is_name = match name.starts_with(':') {
            true => {
                PSEUDO.contains(&name.as_str())
                    && before.iter().all(|(other, _)| other.starts_with(':') && other != name)
            }
            false => {
                !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                    && !OF_CONNECTIONS.contains(&name.as_str())
            }
        };
        let is_value = value.trim() == value && !value.contains(['\0', '\r', '\n']);
        let is_fit = match name.as_str() {
            "te" => value == "trailers",
            "content-length" => {
                value.parse::<u64>().is_ok()
                    && before.iter().all(|(other, before)| other != name || before == value)
            }
            "host" => before.iter().all(|(other, before)| match other.as_str() {
                ":authority" => before == value,
                other => other != "host",
            }),
            ":path" => value.starts_with('/') && !value.contains('#'),
            _ => true,
        };
        is_name && is_value && is_fit
    })
}

/// §8.3.1.
fn is_request(fields: &Fields) -> bool {
    let has = |name: &str| fields.iter().any(|(other, _)| other == name);
    has(":method") && has(":scheme") && has(":path") && !has(":status") && !has(":protocol")
}
