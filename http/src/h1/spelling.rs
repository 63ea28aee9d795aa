//! What two heads may write differently and mean the same: the case of names, and the words behind a status.
//!
//! Nothing in HTTP depends on either, but some programs do. A head is written as always and spelled anew afterwards, so
//! that a message that does not ask for this pays nothing.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName};

use crate::error::{Error, Kind};

/// How the names of fields were spelled, or are to be.
///
/// With [`Http1Config::preserve_case`](crate::Http1Config::preserve_case) the requests of a server, and with
/// [`ClientHttp1Config::preserve_case`](crate::ClientHttp1Config::preserve_case) the responses of a client carry one among
/// their extensions. What is sent with one is written with its spellings, as often as each is there; names it does not
/// list are written as [`Http1Config::name_case`](crate::Http1Config::name_case) says, or that of the client.
///
/// ```
/// use http::{Response, header};
/// use minato_http::{Body, HeaderCase};
///
/// let mut response = Response::new(Body::from("hello"));
/// let mut case = HeaderCase::new();
/// case.append("ETag")?;
/// assert_eq!(case.get_all(&header::ETAG).next(), Some(&b"ETag"[..]));
/// response.extensions_mut().insert(case);
/// # Ok::<_, minato_http::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderCase {
    spellings: HeaderMap<Bytes>,
}

impl HeaderCase {
    /// No spellings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a spelling for the next field of this name.
    ///
    /// # Errors
    ///
    /// When it is no field name.
    pub fn append(&mut self, spelling: impl Into<Bytes>) -> Result<(), Error> {
        let spelling = spelling.into();
        let name = HeaderName::from_bytes(&spelling)
            .map_err(|error| Error::with_source(Kind::User("a spelling is a field name"), error))?;
        self.spellings.append(name, spelling);
        Ok(())
    }

    /// The spellings of a name, in the order of its fields.
    pub fn get_all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.spellings.get_all(name).iter().map(|spelling| &spelling[..])
    }

    /// The spellings in a head.
    pub(crate) fn of_head(head: &Bytes) -> Self {
        let mut case = Self::new();
        for line in head.split(|&byte| byte == b'\n').skip(1) {
            let Some(end) = memchr::memchr(b':', line) else { continue };
            // Lines that are no fields have been passed over before.
            let _ = case.append(head.slice_ref(&line[..end]));
        }
        case
    }

    /// Spells the names of a head that was written in lower case or with capitals.
    pub(crate) fn apply(&self, head: &mut [u8]) {
        let mut used = HeaderMap::<usize>::default();
        for line in head.split_mut(|&byte| byte == b'\n').skip(1) {
            let Some(end) = memchr::memchr(b':', line) else { continue };
            let Ok(name) = HeaderName::from_bytes(&line[..end]) else { continue };
            let count = used.entry(&name).or_insert(0);
            let spelling = self.get_all(&name).nth(*count);
            *count += 1;
            // INVARIANT: a spelling is as long as its name, since it differs in nothing but case.
            if let Some(spelling) = spelling.filter(|spelling| spelling.len() == end) {
                line[..end].copy_from_slice(spelling);
            }
        }
    }
}

/// The words behind the status of an HTTP/1 response, where they are not the usual ones.
///
/// A response that carries one among its extensions is written with it, and one that a [`Client`](crate::Client) has got
/// carries one. HTTP/2 has no such thing.
///
/// ```
/// use http::Response;
/// use minato_http::{Body, ReasonPhrase};
///
/// let mut response = Response::new(Body::empty());
/// response.extensions_mut().insert(ReasonPhrase::new("Quite All Right")?);
/// assert!(ReasonPhrase::new("OK\r\nX: y").is_err());
/// # Ok::<_, minato_http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonPhrase {
    words: Bytes,
}

impl ReasonPhrase {
    /// A phrase of these words.
    ///
    /// # Errors
    ///
    /// When it has bytes that no reason phrase can (RFC 9112 §4: tabs, spaces, and what is printable).
    pub fn new(words: impl Into<Bytes>) -> Result<Self, Error> {
        let words = words.into();
        match words.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..)) {
            true => Ok(Self { words }),
            false => Err(Error::new(Kind::User("a reason phrase has no control characters"))),
        }
    }

    /// The words.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.words
    }

    /// Puts the words behind the status of the head that begins at `start`.
    pub(crate) fn apply(&self, out: &mut Vec<u8>, start: usize) {
        const WORDS_AT: usize = "HTTP/1.1 200 ".len();
        let from = start + WORDS_AT;
        let Some(len) = out.get(from..).and_then(|rest| memchr::memchr(b'\r', rest)) else { return };
        out.splice(from..from + len, self.words.iter().copied());
    }
}
