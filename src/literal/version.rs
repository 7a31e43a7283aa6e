//! Versions of one to four numbers, and comparators over them.
//!
//! The order is that of Semantic Versioning 2.0.0, section 11, with a fourth number where there is
//! one: a prerelease comes before its release, and build metadata counts nothing.

use std::cmp::Ordering;
use std::fmt;

use super::interval::Interval;

/// A version, borrowed from its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version<'t> {
    numbers: [u64; 4],
    prerelease: Option<&'t str>,
}

impl<'t> Version<'t> {
    /// Reads `1`, `v2.1`, `3.0.0-rc.1+build` and the like, in full.
    pub(crate) fn parse(text: &'t str) -> Option<Version<'t>> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut numbers = [0; 4];
        let mut slots = numbers.iter_mut();
        // PERF: most are numbers and nothing else, which a single walk reads (tests/a-version-each).
        let mut rest = text.as_bytes();
        loop {
            let slot = slots.next()?;
            (*slot, rest) = leading_number(rest)?;
            match rest.split_first() {
                None => return Some(Version { numbers, prerelease: None }),
                Some((b'.', after)) => rest = after,
                Some(_) => break,
            }
        }
        let (_, rest) = text.split_at_checked(text.len() - rest.len())?;
        let (rest, build) = match rest.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let prerelease = match rest {
            "" => None,
            _ => Some(rest.strip_prefix('-')?),
        };
        if prerelease.is_some_and(|text| !text.split('.').all(is_prerelease_identifier)) {
            return None;
        }
        Some(Version { numbers, prerelease })
    }

    pub(crate) fn compare(&self, other: &Version<'_>) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.prerelease, other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_prereleases(a, b),
        })
    }
}

/// The number that digits make, and what follows them.
fn leading_number(mut bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digit = |bytes: &mut &[u8]| {
        let (byte, after) = bytes.split_first()?;
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| *bytes = after).map(|()| u64::from(digit))
    };
    let mut number = digit(&mut bytes)?;
    while let Some(digit) = digit(&mut bytes) {
        number = number.checked_mul(10)?.checked_add(digit)?;
    }
    Some((number, bytes))
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_numeric(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_prerelease_identifier(part: &str) -> bool {
    is_identifier(part) && !(is_numeric(part) && part.len() > 1 && part.starts_with('0'))
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let by_part = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match (is_numeric(a), is_numeric(b)) {
                // Without leading zeros the longer number is the larger, however long.
                (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if by_part != Ordering::Equal {
            return by_part;
        }
    }
}

/// Comparators that must all hold, as `>=2.1 <3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionRange {
    text: Box<str>,
    interval: Interval<VersionBuf>,
}

/// A version with a text of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionBuf {
    numbers: [u64; 4],
    prerelease: Option<Box<str>>,
}

impl VersionBuf {
    pub(crate) fn as_version(&self) -> Version<'_> {
        Version { numbers: self.numbers, prerelease: self.prerelease.as_deref() }
    }
}

impl PartialOrd for VersionBuf {
    fn partial_cmp(&self, other: &VersionBuf) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VersionBuf {
    fn cmp(&self, other: &VersionBuf) -> Ordering {
        self.as_version().compare(&other.as_version())
    }
}

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RangeError {
    NoComparator(String),
    NoVersion(String),
}

impl VersionRange {
    pub(crate) fn parse(text: &str) -> Result<VersionRange, RangeError> {
        let (mut interval, mut is_any) = (Interval::ALL, false);
        let mut rest = trim(text);
        while !rest.is_empty() {
            let end = rest.find(|c: char| !"<>=".contains(c)).unwrap_or(rest.len());
            let (relation, after) = rest.split_at(end);
            let after = after.trim_start_matches(' ');
            let (version, after) = after.split_at(after.find([' ', ',']).unwrap_or(after.len()));
            let narrow: fn(_, VersionBuf) -> Interval<VersionBuf> = match relation {
                "=" => Interval::only,
                "<" => Interval::below,
                "<=" => Interval::at_most,
                ">" => Interval::above,
                ">=" => Interval::at_least,
                _ => return Err(RangeError::NoComparator(format!("{relation}{version}"))),
            };
            let parsed = Version::parse(version);
            let parsed = parsed.ok_or_else(|| RangeError::NoVersion(version.to_owned()))?;
            let prerelease = parsed.prerelease.map(Box::from);
            interval = narrow(interval, VersionBuf { numbers: parsed.numbers, prerelease });
            is_any = true;
            rest = trim(after);
        }
        if !is_any {
            return Err(RangeError::NoComparator(String::new()));
        }
        Ok(VersionRange { text: text.into(), interval })
    }

