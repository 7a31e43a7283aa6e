//! The published vectors, and what a good hash promises, on inputs that are always the same.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    reason = "helpers of tests: a panic is how they fail, and statistics are made of floats"
)]

#[path = "vectors/generate.rs"]
mod generate;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hoist::bucket::{BUCKETS, Purpose, Salt, Share, UnitHash, arm, arm_ends, bucket};

const VECTORS: &str = include_str!("vectors/bucketing.tsv");

#[test]
fn every_vector_holds() {
    let mut count = 0;
    for (line, text) in (1..).zip(VECTORS.lines()) {
        if !text.starts_with('#') {
            check_vector(line, text);
            count += 1;
        }
    }
    assert_eq!(count, 10_000);
}

fn check_vector(line: usize, text: &str) {
    let columns: Vec<&str> = text.split('\t').collect();
    let [purpose, name, unit, unit_hash, salt_hash, place, weights, chosen] = columns[..] else {
        panic!("line {line} has {} columns", columns.len());
    };
    let purpose = match purpose {
        "1" => Purpose::Rollout,
        "2" => Purpose::Split,
        "3" => Purpose::SegmentRollout,
        other => panic!("line {line} has purpose {other}"),
    };
    let unit = UnitHash::of(&bytes_of(unit));
    let salt = Salt::new(purpose, name);
    let found = bucket(unit, salt);
    assert_eq!(format!("{:016x}", unit.get()), unit_hash, "unit hash of line {line}");
    assert_eq!(format!("{:016x}", salt.get()), salt_hash, "salt hash of line {line}");
    assert_eq!(found.to_string(), place, "bucket of line {line}");
    if purpose != Purpose::Split {
        assert_eq!((weights, chosen), ("-", "-"), "arm of line {line}");
        return;
    }
    let mut arms: Vec<(&str, u32)> = weights
        .split(',')
        .map(|arm| arm.split_once('=').expect("an arm is NAME=WEIGHT"))
        .map(|(name, weight)| (name, weight.parse().expect("a weight is a number")))
        .collect();
    arms.sort_unstable_by_key(|&(name, _)| name);
    let weights: Vec<u32> = arms.iter().map(|&(_, weight)| weight).collect();
    let ends = arm_ends(&weights).expect("a weight is above zero");
    let place = arm(&ends, found).expect("a bucket is in an arm");
    assert_eq!(arms[place].0, chosen, "arm of line {line}");
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits"))
        .collect()
}

#[test]
fn the_vectors_are_what_the_generator_makes() {
    let made = generate::text();
    if made.lines().eq(VECTORS.lines()) {
        return;
    }
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/bucketing.tsv");
    std::fs::write(path, &made).expect("the directory for test files can be written");
    let line = made.lines().zip(VECTORS.lines()).position(|(new, old)| new != old);
    panic!("the generator differs from line {:?} on; its text is in {path}", line.map(|at| at + 1));
}

#[test]
fn the_vectors_cover_what_they_claim() {
    let rows: Vec<Vec<&str>> = VECTORS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let distinct: BTreeSet<_> = rows.iter().collect();
    assert_eq!(distinct.len(), rows.len(), "a vector is there twice");

    let lengths =
        |of: &dyn Fn(&[&str]) -> usize| rows.iter().map(|row| of(row)).collect::<BTreeSet<_>>();
    let units = lengths(&|row| row[2].len() / 2);
    let salts = lengths(&|row| row[1].len() + 5);
    assert!((1..=256).all(|length| units.contains(&length)));
    assert!((6..=256).all(|length| salts.contains(&length)));
    assert!(units.last() > Some(&2_000) && salts.last() > Some(&2_000));

    for purpose in ["1", "2", "3"] {
        assert!(rows.iter().filter(|row| row[0] == purpose).count() > 1_500, "purpose {purpose}");
    }
    let weights: BTreeSet<_> = rows.iter().filter(|row| row[0] == "2").map(|row| row[6]).collect();
    assert_eq!(weights.len(), 18);
}

