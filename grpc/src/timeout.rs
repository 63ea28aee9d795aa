//! The `grpc-timeout` field.
//!
//! gRPC over HTTP/2: `Timeout → "grpc-timeout" TimeoutValue TimeoutUnit`, where the value is at most eight digits and
//! the unit one of `H M S m u n`.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

const VALUE_MAX: u128 = 99_999_999;

/// The duration of a field, if it is one.
pub(crate) fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = digits.iter().fold(0, |count, digit| count * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(count * 3600)),
        b'M' => Some(Duration::from_secs(count * 60)),
        b'S' => Some(Duration::from_secs(count)),
        b'm' => Some(Duration::from_millis(count)),
        b'u' => Some(Duration::from_micros(count)),
        b'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// The field for a duration: in the finest unit that fits, rounded up, so that a peer never gives up before we do.
pub(crate) fn format(timeout: Duration) -> HeaderValue {
    const UNITS: [(u128, char); 6] = [
        (1, 'n'),
        (1_000, 'u'),
        (1_000_000, 'm'),
        (1_000_000_000, 'S'),
        (60_000_000_000, 'M'),
        (3_600_000_000_000, 'H'),
    ];
    let nanos = timeout.as_nanos();
    let fitting =
        UNITS.into_iter().map(|(unit, name)| (nanos.div_ceil(unit), name)).find(|(n, _)| *n <= VALUE_MAX);
    let (count, unit) = fitting.unwrap_or((VALUE_MAX, 'H'));
    // Digits and a letter are a header value.
    HeaderValue::try_from(format!("{count}{unit}")).unwrap_or_else(|_| HeaderValue::from_static("99999999H"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_parses() {
        let table = [
            ("1H", Duration::from_secs(3600)),
            ("1M", Duration::from_secs(60)),
            ("10S", Duration::from_secs(10)),
            ("10000m", Duration::from_secs(10)),
            ("10000000u", Duration::from_secs(10)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
            ("0n", Duration::ZERO),
        ];
        for (text, duration) in table {
            assert_eq!(parse(text.as_bytes()), Some(duration), "{text}");
        }
    }

    #[test]
    fn what_is_no_timeout_is_none() {
        for text in ["", "1", "S", "-1S", "1x", "123456789S", "1 S", "+1S", "1.5S", "１S"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn formats_round_up_and_fit() {
        let table = [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_nanos(100_000_001), "100001u"),
            (Duration::from_secs(1), "1000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(100_000_000), "1666667M"),
            (Duration::MAX, "99999999H"),
        ];
        for (duration, text) in table {
            assert_eq!(format(duration), text);
            assert!(parse(text.as_bytes()).unwrap() >= duration.min(Duration::from_secs(99_999_999 * 3600)));
        }
    }
}
