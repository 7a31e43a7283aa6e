//! Makes the text of `bucketing.tsv`, always the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use hoist::bucket::{BUCKETS, Purpose, Salt, UnitHash, arm, arm_ends, bucket};

const ROWS: usize = 10_000;

const HEADER: &str = "\
# Bucketing vectors of hoist: 10000 lines in UTF-8, each eight columns with tabs between them.
# purpose    1 rollout, 2 split, 3 segment rollout
# name       the name of the flag or the segment, or the seed in its place, as it is
# unit       the bytes of the unit, in hexadecimal
# unit_hash  XXH3_64 of the unit, 16 hexadecimal digits, the highest first
# salt_hash  XXH3_64 of the salt, likewise
# bucket     0 to 99999
# weights    for a split, NAME=WEIGHT of each arm, in no order, with commas between; otherwise -
# arm        for a split, the name of the arm that the unit gets; otherwise -
";

type Arms = &'static [(&'static str, u32)];

struct Row {
    purpose: Purpose,
    name: String,
    unit: String,
    arms: Option<Arms>,
}

/// The whole text of the file.
pub(crate) fn text() -> String {
    let mut rows = lengths_of_units();
    rows.extend(lengths_of_names());
    rows.extend(edges_of_shares());
    rows.extend(edges_of_arms());
    rows.extend(splits(4_000));
    let rest = ROWS - rows.len();
    let rollouts = rest * 2 / 3;
    rows.extend(plain(Purpose::Rollout, rollouts));
    rows.extend(plain(Purpose::SegmentRollout, rest - rollouts));

    let mut text = HEADER.to_owned();
    for row in &rows {
        write_row(&mut text, row);
    }
    text
}

fn write_row(text: &mut String, row: &Row) {
    let unit = UnitHash::of(row.unit.as_bytes());
    let salt = Salt::new(row.purpose, &row.name);
    let place = bucket(unit, salt);
    let hex: String = row.unit.bytes().map(|byte| format!("{byte:02x}")).collect();
    let (weights, chosen) = match row.arms {
        None => ("-".to_owned(), "-"),
        Some(arms) => {
            let written: Vec<_> =
                arms.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
            (written.join(","), arm_name(arms, place))
        }
    };
    writeln!(
        text,
        "{}\t{}\t{hex}\t{:016x}\t{:016x}\t{place}\t{weights}\t{chosen}",
        row.purpose.byte(),
        row.name,
        unit.get(),
        salt.get(),
    )
    .expect("a string takes all that is written to it");
}

fn arm_name(arms: Arms, bucket: u32) -> &'static str {
    let sorted: BTreeMap<&[u8], (&str, u32)> =
        arms.iter().map(|&(name, weight)| (name.as_bytes(), (name, weight))).collect();
    let (names, weights): (Vec<_>, Vec<_>) = sorted.into_values().unzip();
    let ends = arm_ends(&weights).expect("a weight is above zero");
    names[arm(&ends, bucket).expect("a bucket is in an arm")]
}

/// Every length that meets another branch of XXH3, and others: a stripe is 64 bytes, a block 1 024.
fn lengths(longest: usize) -> impl Iterator<Item = usize> {
    let long = [
        257, 300, 319, 320, 321, 383, 384, 385, 447, 448, 449, 511, 512, 513, 576, 639, 640, 641,
        704, 767, 768, 769, 832, 895, 896, 897, 959, 960, 961, 1000, 1023, 1024, 1025, 1087, 1088,
        1089, 1151, 1152, 1153, 1279, 1500, 1535, 1536, 1537, 1791, 1983, 1984, 1985, 2000, 2047,
        2048, 2049,
    ];
    (1..=256).chain(long).take_while(move |&length| length <= longest)
}

fn lengths_of_units() -> Vec<Row> {
    let ascii = lengths(2_049).map(|length| ascii_of(length, 1));
    let wide = lengths(384).map(|length| wide_of(length, 2));
    ascii
        .chain(wide)
        .enumerate()
        .map(|(i, unit)| row(i, NAMES[i % NAMES.len()].to_owned(), unit))
        .collect()
}