// Statistics. With `df` degrees of freedom, a statistic of chi-square is above `bound(df)` by
// chance once in a million, and below `floor(df)` as seldom. The inputs are fixed, so a failure is
// a fault and not bad luck.

fn bound(df: f64) -> f64 {
    quantile(df, 4.753)
}

fn floor(df: f64) -> f64 {
    quantile(df, -4.753)
}

/// The value of chi-square at a number of standard deviations of the normal distribution, by the
/// approximation of Wilson and Hilferty.
fn quantile(df: f64, deviations: f64) -> f64 {
    let spread = 2.0 / (9.0 * df);
    df * (1.0 - spread + deviations * spread.sqrt()).powi(3)
}

/// Chi-square of counts that should all be the same.
fn chi_square(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().copied().map(f64::from).sum();
    let expected = total / f64::from(u32::try_from(counts.len()).expect("few cells"));
    let squares: f64 = counts.iter().map(|&count| (f64::from(count) - expected).powi(2)).sum();
    squares / expected
}

/// Chi-square of ten by ten counts against the products of their own margins: 81 degrees.
///
/// Unlike [`chi_square`] of the same counts it is not moved by how even one flag is, and so is
/// uncorrelated between pairs that share a flag, which is what lets it be summed over pairs.
fn dependence(counts: &[u32; 100]) -> f64 {
    let (mut rows, mut columns) = ([0; 10], [0; 10]);
    for (i, &count) in counts.iter().enumerate() {
        rows[i / 10] += count;
        columns[i % 10] += count;
    }
    let total = f64::from(rows.iter().sum::<u32>());
    let cell = |(i, &count): (usize, &u32)| {
        let expected = f64::from(rows[i / 10]) * f64::from(columns[i % 10]) / total;
        (f64::from(count) - expected).powi(2) / expected
    };
    counts.iter().enumerate().map(cell).sum()
}

fn assert_even(counts: &[u32], what: &str) {
    let df = f64::from(u32::try_from(counts.len() - 1).expect("few cells"));
    let statistic = chi_square(counts);
    assert!(
        (floor(df)..=bound(df)).contains(&statistic),
        "{what}: chi-square {statistic:.1} of {df} degrees, not in {:.1}..={:.1}",
        floor(df),
        bound(df),
    );
}

/// How often each pair of tenths of the buckets comes together.
fn pairs(one: &[u8], other: &[u8]) -> [u32; 100] {
    let mut counts = [0; 100];
    for (&a, &b) in one.iter().zip(other) {
        counts[usize::from(a) * 10 + usize::from(b)] += 1;
    }
    counts
}

