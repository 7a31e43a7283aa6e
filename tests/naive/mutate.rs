//! Small damage to a text, for tests that want no panic and no wrong answer of anything.

use super::random::Random;

/// The text after one to three random changes, the same for the same seed.
pub(crate) fn mutate(text: &str, seed: u64) -> String {
    let mut random = Random::new(seed ^ 0x006d_7574_6174_6500);
    let mut text = text.to_owned();
    for _ in 0..random.between(1, 3) {
        text = changed(&text, &mut random);
    }
    text
}

const WORDS: &[&str] = &[
    "on",
    "off",
    "true",
    "false",
    "yes",
    "no",
    "null",
    "~",
    "everyone",
    "version",
    "attributes",
    "segments",
    "flags",
    "tests",
    "strategies",
    "by",
    "description",
    "owner",
    "created",
    "expires",
    "kill",
    "requires",
    "unless",
    "rules",
    "name",
    "when",
    "rollout",
    "hold",
    "else",
    "serve",
    "value",
    "variants",
    "default",
    "off_variant",
    "from",
    "until",
    "seed",
    "user",
    "session",
    "region",
    "tenant",
    "env",
    "host",
    "request",
    "ip",
    "header.x-a",
    "cookie.b",
    "attr.plan",
    "attr.profile.tier",
    "segment",
    "flag.x",
    "strategy.s",
    "all",
    "any",
    "not",
    "in",
    "in_file",
    "starts_with",
    "ends_with",
    "contains",
    "matches",
    "gt",
    "gte",
    "lt",
    "lte",
    "after",
    "before",
    "exists",
    "ignore_case",
    "text",
    "integer",
    "number",
    "boolean",
    "instant",
    "json",
    "enabled",
    "overrides",
    "layers",
    "guard",
    "shadow",
    "x-free",
    "request_targeting",
    "allow",
    "0%",
    "100%",
    "101%",
    "5",
    "50",
    "12.3456%",
    "-1",
    "1.5",
    "1e999",
    "18446744073709551616",
    "''",
    "[]",
    "{}",
    "\"\"",
    "10.0.0.0/8",
    "10.0.0.1/8",
    ">=2.1 <3",
    ">=",
    "2026-12-01T09:00:00Z",
    "2026-12-01",
    "(",
    "[",
    "]",
    "{",
    "}",
    ":",
    "- ",
    "*c0",
    "&c0",
    "<<",
    "!!str",
    "|",
    ">",
    "---",
    "...",
    "?",
    "#",
    "%",
    "@",
    "`",
    "\t",
    "\u{feff}",
    "\u{0}",
    "\u{2028}",
    "ß",
    "🚀",
];

fn changed(text: &str, random: &mut Random) -> String {
    match random.below(14) {
        0..=4 => change_lines(text, random),
        5..=7 => change_word(text, random),
        8 => change_indentation(text, random),
        9..=12 => change_characters(text, random),
        _ => {
            let characters: Vec<char> = text.chars().collect();
            let kept = random.below(characters.len() + 1);
            characters[..kept].iter().collect()
        }
    }
}

/// Deletes, duplicates, swaps or moves lines.
fn change_lines(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(5) {
        0 => {
            lines.remove(one);
        }
        1 => lines.insert(one, lines[one]),
        2 => lines.swap(one, other),
        3 => {
            let moved = lines.remove(one);
            lines.insert(other.min(lines.len()), moved);
        }
        _ => {
            let (first, last) = (one.min(other), one.max(other).min(one.min(other) + 8));
            lines.drain(first..=last);
        }
    }
    lines.join("\n") + "\n"
}

/// Puts a word of the format, or another word of the text, in the place of one of the text.
fn change_word(text: &str, random: &mut Random) -> String {
    let words = words(text);
    if words.is_empty() {
        return text.to_owned();
    }
    let (start, end) = *random.pick(&words);
    let (other_start, other_end) = *random.pick(&words);
    let word = if random.percent(60) { random.pick(WORDS) } else { &text[other_start..other_end] };
    format!("{}{word}{}", &text[..start], &text[end..])
}

/// Where the words are: what is between white space, brackets, commas and quotes.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let divides = character.is_whitespace() || "[]{},\"'".contains(character);
        match (start, divides) {
            (None, false) => start = Some(at),
            (Some(begin), true) => {
                // A colon at the end belongs to the map, not to the word.
                let end = begin + text[begin..at].trim_end_matches(':').len();
                if end > begin {
                    words.push((begin, end));
                }
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn change_indentation(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let first = random.below(lines.len());
    let last = (first + random.below(4)).min(lines.len() - 1);
    let less = random.percent(50);
    let step = random.between(1, 4);
    for line in &mut lines[first..=last] {
        let indent = line.len() - line.trim_start_matches(' ').len();
        *line = if less { line[step.min(indent)..].to_owned() } else { " ".repeat(step) + line };
    }
    lines.join("\n") + "\n"
}

/// Deletes, inserts, replaces or swaps characters.
fn change_characters(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return text.to_owned();
    }
    let odd: Vec<char> = ":-,[]{}'\"#%&*!|>@?\n\t \\~0aZ.é\u{0}\u{7f}\u{feff}🚀".chars().collect();
    for _ in 0..random.between(1, 2) {
        if characters.is_empty() {
            break;
        }
        let at = random.below(characters.len());
        match random.below(4) {
            0 => {
                characters.remove(at);
            }
            1 => characters.insert(at, *random.pick(&odd)),
            2 => characters[at] = *random.pick(&odd),
            _ => {
                let other = random.below(characters.len());
                characters.swap(at, other);
            }
        }
    }
    characters.into_iter().collect()
}