    pub(crate) fn holds(&self, version: &Version<'_>) -> bool {
        self.interval.holds(|bound| version.compare(&bound.as_version()))
    }

    /// The versions for which it holds.
    pub(crate) fn interval(&self) -> &Interval<VersionBuf> {
        &self.interval
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', ','])
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RangeError::NoComparator(part) if part.is_empty() => {
                f.write_str("no comparator, as in `>=2.1 <3`")
            }
            RangeError::NoComparator(part) => {
                write!(f, "`{part}` does not start with one of the comparators `= < <= > >=`")
            }
            RangeError::NoVersion(part) => write!(f, "`{part}` is not a version"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_take_their_text_in_full() {
        for text in ["1", "v1", "1.2", "01.002", "1.2.3.4", "1.2.3-rc.1", "1.0+a.b", "1-x-y"] {
            assert!(Version::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "v",
            "1.",
            ".1",
            "1.2.3.4.5",
            "1.x",
            "1-",
            "1-a..b",
            "1-01",
            "1+",
            " 1",
            "V1",
            "vv1",
            "1.-2",
        ] {
            assert!(Version::parse(text).is_none(), "{text}");
        }
    }

    /// What [`Version::parse`] reads in one walk, by taking it apart from the outside.
    fn taken_apart(text: &str) -> Option<([u64; 4], Option<&str>)> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
        let (core, prerelease) = text.split_once('-').map_or((text, None), |(a, b)| (a, Some(b)));
        let is_build = build.is_none_or(|text| text.split('.').all(is_identifier));
        let is_prerelease =
            prerelease.is_none_or(|text| text.split('.').all(is_prerelease_identifier));
        let mut numbers = [0; 4];
        let parts: Vec<&str> = core.split('.').collect();
        for (part, number) in parts.iter().zip(&mut numbers) {
            *number =
                Some(part).filter(|part| !part.is_empty() && is_numeric(part))?.parse().ok()?;
        }
        (is_build && is_prerelease && parts.len() <= 4).then_some((numbers, prerelease))
    }

    #[test]
    fn one_walk_reads_what_taking_apart_does() {
        let mut texts = vec![String::new()];
        let mut from = 0;
        for _ in 0..6 {
            let longer = texts[from..].iter().flat_map(|text| {
                ["1", "0", ".", "-", "+", "v", "a", "é"].map(|next| format!("{text}{next}"))
            });
            let longer: Vec<String> = longer.collect();
            from = texts.len();
            texts.extend(longer);
        }
        texts.extend(["1.2.3.4", "1.2.3.4.5", "1.2.3.4-a.b+c.d", "1+a-b"].map(str::to_owned));
        texts.extend([u64::MAX.to_string(), "18446744073709551616".to_owned()]);
        let read = texts.iter().filter(|text| {
            let version = Version::parse(text).map(|version| (version.numbers, version.prerelease));
            assert_eq!(version, taken_apart(text), "{text}");
            version.is_some()
        });
        assert!(read.count() > 1_000);
    }

    #[test]
    fn the_order_is_that_of_semver() {
        let rising = [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1",
            "1.0.0.1",
            "1.0.1",
            "1.10",
        ];
        for pair in rising.windows(2) {
            let (a, b) = (Version::parse(pair[0]).unwrap(), Version::parse(pair[1]).unwrap());
            assert!(a.compare(&b).is_lt(), "{pair:?}");
            assert!(b.compare(&a).is_gt(), "{pair:?}");
        }
    }

    #[test]
    fn ranges_need_a_comparator_and_all_of_them_hold() {
        let range = VersionRange::parse(">=2.1, <3").unwrap();
        for (version, expected) in
            [("2.0.9", false), ("2.1", true), ("2.99", true), ("3", false), ("3.0.0-rc.1", true)]
        {
            assert_eq!(range.holds(&Version::parse(version).unwrap()), expected, "{version}");
        }
        for text in ["", " ", "2.1", "==2", "=>2", "~2", "^2", ">=", ">=2 3", ">=two", ">=2 <"] {
            assert!(VersionRange::parse(text).is_err(), "{text}");
        }
        assert!(VersionRange::parse(">= 2.1  <= 3").is_ok());
    }
}
