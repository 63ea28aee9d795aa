//! Heads and trailers become a block (RFC 7541 §6).

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::field::is_connection_field;
use super::known::{self, index};
use super::sent::{Advice, Sent, SentTable};
use super::{TABLE_BYTES, huffman, integer};

/// How a literal begins, and the bits of its name's index.
#[derive(Debug, Clone, Copy)]
enum Literal {
    /// It gets a place in the table.
    Inserted,
    /// It does not, here.
    Passing,
    /// Nor anywhere further on (RFC 7541 §7.1).
    Secret,
}

/// RFC 7541 §7.1.3: a cookie as short as this could be guessed.
const COOKIE_BYTES: usize = 20;

/// Fields whose values are other ones each time, or come in so many that they would push out what is the same each time:
/// by their index in the static table.
const PASSING: u64 = 1 << index::AGE
    | 1 << index::CONTENT_LENGTH
    | 1 << index::ETAG
    | 1 << index::IF_MODIFIED_SINCE
    | 1 << index::IF_NONE_MATCH
    | 1 << index::LOCATION
    | 1 << index::SET_COOKIE;

/// Fields that are secret.
const SECRET: u64 = 1 << index::AUTHORIZATION | 1 << index::PROXY_AUTHORIZATION;

/// The pseudo fields of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestPseudo<'a> {
    pub(crate) method: &'a Method,
    pub(crate) scheme: Option<&'a str>,
    pub(crate) authority: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
}

/// Encodes the blocks of one direction of a connection.
#[derive(Debug)]
pub(crate) struct Encoder {
    table: SentTable,
    /// The changes of the table size that the next block begins with.
    change: Option<Change>,
}

/// RFC 7541 §4.2: the least size that there was between two blocks, and the last.
#[derive(Debug, Clone, Copy)]
struct Change {
    least: usize,
    last: usize,
}

impl Encoder {
    /// An encoder whose table has the size that both sides start with.
    pub(crate) fn new() -> Self {
        Self { table: SentTable::new(), change: None }
    }

    /// The peer allows this table size. We never use more than we start with.
    pub(crate) fn set_table_size(&mut self, bytes_max: u32) {
        let last = bytes_max.min(TABLE_BYTES) as usize;
        let least = self.change.map_or(last, |change| change.least.min(last));
        let is_change = least != self.table.bytes_max() || last != least;
        self.change = is_change.then_some(Change { least, last });
    }

    /// Appends the block of a response head.
    #[inline]
    pub(crate) fn encode_response(&mut self, out: &mut Vec<u8>, status: StatusCode, headers: &HeaderMap) {
        self.begin(out);
        match status.as_u16() {
            200 => put_index(index::STATUS, out),
            204 => put_index(index::STATUS + 1, out),
            206 => put_index(index::STATUS + 2, out),
            304 => put_index(index::STATUS + 3, out),
            400 => put_index(index::STATUS + 4, out),
            404 => put_index(index::STATUS + 5, out),
            500 => put_index(index::STATUS + 6, out),
            _ => self.put_pseudo(index::STATUS, ":status".len(), status.as_str().as_bytes(), out),
        }
        self.put_fields(headers, out);
    }

    /// Appends the block of a request head.
    #[inline]
    pub(crate) fn encode_request(
        &mut self,
        out: &mut Vec<u8>,
        pseudo: &RequestPseudo<'_>,
        headers: &HeaderMap,
    ) {
        self.begin(out);
        match pseudo.method {
            &Method::GET => put_index(index::METHOD, out),
            &Method::POST => put_index(index::METHOD + 1, out),
            other => self.put_pseudo(index::METHOD, ":method".len(), other.as_str().as_bytes(), out),
        }
        match pseudo.scheme {
            Some("http") => put_index(index::SCHEME, out),
            Some("https") => put_index(index::SCHEME + 1, out),
            Some(other) => self.put_pseudo(index::SCHEME, ":scheme".len(), other.as_bytes(), out),
            None => {}
        }
        if let Some(authority) = pseudo.authority {
            self.put_pseudo(index::AUTHORITY, ":authority".len(), authority.as_bytes(), out);
        }
        match pseudo.path {
            Some("/") => put_index(index::PATH, out),
            Some("/index.html") => put_index(index::PATH + 1, out),
            // Other ones each time, and what they ask for may be secret.
            Some(other) => put_literal(Literal::Passing, index::PATH.into(), b"", other.as_bytes(), out),
            None => {}
        }
        if let Some(protocol) = pseudo.protocol {
            put_literal(Literal::Passing, 0, b":protocol", protocol.as_bytes(), out);
        }
        self.put_fields(headers, out);
    }

    /// Appends the block of trailers.
    pub(crate) fn encode_trailers(&mut self, out: &mut Vec<u8>, headers: &HeaderMap) {
        self.begin(out);
        self.put_fields(headers, out);
    }