fn lengths_of_names() -> Vec<Row> {
    let ascii = lengths(2_049).map(|length| ascii_of(length, 3));
    let wide = lengths(256).map(|length| wide_of(length, 4));
    ascii.chain(wide).enumerate().map(|(i, name)| row(i, name, unit(i, i))).collect()
}

/// A row whose purpose goes by turns.
fn row(turn: usize, name: String, unit: String) -> Row {
    let (purpose, arms) = match turn % 3 {
        0 => (Purpose::Rollout, None),
        1 => (Purpose::Split, Some(WEIGHTS[turn / 3 % WEIGHTS.len()])),
        _ => (Purpose::SegmentRollout, None),
    };
    Row { purpose, name, unit, arms }
}

/// The last bucket inside and the first outside of common shares.
fn edges_of_shares() -> Vec<Row> {
    let counts = [
        1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 12_345, 25_000, 50_000, 75_000, 99_000,
        99_999,
    ];
    let mut rows = Vec::new();
    for purpose in [Purpose::Rollout, Purpose::SegmentRollout] {
        let wanted = counts.into_iter().flat_map(|count| [count - 1, count]).collect();
        let found = first_units(purpose, "edges", wanted);
        rows.extend(found.into_values().map(|unit| Row {
            purpose,
            name: "edges".to_owned(),
            unit,
            arms: None,
        }));
    }
    rows
}

/// The first and the last bucket of every arm of every set of weights.
fn edges_of_arms() -> Vec<Row> {
    let edges = |arms: Arms| -> BTreeSet<u32> {
        let sorted: BTreeMap<_, _> =
            arms.iter().map(|&(name, weight)| (name.as_bytes(), weight)).collect();
        let weights: Vec<_> = sorted.into_values().collect();
        let ends = arm_ends(&weights).expect("a weight is above zero");
        let around = ends.into_iter().flat_map(|end| [end.checked_sub(1), Some(end)]);
        around.flatten().chain([0]).filter(|&bucket| bucket < BUCKETS).collect()
    };
    let wanted = WEIGHTS.iter().flat_map(|arms| edges(arms)).collect();
    let found = first_units(Purpose::Split, "edges", wanted);
    let mut rows = Vec::new();
    for arms in WEIGHTS {
        rows.extend(edges(arms).into_iter().map(|bucket| Row {
            purpose: Purpose::Split,
            name: "edges".to_owned(),
            unit: found[&bucket].clone(),
            arms: Some(arms),
        }));
    }
    rows
}

/// For each bucket wanted, the least positive integer that falls in it.
fn first_units(purpose: Purpose, name: &str, mut wanted: BTreeSet<u32>) -> BTreeMap<u32, String> {
    let salt = Salt::new(purpose, name);
    let mut found = BTreeMap::new();
    let mut unit = String::new();
    // Enough that a bucket which is not found by then is one that nothing falls in.
    for id in 1..=5_000_000 {
        if wanted.is_empty() {
            break;
        }
        unit.clear();
        write!(unit, "{id}").expect("a string takes all that is written to it");
        let bucket = bucket(UnitHash::of(unit.as_bytes()), salt);
        if wanted.remove(&bucket) {
            found.insert(bucket, unit.clone());
        }
    }
    assert!(wanted.is_empty(), "no unit falls in {wanted:?}");
    found
}

fn splits(count: usize) -> impl Iterator<Item = Row> {
    plain(Purpose::Split, count)
        .enumerate()
        .map(|(i, row)| Row { arms: Some(WEIGHTS[i % WEIGHTS.len()]), ..row })
}

fn plain(purpose: Purpose, count: usize) -> impl Iterator<Item = Row> {
    (0..count).map(move |i| Row {
        purpose,
        name: NAMES[i / FAMILIES % NAMES.len()].to_owned(),
        unit: unit(i % FAMILIES, i / FAMILIES),
        arms: None,
    })
}

const FAMILIES: usize = 9;

