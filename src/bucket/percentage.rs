//! The percentages that people write for shares.

use std::error::Error;
use std::fmt;

/// Why a text is not a percentage.
///
/// Where several reasons apply, the one that stands first here is given.
///
/// ```
/// use hoist::bucket::{Share, ShareError};
///
/// let error = Share::parse("0.25").unwrap_err();
/// assert_eq!(error, ShareError::MissingSign);
/// assert_eq!(error.to_string(), "a percentage carries its sign, as in `5%`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShareError {
    /// It is not a plain decimal number, with or without `%`.
    Form,
    /// It is a number without `%`, which might mean a percentage or a fraction.
    MissingSign,
    /// It is above 100 %.
    Range,
    /// It has more than three decimals, which is finer than a bucket.
    Decimals,
}

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ShareError::Form => "a percentage is written as `5%` or `12.345%`",
            ShareError::MissingSign => "a percentage carries its sign, as in `5%`",
            ShareError::Range => "a percentage is from `0%` to `100%`",
            ShareError::Decimals => "a percentage has at most three decimals, as in `12.345%`",
        })
    }
}

impl Error for ShareError {}

/// The count of buckets, a thousandth of a percent each, that a percentage stands for.
pub(super) fn read(text: &str) -> Result<u32, ShareError> {
    let number = text.strip_suffix('%');
    let (whole, decimals) = decimal(number.unwrap_or(text)).ok_or(ShareError::Form)?;
    if number.is_none() {
        return Err(ShareError::MissingSign);
    }
    // `whole` is digits alone, so what cannot be read is too large.
    let whole: u32 = whole.parse().map_err(|_| ShareError::Range)?;
    let has_fraction = decimals.bytes().any(|digit| digit != b'0');
    if whole > 100 || (whole == 100 && has_fraction) {
        return Err(ShareError::Range);
    }
    if decimals.len() > 3 {
        return Err(ShareError::Decimals);
    }
    let thousandths = decimals
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(3)
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Ok(whole * 1_000 + thousandths)
}

/// The digits before and after the point, the latter empty where there is no point.
fn decimal(number: &str) -> Option<(&str, &str)> {
    let (whole, decimals) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (number, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = whole == "0" || !(whole.is_empty() || whole.starts_with('0'));
    (plain && digits(whole) && digits(decimals)).then_some((whole, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_percentages() {
        for (text, buckets) in [
            ("0%", 0),
            ("0.0%", 0),
            ("0.000%", 0),
            ("0.001%", 1),
            ("0.01%", 10),
            ("0.1%", 100),
            ("0.5%", 500),
            ("1%", 1_000),
            ("5%", 5_000),
            ("5.0%", 5_000),
            ("10.05%", 10_050),
            ("12.345%", 12_345),
            ("12.340%", 12_340),
            ("99.999%", 99_999),
            ("100%", 100_000),
            ("100.0%", 100_000),
            ("100.000%", 100_000),
        ] {
            assert_eq!(read(text), Ok(buckets), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_percentage() {
        use ShareError::{Decimals, Form, MissingSign, Range};
        let huge = format!("{}%", "9".repeat(5_000));
        let long = format!("0.{}%", "0".repeat(5_000));
        let cases: [(ShareError, &[&str]); 4] = [
            (
                Form,
                &[
                    "", "%", ".", ".%", "five", "-5%", "+5%", "-0%", "5.%", ".5%", "5.", ".5",
                    "1.2.3%", "1..2%", "5%%", "%5", "5 %", " 5%", "5% ", "5%\n", "5\0%", "1_000%",
                    "5,5%", "1e1%", "1E1", "0x5%", "05%", "00%", "00.5%", "05", "inf%", "NaN%",
                    "５%", "٥%", "5.٥%", "5％", "5‰", "−5%",
                ],
            ),
            (MissingSign, &["5", "0", "0.05", "0.12345", "150"]),
            (Range, &["101%", "100.001%", "100.0001%", "4294967296%", "4294967295.9999%", &huge]),
            (Decimals, &["0.0001%", "5.0000%", "100.0000%", &long]),
        ];
        for (error, texts) in cases {
            for text in texts {
                assert_eq!(read(text), Err(error), "{text:?}");
            }
        }
    }
}
