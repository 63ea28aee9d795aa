//! The metadata of a call: header fields with gRPC's rules on top.
//!
//! Names are lower case. A name that ends in `-bin` holds bytes, sent in base64; any other holds printable ASCII. One
//! name may have many values, whose order is kept.

use std::fmt;

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, engine::general_purpose};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Status;

/// gRPC over HTTP/2: "Implementations should emit un-padded values."
pub(crate) const BASE64_EMIT: GeneralPurpose = general_purpose::STANDARD_NO_PAD;

/// Padded or not, and with whatever bits are left over in the last character.
const BASE64_ACCEPT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes of one base64 value, if it is one.
pub(crate) fn decode_binary(value: &[u8]) -> Option<Bytes> {
    BASE64_ACCEPT.decode(value.trim_ascii()).ok().map(Bytes::from)
}

/// The metadata of a request, of a response, or of its end.
///
/// ```
/// use minato_grpc::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.append("tenant", "blue")?;
/// metadata.append_bin("trace-bin", b"\x00\xff")?;
/// assert_eq!(metadata.get("tenant"), Some("blue"));
/// assert_eq!(metadata.get_bin("trace-bin").as_deref(), Some(&b"\x00\xff"[..]));
/// # Ok::<(), minato_grpc::InvalidMetadata>(())
/// ```
#[derive(Clone, Default)]
pub struct Metadata {
    fields: HeaderMap,
}

impl Metadata {
    /// No metadata.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All fields of a message, those of the protocol included.
    #[must_use]
    pub fn from_headers(fields: HeaderMap) -> Self {
        Self { fields }
    }

    /// The fields as they are on the wire.
    #[must_use]
    pub fn as_headers(&self) -> &HeaderMap {
        &self.fields
    }

    /// The fields as they are on the wire.
    #[must_use]
    pub fn into_headers(self) -> HeaderMap {
        self.fields
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The first value of a text field; `None` also where it is not printable ASCII.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }

    /// The values of a text field, in order. Those that are not printable ASCII are left out.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// The first value of a binary field; `None` also where it is not base64.
    #[must_use]
    pub fn get_bin(&self, name: &str) -> Option<Bytes> {
        self.get_all_bin(name).next()?.ok()
    }

    /// The values of a binary field, in order.
    ///
    /// gRPC over HTTP/2 lets a peer join values with commas; they come apart here. A value that is not base64 is an
    /// error in its place and does not spoil the others.
    pub fn get_all_bin(&self, name: &str) -> impl Iterator<Item = Result<Bytes, InvalidMetadata>> {
        let values = self.fields.get_all(name).into_iter();
        values
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .map(|value| decode_binary(value).ok_or(InvalidMetadata::Value))
    }

    /// Adds a value to a text field.
    ///
    /// # Errors
    ///
    /// Where the name is not a metadata name or belongs to the protocol, and where the value is not printable ASCII.
    pub fn append(&mut self, name: &str, value: &str) -> Result<(), InvalidMetadata> {
        self.fields.append(text_name(name)?, text_value(value)?);
        Ok(())
    }

    /// Sets a text field to one value.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub fn insert(&mut self, name: &str, value: &str) -> Result<(), InvalidMetadata> {
        self.fields.insert(text_name(name)?, text_value(value)?);
        Ok(())
    }

    /// Adds a value to a binary field.
    ///
    /// # Errors
    ///
    /// Where the name is not a metadata name, belongs to the protocol, or does not end in `-bin`.
    pub fn append_bin(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), InvalidMetadata> {
        self.fields.append(binary_name(name)?, binary_value(value.as_ref())?);
        Ok(())
    }

    /// Sets a binary field to one value.
    ///
    /// # Errors
    ///
    /// As [`append_bin`](Self::append_bin).
    pub fn insert_bin(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), InvalidMetadata> {
        self.fields.insert(binary_name(name)?, binary_value(value.as_ref())?);
        Ok(())
    }

    /// Takes a field and all its values away.
    pub fn remove(&mut self, name: &str) {
        self.fields.remove(name);
    }

    /// Every field the application sees, without those of the protocol: a name once for each of its values.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.fields.iter().filter(|(name, _)| !is_reserved(name.as_str()))
    }

    /// Adds every field of `other` the application may set.
    pub fn extend(&mut self, other: &Metadata) {
        for (name, value) in other.iter() {
            self.fields.append(name, value.clone());
        }
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields.iter()).finish()
    }
}

/// A name or value that cannot be metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMetadata {
    /// The name holds something other than `0-9 a-z _ - .`.
    Name,
    /// The name belongs to the protocol.
    Reserved,
    /// Text under a name that ends in `-bin`, or bytes under one that does not.
    Suffix,
    /// The value is not printable ASCII, or not base64.
    Value,
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a metadata name holds digits, small letters, '_', '-' and '.' only",
            Self::Reserved => "the metadata name belongs to the protocol",
            Self::Suffix => "binary metadata, and no other, has a name that ends in -bin",
            Self::Value => "the metadata value is not valid",
        })
    }
}

impl std::error::Error for InvalidMetadata {}

impl From<InvalidMetadata> for Status {
    fn from(error: InvalidMetadata) -> Self {
        Self::internal(error.to_string()).with_source(error)
    }
}

