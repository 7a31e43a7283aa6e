//! Numbers that compare exactly: an integer is never rounded through a float.

use std::cmp::Ordering;
use std::fmt;

use super::interval::Interval;

/// An integer or a finite float.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    /// Reads a text that is a number by JSON's grammar: no `+1`, `1.`, `.5`, `inf` or spaces.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        let bytes = text.as_bytes();
        let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
        let (whole, rest) = digits(unsigned);
        if whole == 0 || (whole > 1 && unsigned.first() == Some(&b'0')) {
            return None;
        }
        if rest.is_empty() {
            return text.parse().ok().map(Number::Integer);
        }
        let rest = match rest.strip_prefix(b".") {
            None => rest,
            Some(fraction) => match digits(fraction) {
                (0, _) => return None,
                (_, rest) => rest,
            },
        };
        let rest = match rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
            None => rest,
            Some(exponent) => {
                let sign = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+"));
                match digits(sign.unwrap_or(exponent)) {
                    (0, _) => return None,
                    (_, rest) => rest,
                }
            }
        };
        if !rest.is_empty() {
            return None;
        }
        text.parse().ok().filter(|float: &f64| float.is_finite()).map(Number::Float)
    }

    /// Compares by value, whatever the two are written as; `None` for a float that is no number.
    pub(crate) fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => Some(a.cmp(&b)),
            (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
            (Number::Integer(a), Number::Float(b)) => integer_to_float(a, b),
            (Number::Float(a), Number::Integer(b)) => integer_to_float(b, a).map(Ordering::reverse),
        }
    }
}

/// 2^127, the first float above every `i128`.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// How many digits a text starts with, and what follows them.
fn digits(bytes: &[u8]) -> (usize, &[u8]) {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, bytes.get(count..).unwrap_or_default())
}

fn integer_to_float(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= BEYOND {
        return Some(Ordering::Less);
    }
    if float < -BEYOND {
        return Some(Ordering::Greater);
    }
    // In range, so the cast drops the fraction and nothing else.
    let whole = float.trunc();
    let by_whole = integer.cmp(&(whole as i128));
    Some(by_whole.then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal)))
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.compare(*other) == Some(Ordering::Equal)
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        self.compare(*other).unwrap_or(Ordering::Equal)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(value) => write!(f, "{value}"),
            Number::Float(value) => write!(f, "{value}"),
        }
    }
}

/// How a number must lie to another: less, equal and greater have a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Comparison {
    Greater = 0b100,
    GreaterOrEqual = 0b110,
    Less = 0b001,
    LessOrEqual = 0b011,
}

impl Comparison {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Comparison::Greater => "gt",
            Comparison::GreaterOrEqual => "gte",
            Comparison::Less => "lt",
            Comparison::LessOrEqual => "lte",
        }
    }

    /// What of an interval lies so to a bound.
    pub(crate) fn narrow(self, interval: Interval<Number>, bound: Number) -> Interval<Number> {
        match self {
            Comparison::Greater => interval.above(bound),
            Comparison::GreaterOrEqual => interval.at_least(bound),
            Comparison::Less => interval.below(bound),
            Comparison::LessOrEqual => interval.at_most(bound),
        }
    }

    /// PERF: without a jump that depends on the comparison (DEEP).
    pub(crate) const fn holds(self, order: Ordering) -> bool {
        self as u8 >> (order as i8 + 1) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_grammar_of_json_is_a_number() {
        for text in ["0", "-0", "18", "-5", "0.5", "1e3", "1E+3", "2.5e-1", "123456789012345678901"]
        {
            assert!(Number::parse(text).is_some(), "{text}");
        }
        let bad = [
            "", "-", "+1", "1.", ".5", "01", "-01", "1e", "1e+", "inf", "nan", " 1", "1 ", "1_0",
            "0x1", "1e999",
        ];
        for text in bad {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn integers_and_floats_compare_exactly() {
        let beyond = Number::Integer((1 << 53) + 1);
        assert_ne!(beyond, Number::Float(9_007_199_254_740_992.0));
        assert_eq!(Number::Integer(3), Number::Float(3.0));
        assert_eq!(Number::Integer(-3).compare(Number::Float(-3.5)), Some(Ordering::Greater));
        assert_eq!(Number::Integer(3).compare(Number::Float(3.5)), Some(Ordering::Less));
        assert_eq!(
            Number::Float(1e300).compare(Number::Integer(i128::MAX)),
            Some(Ordering::Greater)
        );
        assert_eq!(Number::Float(-1e300).compare(Number::Integer(i128::MIN)), Some(Ordering::Less));
        assert_eq!(Number::Float(f64::NAN).compare(Number::Integer(0)), None);
    }

    #[test]
    fn a_comparison_holds_for_the_orders_that_it_names() {
        let orders = [Ordering::Less, Ordering::Equal, Ordering::Greater];
        for (comparison, expected) in [
            (Comparison::Greater, [false, false, true]),
            (Comparison::GreaterOrEqual, [false, true, true]),
            (Comparison::Less, [true, false, false]),
            (Comparison::LessOrEqual, [true, true, false]),
        ] {
            assert_eq!(orders.map(|order| comparison.holds(order)), expected, "{comparison:?}");
        }
    }
}
