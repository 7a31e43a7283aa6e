//! Instants and dates by RFC 3339, in the one spelling that the format allows.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::Date;

/// Reads `2026-12-01T09:00:00Z`: `T` and an offset are needed, at most nine digits of a second are
/// allowed, and there is no leap second.
pub(crate) fn parse_instant(text: &str) -> Option<Timestamp> {
    let date = text.get(..10).filter(|date| has_shape(date, "dddd-dd-dd"))?;
    let clock = text.get(10..19).filter(|clock| has_shape(clock, "Tdd:dd:dd"))?;
    let rest = text.get(19..)?;
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&count) {
                return None;
            }
            fraction.get(count..)?
        }
    };
    if offset != "Z" && !is_offset(offset) {
        return None;
    }
    if date.is_empty() || clock.ends_with("60") {
        return None;
    }
    text.parse().ok()
}

fn is_offset(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let in_range = |part: Option<&str>, limit: u8| {
        part.and_then(|part| part.parse::<u8>().ok()).is_some_and(|value| value <= limit)
    };
    has_shape(digits, "dd:dd") && in_range(digits.get(..2), 23) && in_range(digits.get(3..), 59)
}

/// Reads `2026-12-01`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    if has_shape(text, "dddd-dd-dd") { text.parse().ok() } else { None }
}

/// Whether a text has the shape of a pattern in which `d` is a digit and all else is itself.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            _ => byte == expected,
        })
}

/// The system's clock. Where the platform has none it stands at 1970: to ask for it there panics.
pub(crate) fn system_clock() -> SystemTime {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        SystemTime::UNIX_EPOCH
    } else {
        SystemTime::now()
    }
}

/// The instant of a system time; the first or last there is where it lies beyond.
pub(crate) fn from_system(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(if time < SystemTime::UNIX_EPOCH {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// The date in UTC at an instant.
pub(crate) fn date_of(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_of_an_instant() {
        let base = parse_instant("2026-12-01T09:00:00Z").unwrap();
        assert_eq!(parse_instant("2026-12-01T10:30:00+01:30"), Some(base));
        assert_eq!(parse_instant("2026-12-01T09:00:00.000000000-00:00"), Some(base));
        assert!(parse_instant("2026-12-01T09:00:00.000000001Z").unwrap() > base);
        for text in [
            "2026-12-01",
            "2026-12-01 09:00:00Z",
            "2026-12-01t09:00:00Z",
            "2026-12-01T09:00:00z",
            "2026-12-01T09:00:00",
            "2026-12-01T09:00Z",
            "2026-12-01T09:00:60Z",
            "2026-12-01T24:00:00Z",
            "2026-13-01T09:00:00Z",
            "2026-02-29T09:00:00Z",
            "2026-12-01T09:00:00.Z",
            "2026-12-01T09:00:00.0000000001Z",
            "2026-12-01T09:00:00+0100",
            "2026-12-01T09:00:00+24:00",
            "2026-12-01T09:00:00+01",
            "2026-12-01T09:00:00+01:00[UTC]",
            "2026-12-01T09:00:00Z ",
            "",
            "über-12-01T09:00:00Z",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_is_a_date() {
        assert!(parse_date("2026-11-01").is_some());
        for text in ["2026-11-31", "2026-11-1", "2026-11-01T00:00:00Z", "20261101"] {
            assert!(parse_date(text).is_none(), "{text}");
        }
    }
}
