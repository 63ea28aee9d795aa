//! HTTP/1 without sockets: bytes in, heads and body parts out, and the reverse.
//!
//! | file | what it holds |
//! |---|---|
//! | `fault.rs` | the ways a peer can break the rules, and the status each is answered with |
//! | `scan.rs` | finds the end of a head, line by line, without looking at a byte twice |
//! | `usual.rs` | the head that nearly every request has, taken apart in one pass |
//! | `words.rs` | bytes of a class, sought many at a time |
//! | `request.rs` | a complete request head becomes a typed one |
//! | `response.rs` | a complete response head becomes a typed one |
//! | `fields.rs` | field lines become a header map; the fields that frame the message are noted on the way |
//! | `lenient.rs` | what may be taken from clients and servers that cannot be mended |
//! | `names.rs` | field names, without an allocation for each that is not standard |
//! | `framing.rs` | how long the body is and whether the connection lives on (RFC 9112 §6.3, §9.3) |
//! | `target.rs` | the four forms of a request target, and the host |
//! | `chunk.rs` | the chunked coding, read |
//! | `decode.rs` | a body of any framing, read |
//! | `encode.rs` | heads, chunks and trailers, written |
//! | `spelling.rs` | the case of names and the words behind a status |
//! | `date.rs` | the `date` field, rendered once a second |
//!
//! Everything here is strict: what RFC 9112 lets a server reject as ambiguous is rejected, because ambiguity between
//! two implementations on one path is how requests are smuggled.

mod chunk;
mod date;
mod decode;
pub(crate) mod encode;
mod fault;
mod fields;
pub(crate) mod framing;
pub(crate) mod lenient;
mod names;
pub(crate) mod request;
pub(crate) mod response;
mod scan;
pub(crate) mod spelling;
mod target;
#[cfg(test)]
mod tests;
pub(crate) mod usual;
mod words;

pub(crate) use self::date::Date;
pub(crate) use self::decode::{Decoder, Step};
pub(crate) use self::fault::Fault;
pub(crate) use self::fields::has_option;
pub(crate) use self::framing::Framing;
pub(crate) use self::scan::{HeadLimits, HeadSpan, Scan, Section, is_token};
pub(crate) use self::target::{is_host, is_target_byte, is_target_plain};
