//! What texts of the format mean: percentages, instants, numbers, versions, addresses. Every
//! reading takes the text in full or answers `None`.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use regex::Regex;
use serde_yaml::Value;

/// The buckets of a percentage: `12.345%` is 12 345.
pub(crate) fn percentage(text: &str) -> Option<u32> {
    let parts = captures(r"^([0-9]+)(?:\.([0-9]{1,3}))?%$", text)?;
    let whole: u32 = parts[1].parse().ok()?;
    let thousandths: u32 = format!("{:0<3}", parts[2]).parse().ok()?;
    Some(whole * 1000 + thousandths)
}

const NANOS: i128 = 1_000_000_000;

/// An RFC 3339 instant in nanoseconds since 1970, with `T`, an offset and at most nine fraction
/// digits; no leap second.
pub(crate) fn instant(text: &str) -> Option<i128> {
    let parts = captures(
        r"^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$",
        text,
    )?;
    let number = |index: usize| parts[index].parse::<i64>().unwrap_or(0);
    let (year, month, day) = (number(1), number(2), number(3));
    let (hour, minute, second) = (number(4), number(5), number(6));
    let (offset_hour, offset_minute) = (number(9), number(10));
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 || offset_hour > 23 || offset_minute > 59 {
        return None;
    }
    let nanos: i128 = format!("{:0<9}", parts[7]).parse().ok()?;
    let offset = (offset_hour * 60 + offset_minute) * 60;
    let offset = if parts[8] == "-" { -offset } else { offset };
    let local = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(i128::from(local - offset) * NANOS + nanos)
}

/// The instant as text, `offset` minutes east of Greenwich (`Z` for none).
pub(crate) fn instant_text(nanos: i128, offset: Option<i64>, fraction_digits: usize) -> String {
    let seconds = nanos.div_euclid(NANOS) as i64 + offset.unwrap_or(0) * 60;
    let fraction = format!("{:09}", nanos.rem_euclid(NANOS));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut year = 1970;
    while days_since_1970(year, 1, 1) > days {
        year -= 1;
    }
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 12;
    while days_since_1970(year, month, 1) > days {
        month -= 1;
    }
    let day = days - days_since_1970(year, month, 1) + 1;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let needed = fraction.trim_end_matches('0').len();
    let digits = fraction_digits.max(needed).min(9);
    if digits > 0 {
        text.push('.');
        text.push_str(&fraction[..digits]);
    }
    match offset {
        None => text.push('Z'),
        Some(minutes) => {
            let (sign, size) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
            text.push_str(&format!("{sign}{:02}:{:02}", size / 60, size % 60));
        }
    }
    text
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Days before 1 January of the year, counted from the (proleptic) year 0.
    let before = |year: i64| {
        let last = year - 1;
        year * 365 + last.div_euclid(4) - last.div_euclid(100) + last.div_euclid(400)
    };
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    before(year) - before(1970) + months + day - 1
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A number as the format compares it: integers are never rounded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Num {
    Integer(i128),
    Float(f64),
}

impl Num {
    /// A number of the document or of a json value.
    pub(crate) fn of_yaml(value: &Value) -> Option<Num> {
        let number = match value {
            Value::Number(number) => number,
            _ => return None,
        };
        if let Some(integer) = number.as_i64() {
            Some(Num::Integer(i128::from(integer)))
        } else if let Some(integer) = number.as_u64() {
            Some(Num::Integer(i128::from(integer)))
        } else {
            number.as_f64().and_then(Num::finite)
        }
    }

    /// A text in JSON's grammar of numbers.
    pub(crate) fn of_text(text: &str) -> Option<Num> {
        let parts = captures(r"^-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$", text)?;
        if parts[1].is_empty()
            && parts[2].is_empty()
            && let Ok(integer) = text.parse()
        {
            return Some(Num::Integer(integer));
        }
        Num::finite(text.parse().ok()?)
    }

    pub(crate) fn finite(float: f64) -> Option<Num> {
        float.is_finite().then_some(Num::Float(float))
    }

    pub(crate) fn compare(self, other: Num) -> Ordering {
        match (self, other) {
            (Num::Integer(a), Num::Integer(b)) => a.cmp(&b),
            (Num::Float(a), Num::Float(b)) => a.partial_cmp(&b).expect("finite"),
            (Num::Integer(a), Num::Float(b)) => compare_exactly(a, b),
            (Num::Float(a), Num::Integer(b)) => compare_exactly(b, a).reverse(),
        }
    }
}

/// The integer against the whole part of the float, then against what is left of it.
fn compare_exactly(integer: i128, float: f64) -> Ordering {
    let whole = float.trunc() as i128;
    let rest = 0.0_f64.partial_cmp(&float.fract()).expect("finite");
    integer.cmp(&whole).then(rest)
}

/// One to four dotted numbers and an optional prerelease, ordered by SemVer precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u128; 4],
    prerelease: Vec<String>,
}

