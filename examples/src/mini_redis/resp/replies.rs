//! Answers, written piece by piece.

use bytes::Bytes;
use minato_runtime::codec::BufList;

/// The version of the protocol that a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// What every client speaks until it says `HELLO 3`.
    #[default]
    Resp2,
    /// With maps, sets, doubles, pushes and one null.
    Resp3,
}

/// Writes answers into the queue of a connection, in the version its client speaks.
///
/// Long strings are queued by reference.
#[derive(Debug)]
pub struct Replies<'a> {
    queue: &'a mut BufList,
    protocol: Protocol,
}

impl<'a> Replies<'a> {
    /// Answers behind what `queue` holds.
    pub fn new(queue: &'a mut BufList, protocol: Protocol) -> Self {
        Self { queue, protocol }
    }

    /// The version answers are written in.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Writes what follows in another version.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.queue.push_slice(b"+OK\r\n");
    }

    /// A status, a word without line ends.
    pub fn simple(&mut self, text: &str) {
        self.queue.with_tail(|tail| {
            tail.extend_from_slice(b"+");
            tail.extend_from_slice(text.as_bytes());
            tail.extend_from_slice(b"\r\n");
        });
    }

    /// An error, a code word and a text. Line ends in it become spaces.
    pub fn error(&mut self, text: &str) {
        self.queue.with_tail(|tail| {
            tail.extend_from_slice(b"-");
            tail.extend(text.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
            tail.extend_from_slice(b"\r\n");
        });
    }

    /// A number.
    pub fn integer(&mut self, value: i64) {
        self.head(b':', value);
    }

    /// A count.
    pub fn count(&mut self, count: usize) {
        self.head(b':', count as i64);
    }

    /// A string, copied.
    pub fn bulk(&mut self, bytes: &[u8]) {
        let mut digits = itoa::Buffer::new();
        let len = digits.format(bytes.len());
        self.queue.with_tail(|tail| {
            tail.reserve(bytes.len() + len.len() + 5);
            tail.extend_from_slice(b"$");
            tail.extend_from_slice(len.as_bytes());
            tail.extend_from_slice(b"\r\n");
            tail.extend_from_slice(bytes);
            tail.extend_from_slice(b"\r\n");
        });
    }

    /// A string, by reference where that is cheaper.
    pub fn shared(&mut self, bytes: &Bytes) {
        if bytes.len() <= 1024 {
            return self.bulk(bytes);
        }
        self.head(b'$', bytes.len() as i64);
        self.queue.push(bytes.clone());
        self.queue.push_slice(b"\r\n");
    }

    /// A string that may be missing.
    pub fn shared_or_null(&mut self, bytes: Option<&Bytes>) {
        match bytes {
            Some(bytes) => self.shared(bytes),
            None => self.null(),
        }
    }

    /// A double: of its own type in version 3, a string in version 2.
    pub fn double(&mut self, value: f64) {
        let text = double_text(value);
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => self.queue.with_tail(|tail| {
                tail.extend_from_slice(b",");
                tail.extend_from_slice(text.as_bytes());
                tail.extend_from_slice(b"\r\n");
            }),
        }
    }

    /// A string that is not there.
    pub fn null(&mut self) {
        self.queue.push_slice(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// An array that is not there.
    pub fn null_array(&mut self) {
        self.queue.push_slice(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The head of an array; that many answers have to follow.
    pub fn array(&mut self, len: usize) {
        self.head(b'*', len as i64);
    }

    /// The head of a map; that many pairs of answers have to follow.
    pub fn map(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.head(b'*', len as i64 * 2),
            Protocol::Resp3 => self.head(b'%', len as i64),
        }
    }

    /// The head of a set; that many answers have to follow.
    pub fn set(&mut self, len: usize) {
        self.typed(b'~', len);
    }

    /// The head of a message that answers no request; that many answers have to follow.
    pub fn push(&mut self, len: usize) {
        self.typed(b'>', len);
    }

    fn typed(&mut self, kind: u8, len: usize) {
        let kind = if self.protocol == Protocol::Resp3 { kind } else { b'*' };
        self.head(kind, len as i64);
    }

    fn head(&mut self, kind: u8, number: i64) {
        let mut digits = itoa::Buffer::new();
        let number = digits.format(number);
        self.queue.with_tail(|tail| {
            tail.extend_from_slice(&[kind]);
            tail.extend_from_slice(number.as_bytes());
            tail.extend_from_slice(b"\r\n");
        });
    }
}

/// A double as Redis writes it, from version 7.2 on: as few digits as tell it from its neighbours.
pub(in crate::mini_redis) fn double_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    match value.abs() {
        1e17.. => format!("{value:e}").replace('e', "e+"),
        tiny if tiny < 1e-4 && tiny > 0.0 => format!("{value:e}"),
        _ => format!("{value}"),
    }
}
