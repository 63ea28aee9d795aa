//! The encoding of a status message on the wire.
//!
//! gRPC over HTTP/2: `Percent-Byte-Unencoded → 1*( %x20-%x24 / %x26-%x7E ) ; space and VCHAR, except %`. Decoding
//! never fails: what is not encoded well is kept as it came.

use std::borrow::Cow;

use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use crate::limits::STATUS_MESSAGE_LEN_MAX;

const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// The header value of `message`, cut at a character where it is too long for a header block.
pub(super) fn encode(message: &str) -> HeaderValue {
    let mut encoded = String::with_capacity(message.len());
    for piece in utf8_percent_encode(message, ENCODED) {
        encoded.push_str(piece);
    }
    if encoded.len() > STATUS_MESSAGE_LEN_MAX {
        encoded = cut(message);
    }
    // Every byte is printable ASCII now, which is what a header value asks for.
    HeaderValue::try_from(encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn cut(message: &str) -> String {
    const MARK: &str = "...";
    let mut encoded = String::with_capacity(STATUS_MESSAGE_LEN_MAX);
    let mut utf8 = [0; 4];
    for character in message.chars() {
        let piece: Cow<'_, str> = utf8_percent_encode(character.encode_utf8(&mut utf8), ENCODED).into();
        if encoded.len() + piece.len() + MARK.len() > STATUS_MESSAGE_LEN_MAX {
            break;
        }
        encoded.push_str(&piece);
    }
    encoded + MARK
}

/// The text of a header value.
pub(super) fn decode(value: &[u8]) -> String {
    percent_decode(value).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_printable_ascii_except_percent_stays_as_it_is() {
        let table = [
            ("plain text ~ !\"#$&", "plain text ~ !\"#$&"),
            ("100%", "100%25"),
            ("\t\nA%b\r ☺ 😈~", "%09%0AA%25b%0D %E2%98%BA %F0%9F%98%88~"),
            ("\u{7f}\0é", "%7F%00%C3%A9"),
            ("", ""),
        ];
        for (message, encoded) in table {
            assert_eq!(encode(message), encoded);
            assert_eq!(decode(encoded.as_bytes()), message);
        }
    }

    #[test]
    fn bad_encodings_are_kept_readable() {
        let table: [(&[u8], &str); 5] = [
            (b"100%", "100%"),
            (b"%zz%4", "%zz%4"),
            (b"%e2%98%ba", "☺"),
            (b"%ff|", "\u{fffd}|"),
            ("raw é".as_bytes(), "raw é"),
        ];
        for (encoded, message) in table {
            assert_eq!(decode(encoded), message);
        }
    }

    #[test]
    fn a_long_message_is_cut_at_a_character_and_marked() {
        let encoded = encode(&"☺".repeat(10_000));
        assert!(encoded.len() <= STATUS_MESSAGE_LEN_MAX);
        let decoded = decode(encoded.as_bytes());
        assert!(decoded.ends_with("☺...") && !decoded.contains('\u{fffd}'));
    }

    #[test]
    fn two_thousand_bytes_of_text_stay_whole() {
        let message = "é".repeat(1000);
        assert_eq!(decode(encode(&message).as_bytes()), message);
    }
}