/// The tenth of the buckets, 0 to 9, that each unit falls in.
fn tenths(units: &[UnitHash], salt: Salt) -> Vec<u8> {
    let tenth = |&unit| u8::try_from(bucket(unit, salt) / (BUCKETS / 10)).expect("at most 9");
    units.iter().map(tenth).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[derive(Clone, Copy, Debug)]
enum Family {
    Sequential,
    Negative,
    Uuid,
    Email,
    Token,
}

impl Family {
    const ALL: [Family; 5] =
        [Family::Sequential, Family::Negative, Family::Uuid, Family::Email, Family::Token];

    fn units(self, count: u32) -> Vec<UnitHash> {
        let mut random = Random(count.into());
        let mut text = String::new();
        (1..=count)
            .map(|id| {
                text.clear();
                self.write(&mut text, id, &mut random);
                UnitHash::of(text.as_bytes())
            })
            .collect()
    }

    fn write(self, text: &mut String, id: u32, random: &mut Random) {
        match self {
            Family::Sequential => write!(text, "{id}"),
            Family::Negative => write!(text, "-{id}"),
            Family::Uuid => {
                let (high, low) = (random.next(), random.next());
                let (time, middle, version) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
                let (variant, node) = (low >> 50, low & 0xffff_ffff_ffff);
                write!(
                    text,
                    "{time:08x}-{middle:04x}-4{version:03x}-{:04x}-{node:012x}",
                    0x8000 | variant
                )
            }
            Family::Email => write!(text, "user{id}@example.com"),
            Family::Token => {
                write!(text, "{:016x}{:016x}{:016x}", random.next(), random.next(), random.next())
            }
        }
        .expect("a string takes all that is written to it");
    }
}

/// The names of sixty flags, as like each other as those of real ones, and liker.
fn flags() -> Vec<String> {
    (1..=60).map(|n| format!("flag-{n}")).collect()
}

#[test]
fn buckets_are_even() {
    for family in Family::ALL {
        let units = family.units(1_000_000);
        for (purpose, name) in [
            (Purpose::Rollout, "new-checkout"),
            (Purpose::Split, "new-checkout"),
            (Purpose::SegmentRollout, "1"),
        ] {
            let salt = Salt::new(purpose, name);
            let mut each = vec![0; 100_000];
            let mut percents = [0; 100];
            for &unit in &units {
                let place = usize::try_from(bucket(unit, salt)).expect("a bucket is below 100 000");
                each[place] += 1;
                percents[place / 1_000] += 1;
            }
            assert_even(&percents, &format!("percents of {family:?} in {purpose:?}"));
            assert_even(&each, &format!("buckets of {family:?} in {purpose:?}"));
        }
    }
}

#[test]
fn a_unit_says_nothing_about_the_next() {
    for family in Family::ALL {
        let tenths = tenths(&family.units(200_000), Salt::new(Purpose::Rollout, "new-checkout"));
        assert_even(&pairs(&tenths, &tenths[1..]), &format!("neighbours of {family:?}"));
    }
}

#[test]
fn flags_are_independent_in_pairs() {
    for family in [Family::Sequential, Family::Uuid, Family::Email] {
        let units = family.units(20_000);
        let flags: Vec<Vec<u8>> =
            flags().iter().map(|name| tenths(&units, Salt::new(Purpose::Rollout, name))).collect();
        let mut total = 0.0;
        let mut compared = 0.0;
        for (i, one) in flags.iter().enumerate() {
            for (j, other) in flags.iter().enumerate().skip(i + 1) {
                let counts = pairs(one, other);
                assert_even(&counts, &format!("{family:?} in flags {i} and {j}"));
                total += dependence(&counts);
                compared += 1.0;
            }
        }
        // A small fault in all pairs, which no single one shows, moves the sum.
        let df = 81.0 * compared;
        assert!((floor(df)..=bound(df)).contains(&total), "{family:?}: {total:.0} in all of {df}");
    }
}

#[test]
fn purposes_of_one_flag_are_independent() {
    let purposes = [
        Purpose::Rollout,
        Purpose::Split,
        Purpose::SegmentRollout,
        Purpose::Layer,
        Purpose::FileCanary,
    ];
    for family in [Family::Sequential, Family::Email] {
        let units = family.units(20_000);
        for name in flags() {
            let tenths = purposes.map(|purpose| tenths(&units, Salt::new(purpose, &name)));
            for (i, one) in tenths.iter().enumerate() {
                for (j, other) in tenths.iter().enumerate().skip(i + 1) {
                    let (one_purpose, other_purpose) = (purposes[i], purposes[j]);
                    let what =
                        format!("{family:?} in {name}, {one_purpose:?} and {other_purpose:?}");
                    assert_even(&pairs(one, other), &what);
                }
            }
        }
    }
}

#[test]
fn arms_within_a_rollout_have_their_weights() {
    let share = Share::parse("20%").expect("a percentage");
    let ends = arm_ends(&[1, 1, 0, 1, 1]).expect("weights");
    for family in Family::ALL {
        let units = family.units(200_000);
        for name in ["checkout-button", "spring sale"] {
            let (rollout, split) =
                (Salt::new(Purpose::Rollout, name), Salt::new(Purpose::Split, name));
            let (mut inside, mut outside) = ([0; 5], [0; 5]);
            for &unit in &units {
                let arms =
                    if share.holds(bucket(unit, rollout)) { &mut inside } else { &mut outside };
                arms[arm(&ends, bucket(unit, split)).expect("an arm")] += 1;
            }
            for (arms, where_) in [(inside, "inside"), (outside, "outside")] {
                let [a, b, none, c, d] = arms;
                assert_eq!(none, 0);
                assert_even(&[a, b, c, d], &format!("arms {where_} of {name} for {family:?}"));
            }
        }
    }
}

#[test]
fn a_share_only_gains_people_as_it_grows() {
    let shares: Vec<Share> = (0..=10_000)
        .map(|step| format!("{}.{:02}%", step / 100, step % 100))
        .map(|text| Share::parse(&text).expect("a percentage"))
        .collect();
    assert_eq!((shares[0], shares[10_000]), (Share::NONE, Share::ALL));

    let salt = Salt::new(Purpose::Rollout, "new-checkout");
    for family in Family::ALL {
        for unit in family.units(200) {
            let place = bucket(unit, salt);
            // Out at every share up to one and in at every later one: so for any two of the
            // shares, whoever is in at the smaller is in at the larger.
            let inside: Vec<bool> = shares.iter().map(|share| share.holds(place)).collect();
            assert!(inside.is_sorted());
            assert!(!inside[0] && inside[10_000]);
        }
    }
}

#[test]
fn a_share_holds_those_of_every_smaller_share() {
    let units = Family::Sequential.units(2_000);
    let salt = Salt::new(Purpose::SegmentRollout, "holdback");
    let shares = [
        "0%", "0.001%", "0.1%", "1%", "5%", "12.345%", "25%", "33.333%", "50%", "75%", "99.999%",
        "100%",
    ];
    let people = shares.map(|text| {
        let share = Share::parse(text).expect("a percentage");
        let inside = |&unit: &UnitHash| share.holds(bucket(unit, salt));
        units.iter().copied().filter(inside).collect::<BTreeSet<_>>()
    });
    for (i, smaller) in people.iter().enumerate() {
        for larger in &people[i..] {
            assert!(smaller.is_subset(larger));
        }
    }
    assert_eq!((people[0].len(), people[11].len()), (0, 2_000));
}

#[test]
fn flags_of_one_seed_have_the_same_people() {
    struct Flag {
        name: &'static str,
        seed: Option<&'static str>,
    }
    let units = Family::Uuid.units(20_000);
    let people =
        |purpose, flag: &Flag| tenths(&units, Salt::new(purpose, flag.seed.unwrap_or(flag.name)));

    let banner = Flag { name: "banner", seed: Some("spring sale") };
    let prices = Flag { name: "prices", seed: Some("spring sale") };
    let emails = Flag { name: "emails", seed: Some("spring  sale") };
    let footer = Flag { name: "footer", seed: None };
    for purpose in [Purpose::Rollout, Purpose::Split, Purpose::SegmentRollout] {
        assert_eq!(people(purpose, &banner), people(purpose, &prices));
        assert_even(&pairs(&people(purpose, &banner), &people(purpose, &emails)), "two seeds");
        assert_even(
            &pairs(&people(purpose, &banner), &people(purpose, &footer)),
            "a seed and a name",
        );
    }
}

#[test]
fn no_two_salts_are_alike() {
    let names = VECTORS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split('\t').nth(1));
    let names: BTreeSet<&str> = names.chain(["", "\0", "\0\0"]).collect();
    let mut salts = BTreeSet::new();
    for purpose in [
        Purpose::Rollout,
        Purpose::Split,
        Purpose::SegmentRollout,
        Purpose::Layer,
        Purpose::FileCanary,
    ] {
        salts.extend(names.iter().map(|name| Salt::new(purpose, name)));
    }
    assert_eq!(salts.len(), names.len() * 5);
}