/// Whether a field belongs to gRPC or HTTP and is not the application's.
fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "te" | "content-type"
            | "content-length"
            | "connection"
            | "host"
            | "keep-alive"
            | "proxy-connection"
            | "transfer-encoding"
            | "upgrade"
            | "trailer"
    ) || name.starts_with("grpc-")
}

fn name(name: &str) -> Result<HeaderName, InvalidMetadata> {
    let is_legal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'_' | b'-' | b'.');
    if name.is_empty() || !name.bytes().all(is_legal) {
        return Err(InvalidMetadata::Name);
    }
    if is_reserved(name) {
        return Err(InvalidMetadata::Reserved);
    }
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| InvalidMetadata::Name)
}

fn text_name(text: &str) -> Result<HeaderName, InvalidMetadata> {
    if text.ends_with("-bin") { Err(InvalidMetadata::Suffix) } else { name(text) }
}

fn binary_name(text: &str) -> Result<HeaderName, InvalidMetadata> {
    if text.ends_with("-bin") { name(text) } else { Err(InvalidMetadata::Suffix) }
}

fn text_value(value: &str) -> Result<HeaderValue, InvalidMetadata> {
    if !value.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return Err(InvalidMetadata::Value);
    }
    HeaderValue::from_str(value).map_err(|_| InvalidMetadata::Value)
}

fn binary_value(value: &[u8]) -> Result<HeaderValue, InvalidMetadata> {
    HeaderValue::try_from(BASE64_EMIT.encode(value)).map_err(|_| InvalidMetadata::Value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(name: &'static str, values: &[&'static [u8]]) -> Metadata {
        let mut fields = HeaderMap::new();
        for value in values {
            fields.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        Metadata::from_headers(fields)
    }

    #[test]
    fn base64_is_accepted_padded_or_not_and_with_stray_bits() {
        let table: [(&'static [u8], &[u8]); 6] = [
            (b"qw==", b"\xab"),
            (b"qw", b"\xab"),
            (b"q6s=", b"\xab\xab"),
            (b"q6s", b"\xab\xab"),
            (b"q6ur", b"\xab\xab\xab"),
            (b"qx==", b"\xab"),
        ];
        for (encoded, expected) in table {
            assert_eq!(received("x-bin", &[encoded]).get_bin("x-bin").as_deref(), Some(expected));
        }
    }

    #[test]
    fn binary_values_are_sent_without_padding() {
        let mut metadata = Metadata::new();
        metadata.append_bin("x-bin", [0xab]).unwrap();
        assert_eq!(metadata.as_headers()["x-bin"], "qw");
    }

    #[test]
    fn joined_binary_values_come_apart_and_a_bad_one_spoils_no_other() {
        let values: Vec<_> = received("x-bin", &[b"qw==,zQ", b"!!!, AA=="]).get_all_bin("x-bin").collect();
        let expected: [Result<&[u8], _>; 4] =
            [Ok(b"\xab"), Ok(b"\xcd"), Err(InvalidMetadata::Value), Ok(b"\x00")];
        assert_eq!(values.len(), 4);
        for (value, expected) in values.iter().zip(expected) {
            assert_eq!(value.as_deref().map_err(|error| *error), expected);
        }
    }

    #[test]
    fn values_of_one_name_keep_their_order() {
        let mut metadata = Metadata::new();
        for value in ["c", "a", "b"] {
            metadata.append("key", value).unwrap();
        }
        assert_eq!(metadata.get_all("key").collect::<Vec<_>>(), ["c", "a", "b"]);
        metadata.insert("key", "only").unwrap();
        assert_eq!(metadata.get_all("key").collect::<Vec<_>>(), ["only"]);
    }

    #[test]
    fn what_is_not_ascii_is_not_text_and_does_no_harm() {
        let metadata = received("key", &[b"caf\xe9", b"plain"]);
        assert_eq!(metadata.get("key"), None);
        assert_eq!(metadata.get_all("key").collect::<Vec<_>>(), ["plain"]);
    }

    #[test]
    fn bad_names_and_values_are_refused() {
        let mut metadata = Metadata::new();
        let table = [
            ("", "v", InvalidMetadata::Name),
            ("Upper", "v", InvalidMetadata::Name),
            ("sp ace", "v", InvalidMetadata::Name),
            (":path", "v", InvalidMetadata::Name),
            ("grpc-status", "0", InvalidMetadata::Reserved),
            ("content-type", "v", InvalidMetadata::Reserved),
            ("te", "v", InvalidMetadata::Reserved),
            ("key-bin", "v", InvalidMetadata::Suffix),
            ("key", "line\nbreak", InvalidMetadata::Value),
            ("key", "caf\u{e9}", InvalidMetadata::Value),
        ];
        for (name, value, error) in table {
            assert_eq!(metadata.append(name, value), Err(error), "{name:?}");
        }
        assert_eq!(metadata.append_bin("key", b"v"), Err(InvalidMetadata::Suffix));
        assert!(metadata.is_empty());
    }

    #[test]
    fn fields_of_the_protocol_are_not_listed() {
        let mut metadata = received("grpc-timeout", &[b"1S"]);
        metadata.append("mine", "1").unwrap();
        assert_eq!(metadata.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["mine"]);
    }
}