impl Version {
    pub(crate) fn of_text(text: &str) -> Option<Version> {
        let parts = captures(
            r"^v?([0-9]+(?:\.[0-9]+){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$",
            text,
        )?;
        let mut numbers = [0; 4];
        for (place, number) in parts[1].split('.').enumerate() {
            numbers[place] = number.parse().ok()?;
        }
        let identifiers = parts[2].split('.').filter(|identifier| !identifier.is_empty());
        Some(Version { numbers, prerelease: identifiers.map(str::to_owned).collect() })
    }

    pub(crate) fn compare(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }
}

/// SemVer 2.0.0, clause 11.4: numbers by value, texts by bytes, numbers below texts, and of two
/// that begin alike the longer is the later.
fn compare_prereleases(left: &[String], right: &[String]) -> Ordering {
    for (a, b) in left.iter().zip(right) {
        let order = match (a.parse::<u128>(), b.parse::<u128>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

/// True if the version passes every comparator of the text, `>=2.1 <3`.
pub(crate) fn version_passes(version: &Version, comparators: &str) -> bool {
    let mut all = true;
    for comparator in comparators.split([' ', ',']).filter(|part| !part.is_empty()) {
        let parts = captures(r"^(<=|>=|=|<|>)(.+)$", comparator).expect("a comparator");
        let order = version.compare(&Version::of_text(&parts[2]).expect("a version"));
        all &= match parts[1].as_str() {
            "=" => order == Ordering::Equal,
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            _ => order != Ordering::Less,
        };
    }
    all
}

/// An address; one that maps IPv4 into IPv6 is its IPv4.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// True if the address is the one of the document, or inside its CIDR.
pub(crate) fn address_within(address: IpAddr, network: &str) -> bool {
    let (base, prefix) = match network.split_once('/') {
        None => (network, None),
        Some((base, prefix)) => (base, Some(prefix.parse::<u32>().expect("a prefix"))),
    };
    let written: IpAddr = base.parse().expect("an address");
    let base = written.to_canonical();
    let mapped = written.is_ipv6() && base.is_ipv4();
    match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => {
            let prefix = prefix.map_or(32, |prefix| if mapped { prefix - 96 } else { prefix });
            let ignored = 32 - prefix;
            u64::from(address.to_bits()) >> ignored == u64::from(base.to_bits()) >> ignored
        }
        (IpAddr::V6(address), IpAddr::V6(base)) => {
            let ignored = 128 - prefix.unwrap_or(128);
            ignored == 128 || address.to_bits() >> ignored == base.to_bits() >> ignored
        }
        _ => false,
    }
}

/// True if the pattern is found in the text.
pub(crate) fn found(pattern: &str, ignore_case: bool, text: &str) -> bool {
    let pattern = if ignore_case { format!("(?i){pattern}") } else { pattern.to_owned() };
    compiled(&pattern).is_match(text)
}

/// The groups of a pattern, from 0; a group that took no part is empty text.
fn captures(pattern: &str, text: &str) -> Option<Vec<String>> {
    let compiled = compiled(pattern);
    let captures = compiled.captures(text)?;
    let mut groups = Vec::new();
    for group in captures.iter() {
        groups.push(group.map_or(String::new(), |group| group.as_str().to_owned()));
    }
    Some(groups)
}

/// Compiling is slow enough in a debug build to keep what was compiled.
fn compiled(pattern: &str) -> Rc<Regex> {
    thread_local! {
        static KEPT: RefCell<HashMap<String, Rc<Regex>>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        let compile = || Rc::new(Regex::new(pattern).expect("a pattern"));
        kept.entry(pattern.to_owned()).or_insert_with(compile).clone()
    })
}