/// The `i`-th unit of a family; another for each `i`.
fn unit(family: usize, i: usize) -> String {
    let random = |n: usize| splitmix((i as u64) << 8 | (n as u64));
    match family % FAMILIES {
        0 => (i + 1).to_string(),
        1 => format!("-{}", i + 1),
        2 => match i {
            0 => "0".to_owned(),
            1 => i64::MAX.to_string(),
            2 => i64::MIN.to_string(),
            3 => u64::MAX.to_string(),
            _ if i % 2 == 0 => random(0).to_string(),
            _ => i64::from_ne_bytes(random(0).to_ne_bytes()).to_string(),
        },
        3 => uuid(random(1), random(2)),
        4 => format!("{}{}@{}", GIVEN[i % GIVEN.len()], i, HOSTS[i / 3 % HOSTS.len()]),
        5 => numbered(WORDS, i),
        6 => numbered(UNTIDY, i),
        7 => format!("{:016x}{:016x}", random(3), random(4)),
        _ => format!("tenant/{:03}/user/{:07}", random(5) % 200, i * 37),
    }
}

fn numbered(list: &[&str], i: usize) -> String {
    let text = list[i % list.len()];
    match i / list.len() {
        0 => text.to_owned(),
        n => format!("{n}{text}"),
    }
}

fn uuid(high: u64, low: u64) -> String {
    let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
    let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff,
    )
}

fn ascii_of(length: usize, family: u64) -> String {
    let alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
    let seed = splitmix(family << 32 | length as u64);
    (0..length as u64).map(|i| char::from(alphabet[(splitmix(seed ^ i) >> 58) as usize])).collect()
}

/// Text of a length in bytes, of characters of one to four bytes each.
fn wide_of(length: usize, family: u64) -> String {
    let seed = splitmix(family << 32 | length as u64);
    let mut text = String::with_capacity(length);
    for i in 0.. {
        let letters = ['z', 'é', 'ж', '語', '한', '€', '🦀', '𝒳'];
        let letter = letters[(splitmix(seed ^ i) >> 61) as usize];
        match length - text.len() {
            0 => break,
            room if letter.len_utf8() <= room => text.push(letter),
            _ => text.push('z'),
        }
    }
    text
}

