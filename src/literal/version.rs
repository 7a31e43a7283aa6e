//! Versions of one to four numbers, and comparators over them.
//!
//! The order is that of Semantic Versioning 2.0.0, section 11, with a fourth number where there is
//! one: a prerelease comes before its release, and build metadata counts nothing.

use std::cmp::Ordering;
use std::fmt;

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
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let (core, prerelease) = match text.split_once('-') {
            Some((core, prerelease)) => (core, Some(prerelease)),
            None => (text, None),
        };
        if prerelease.is_some_and(|text| !text.split('.').all(is_prerelease_identifier)) {
            return None;
        }
        let mut numbers = [0; 4];
        let mut slots = numbers.iter_mut();
        for part in core.split('.') {
            let slot = slots.next()?;
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            *slot = part.parse().ok()?;
        }
        Some(Version { numbers, prerelease })
    }

    fn compare(&self, other: &Version<'_>) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.prerelease, other.prerelease) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_prereleases(a, b),
        })
    }
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

/// What a comparator demands of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Equal => order.is_eq(),
            Relation::Less => order.is_lt(),
            Relation::LessOrEqual => order.is_le(),
            Relation::Greater => order.is_gt(),
            Relation::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Comparators that must all hold, as `>=2.1 <3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionRange {
    text: Box<str>,
    comparators: Vec<(Relation, OwnedVersion)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OwnedVersion {
    numbers: [u64; 4],
    prerelease: Option<Box<str>>,
}

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RangeError {
    NoComparator(String),
    NoVersion(String),
}

impl VersionRange {
    pub(crate) fn parse(text: &str) -> Result<VersionRange, RangeError> {
        let mut comparators = Vec::new();
        let mut rest = trim(text);
        while !rest.is_empty() {
            let end = rest.find(|c: char| !"<>=".contains(c)).unwrap_or(rest.len());
            let (relation, after) = rest.split_at(end);
            let after = after.trim_start_matches(' ');
            let (version, after) = after.split_at(after.find([' ', ',']).unwrap_or(after.len()));
            let relation = match relation {
                "=" => Relation::Equal,
                "<" => Relation::Less,
                "<=" => Relation::LessOrEqual,
                ">" => Relation::Greater,
                ">=" => Relation::GreaterOrEqual,
                _ => return Err(RangeError::NoComparator(format!("{relation}{version}"))),
            };
            let parsed = Version::parse(version);
            let parsed = parsed.ok_or_else(|| RangeError::NoVersion(version.to_owned()))?;
            let prerelease = parsed.prerelease.map(Box::from);
            comparators.push((relation, OwnedVersion { numbers: parsed.numbers, prerelease }));
            rest = trim(after);
        }
        if comparators.is_empty() {
            return Err(RangeError::NoComparator(String::new()));
        }
        Ok(VersionRange { text: text.into(), comparators })
    }

    pub(crate) fn holds(&self, version: &Version<'_>) -> bool {
        self.comparators.iter().all(|(relation, bound)| {
            let prerelease = bound.prerelease.as_deref();
            relation.holds(version.compare(&Version { numbers: bound.numbers, prerelease }))
        })
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