    #[inline]
    fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(Change { least, last }) = self.change.take() {
            self.table.resize(least);
            integer::encode(least, 0x20, 5, out);
            if last != least {
                self.table.resize(last);
                integer::encode(last, 0x20, 5, out);
            }
        }
    }

    #[inline]
    fn put_fields(&mut self, headers: &HeaderMap, out: &mut Vec<u8>) {
        for (place, (name, value)) in headers.iter().enumerate() {
            self.put_field(place, name, value, out);
        }
    }

    #[inline]
    fn put_field(&mut self, place: usize, name: &HeaderName, value: &HeaderValue, out: &mut Vec<u8>) {
        let bytes = value.as_bytes();
        // What stood here in the last message is nearly always what stands here in this one.
        if let Some(index) = self.table.guess(place, name, bytes)
            && !value.is_sensitive()
        {
            return integer::encode(index, 0x80, 7, out);
        }
        // RFC 9113 §8.2.2: what belongs to an HTTP/1 connection is not sent; `te` says one thing only.
        if is_connection_field(name) || (*name == header::TE && value != "trailers") {
            return;
        }
        // The one field of nearly every response that the table has no place for.
        if *name == header::CONTENT_LENGTH {
            let index = index::CONTENT_LENGTH.into();
            return put_literal(Literal::Passing, index, b"", value.as_bytes(), out);
        }
        if value.is_sensitive() {
            return self.put_unkept(Literal::Secret, name, value, out);
        }
        match self.table.advise(Sent::Field(name), bytes) {
            Advice::Indexed(index) => {
                self.table.expect(place, index);
                integer::encode(index, 0x80, 7, out);
            }
            Advice::Insert(hash) => {
                let index = known::index_of(name);
                match rule(index, bytes) {
                    Literal::Inserted => {
                        put_named(Literal::Inserted, index, name, bytes, out);
                        self.table.insert(hash, Sent::Field(name), name.as_str().len(), bytes);
                    }
                    literal => put_named(literal, index, name, bytes, out),
                }
            }
            Advice::Pass => self.put_unkept(Literal::Passing, name, value, out),
        }
    }

    fn put_unkept(&self, literal: Literal, name: &HeaderName, value: &HeaderValue, out: &mut Vec<u8>) {
        let index = known::index_of(name);
        let bytes = value.as_bytes();
        if index == index::ACCEPT_ENCODING && bytes == b"gzip, deflate" {
            return put_index(index, out);
        }
        let literal = match rule(index, bytes) {
            Literal::Secret => Literal::Secret,
            Literal::Inserted | Literal::Passing => literal,
        };
        put_named(literal, index, name, bytes, out);
    }

    /// A pseudo field, by the first index of its name in the static table.
    fn put_pseudo(&mut self, index: u8, name_len: usize, value: &[u8], out: &mut Vec<u8>) {
        match self.table.advise(Sent::Pseudo(index), value) {
            Advice::Indexed(index) => integer::encode(index, 0x80, 7, out),
            Advice::Insert(hash) => {
                put_literal(Literal::Inserted, index.into(), b"", value, out);
                self.table.insert(hash, Sent::Pseudo(index), name_len, value);
            }
            Advice::Pass => put_literal(Literal::Passing, index.into(), b"", value, out),
        }
    }

    #[cfg(test)]
    pub(super) fn table(&self) -> &SentTable {
        &self.table
    }
}

/// How a field is written that has come often enough, by the index of its name.
fn rule(index: u8, value: &[u8]) -> Literal {
    let is_one_of = |set: u64| index != 0 && set >> index & 1 != 0;
    if is_one_of(SECRET) || (index == index::COOKIE && value.len() < COOKIE_BYTES) {
        Literal::Secret
    } else if is_one_of(PASSING) {
        Literal::Passing
    } else {
        Literal::Inserted
    }
}

/// A field of the static table.
#[inline]
fn put_index(index: u8, out: &mut Vec<u8>) {
    out.push(0x80 | index);
}

fn put_named(literal: Literal, index: u8, name: &HeaderName, value: &[u8], out: &mut Vec<u8>) {
    put_literal(literal, index.into(), name.as_str().as_bytes(), value, out);
}

/// A literal, whose name is that with this index, or with index zero `name`.
fn put_literal(literal: Literal, index: usize, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    match literal {
        Literal::Inserted => integer::encode(index, 0x40, 6, out),
        Literal::Passing => integer::encode(index, 0x00, 4, out),
        Literal::Secret => integer::encode(index, 0x10, 4, out),
    }
    if index == 0 {
        put_string(name, out);
    }
    put_string(value, out);
}

/// RFC 7541 §5.2: coded where that is shorter.
fn put_string(plain: &[u8], out: &mut Vec<u8>) {
    // No code is so short that one or two of them save a byte.
    let len = if plain.len() < 3 { plain.len() } else { huffman::encoded_len(plain) };
    if len < plain.len() {
        integer::encode(len, 0x80, 7, out);
        huffman::encode(plain, out);
    } else {
        integer::encode(plain.len(), 0x00, 7, out);
        out.extend_from_slice(plain);
    }
}