/// The `n`-th output of SplitMix64 (Guy Steele, Doug Lea and Christine Flood) from a fixed seed.
fn splitmix(n: u64) -> u64 {
    let mut z = 0x6869_6f73_7400_0001u64.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const NAMES: &[&str] = &[
    "new-checkout",
    "dark-mode",
    "new-pricing-engine",
    "a",
    "b",
    "A",
    "0",
    "42",
    "x1",
    "flag-1",
    "flag-2",
    "flag-10",
    "button.colour",
    "Beta_2",
    "checkout-button",
    "search.ranking.v2",
    "holdback",
    "pilot",
    "edge-cache--purge",
    "a-flag-whose-name-is-as-long-as-the-grammar-lets-it-be.a-flag-whose-name-is-as-long-as-the-grammar-lets-it-be.and-now-it-is-128-b",
    "spring sale",
    "wave 2 of 3",
    "two  spaces",
    " leading",
    "trailing ",
    " ",
    "what? \"quoted\", 'single' & <angled>; #1 = 50% \\ back",
    "Größe",
    "caf\u{e9}",
    "cafe\u{301}",
    "\u{212b}ngstr\u{f6}m",
    "\u{c5}ngstr\u{f6}m",
    "новая касса",
    "機能フラグ",
    "한국어",
    "\u{1112}\u{1161}\u{11ab}국어",
    "דגל חדש",
    "علم جديد",
    "🚀 launch",
    "👩\u{200d}💻",
    "\u{fb01}nish",
    "stra\u{df}e",
    "STRASSE",
];

const GIVEN: &[&str] = &["ada", "grace.hopper", "Linus", "j+tag", "o'brien", "marie_curie", "x"];

const HOSTS: &[&str] = &[
    "example.com",
    "mail.example.org",
    "EXAMPLE.COM",
    "sub.domain.example.net",
    "b\u{fc}cher.example",
];

const WORDS: &[&str] = &[
    "Zo\u{eb}",
    "Zoe\u{308}",
    "\u{e9}",
    "e\u{301}",
    "\u{1e69}",
    "s\u{323}\u{307}",
    "s\u{307}\u{323}",
    "\u{212b}",
    "\u{c5}",
    "A\u{30a}",
    "\u{ac00}",
    "\u{1100}\u{1161}",
    "ﬁ",
    "fi",
    "ß",
    "SS",
    "İstanbul",
    "ısparta",
    "Иван Петров",
    "Ἀθηνᾶ",
    "山田太郎",
    "김철수",
    "דוד",
    "محمد",
    "नमस्ते",
    "สวัสดี",
    "🦀",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦",
    "🇳🇿",
    "\u{1d4d0}\u{10ffff}",
    "\u{feff}bom",
    "\u{fffd}",
];

/// Text that an implementation which trims, folds, splits or ends strings at a NUL gets wrong.
const UNTIDY: &[&str] = &[
    "Ada",
    "ada",
    "ADA",
    " ada",
    "ada ",
    " ada ",
    " ",
    "  ",
    "\t",
    "ada\n",
    "ada\r\n",
    "a\tb",
    "a\0b",
    "\0",
    "\0\0\0\0",
    "ada\u{a0}",
    "\u{2028}",
    "\u{85}ada",
    "null",
    "true",
    "007",
    "1.0",
    "+1",
    "1e3",
    "-0",
    "C56A4180-65AA-42EC-A945-5FD21DEC0538",
    "c56a4180-65aa-42ec-a945-5fd21dec0538",
    "c56a418065aa42eca9455fd21dec0538",
    "{c56a4180-65aa-42ec-a945-5fd21dec0538}",
    "\"quoted\"",
    "back\\slash",
    "%41%20",
    "a,b=c;d",
];

/// The arms stand in the order that a file might have them, which is not that of their bytes.
const WEIGHTS: &[Arms] = &[
    &[("control", 50), ("green", 50)],
    &[("treatment", 1), ("control", 1)],
    &[("green", 7), ("control", 2), ("blue", 1)],
    &[("a", 33), ("b", 33), ("c", 34)],
    &[("c", 34), ("a", 33), ("b", 33)],
    &[("a", 1), ("b", 1), ("c", 1)],
    &[("only", 3)],
    &[("on", 1), ("off", 99)],
    &[("off", 0), ("on", 100)],
    &[("z", 5), ("m", 0), ("a", 5)],
    &[("a", 0), ("b", 0), ("c", 1), ("d", 0), ("e", 3), ("f", 0), ("g", 0)],
    &[("x", 1_000_000), ("y", 999_999), ("w", 1)],
    &[("huge", 1_000_000), ("large", 1_000_000), ("dust", 1)],
    &[("v10", 1_000_000), ("v9", 1_000_000), ("v1", 1_000_000), ("v2", 999_983)],
    &[
        ("b", 2),
        ("B", 3),
        ("a", 5),
        ("A", 7),
        ("10", 11),
        ("9", 13),
        ("a-b", 17),
        ("a.b", 19),
        ("a_b", 23),
        ("ab", 29),
    ],
    &[("old", 1), ("dual-write", 999), ("shadow", 9_000), ("new", 90_000)],
    &[
        ("arm-1", 5),
        ("arm-2", 5),
        ("arm-3", 5),
        ("arm-4", 5),
        ("arm-5", 5),
        ("arm-6", 5),
        ("arm-7", 5),
        ("arm-8", 5),
        ("arm-9", 5),
        ("arm-10", 5),
        ("arm-11", 5),
        ("arm-12", 5),
        ("arm-13", 5),
        ("arm-14", 5),
        ("arm-15", 5),
        ("arm-16", 5),
        ("arm-17", 5),
        ("arm-18", 5),
        ("arm-19", 5),
        ("arm-20", 5),
    ],
    &[
        ("t", 2),
        ("s", 3),
        ("r", 5),
        ("q", 7),
        ("p", 11),
        ("o", 13),
        ("n", 0),
        ("m", 17),
        ("l", 19),
        ("k", 23),
        ("j", 29),
        ("i", 31),
        ("h", 37),
        ("g", 0),
        ("f", 41),
        ("e", 43),
        ("d", 47),
        ("c", 53),
        ("b", 59),
        ("a", 1_000_000),
    ],
];
