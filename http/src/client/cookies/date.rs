//! Dates of cookies, which come in every shape (RFC 6265bis §5.1.1).

use std::time::{Duration, SystemTime};

/// The time a date means; the epoch for those before it.
pub(super) fn parse(text: &[u8]) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter =
        |byte: &u8| matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of_day(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of_year(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let (seconds, day, month) = (time?, day?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days_of_month = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1601 || day < 1 || day > days_of_month {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    let since_epoch =
        u64::try_from(days).unwrap_or(0) * 86_400 + if days < 0 { 0 } else { u64::from(seconds) };
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since_epoch))
}

/// Days since 1970-01-01 in the Gregorian calendar, counted from March so that the leap day comes last.
fn days_since_epoch(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    i64::from(365 * year + year / 4 - year / 100 + year / 400 + of_year) - 719_468
}

/// As many leading digits as there are, if they are neither too few nor too many.
fn number(token: &[u8], least: usize, most: usize) -> Option<u32> {
    let len = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = &token[..len];
    (least..=most)
        .contains(&len)
        .then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

fn time_of_day(token: &[u8]) -> Option<u32> {
    let mut fields = token.splitn(3, |&byte| byte == b':');
    let whole = |field: &[u8]| number(field, 1, 2).filter(|_| field.iter().all(u8::is_ascii_digit));
    let (hour, minute) = (whole(fields.next()?)?, whole(fields.next()?)?);
    let second = number(fields.next()?, 1, 2)?;
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

fn month_of_year(token: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = token.get(..3)?;
    (1..).zip(MONTHS).find(|(_, month)| start.eq_ignore_ascii_case(&month[..])).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        parse(text.as_bytes()).map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn dates_of_every_shape_are_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "6 nov 1994 8:49:37",
            "08:49:37xyz, 1994, NOVEMBER, 6th",
        ] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("29 Feb 2000 00:00:00"), Some(951_782_400));
        assert_eq!(seconds("Fri, 31-Dec-1999 23:59:59"), Some(946_684_799));
        assert_eq!(seconds("1 Jan 1601 10:00:00"), Some(0));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "tomorrow",
            "29 Feb 1999 00:00:00",
            "31 Apr 1999 00:00:00",
            "1 Jan 1600 00:00:00",
            "1 Jan 2000 24:00:00",
            "1 Jan 2000 00:60:00",
            "1 Jan 2000",
            "32 Jan 2000 00:00:00",
            "1 Jan 99999 00:00:00",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    /// The calendar of `httpdate` as the oracle.
    #[test]
    fn dates_are_those_of_another_calendar() {
        for step in 0..20_000u64 {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(step * 1_234_567);
            if let Some(parsed) = parse(httpdate::fmt_http_date(time).as_bytes()) {
                assert_eq!(parsed, time);
            }
        }
    }
}
