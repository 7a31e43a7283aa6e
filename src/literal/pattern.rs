//! Patterns of `matches:` tests, as dense automata.

use std::collections::HashMap;
use std::fmt;

/// How long a pattern may be, in bytes.
#[cfg(feature = "regex")]
const MAX_PATTERN: usize = 256;

/// How long a value may be that a pattern is tried on, in bytes.
#[cfg(feature = "regex")]
const MAX_VALUE: usize = 256;

/// How large one automaton may be, and how much work may go into making it, in bytes.
#[cfg(feature = "regex")]
const MAX_AUTOMATON: usize = 1 << 20;

/// What a pattern that cannot be used counts.
const FAILED: usize = 1 << 20;

/// A pattern of Rust's regex syntax that is searched for anywhere in a value.
#[derive(Clone)]
pub(crate) struct Pattern {
    text: Box<str>,
    ignore_case: bool,
    // A DFA needs no scratch space: searching it neither allocates nor locks, which the lazy
    // engines of the regex crate do.
    #[cfg(feature = "regex")]
    dfa: std::sync::Arc<regex_automata::dfa::dense::DFA<Vec<u32>>>,
}

/// The patterns of one load: each is made once, and all together have a limit.
#[derive(Debug)]
pub(crate) struct Patterns {
    known: HashMap<(Box<str>, bool), Result<Pattern, String>>,
    /// How many bytes of automata may still be made.
    left: usize,
}

impl Patterns {
    /// None yet, with as many bytes for all.
    pub(crate) fn new(bytes: usize) -> Patterns {
        Patterns { known: HashMap::new(), left: bytes }
    }

    /// The pattern of a text.
    ///
    /// # Errors
    ///
    /// Why it cannot be used, in words for a message.
    pub(crate) fn get(&mut self, text: &str, ignore_case: bool) -> Result<Pattern, String> {
        let key = (Box::from(text), ignore_case);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.left == 0 {
            return Err("all patterns of the set together are too large".to_owned());
        }
        let made = Pattern::new(text, ignore_case);
        // One that cannot be used took its work, too.
        let size = made.as_ref().map_or(FAILED, Pattern::size);
        self.left = self.left.saturating_sub(size);
        self.known.insert(key, made.clone());
        made
    }
}

impl Pattern {
    /// How many bytes its automaton takes.
    fn size(&self) -> usize {
        #[cfg(feature = "regex")]
        return self.dfa.memory_usage();
        #[cfg(not(feature = "regex"))]
        0
    }

    #[cfg(feature = "regex")]
    pub(crate) fn new(text: &str, ignore_case: bool) -> Result<Pattern, String> {
        use regex_automata::dfa::{StartKind, dense};
        use regex_automata::nfa::thompson;
        use regex_automata::util::syntax;

        if text.len() > MAX_PATTERN {
            return Err(format!("the pattern is longer than {MAX_PATTERN} bytes"));
        }
        let config = dense::Config::new()
            .start_kind(StartKind::Unanchored)
            .unicode_word_boundary(true)
            .dfa_size_limit(Some(MAX_AUTOMATON))
            .determinize_size_limit(Some(2 * MAX_AUTOMATON));
        let nfa = thompson::Config::new().nfa_size_limit(Some(MAX_AUTOMATON));
        let dfa = dense::Builder::new()
            .configure(config)
            .thompson(nfa)
            .syntax(syntax::Config::new().case_insensitive(ignore_case))
            .build(text)
            .map_err(|error| reason(&error, text))?;
        Ok(Pattern { text: text.into(), ignore_case, dfa: std::sync::Arc::new(dfa) })
    }

    #[cfg(not(feature = "regex"))]
    pub(crate) fn new(_: &str, _: bool) -> Result<Pattern, String> {
        Err("this build has no patterns: the cargo feature `regex` is off".to_owned())
    }

    /// Whether the value has a match; `None` where the value is too long to try, or where a word
    /// boundary meets text beyond ASCII, which the automaton cannot tell.
    #[cfg(feature = "regex")]
    pub(crate) fn is_match(&self, value: &str) -> Option<bool> {
        use regex_automata::Input;
        use regex_automata::dfa::Automaton;

        if value.len() > MAX_VALUE {
            return None;
        }
        let found = self.dfa.try_search_fwd(&Input::new(value).earliest(true));
        found.ok().map(|at| at.is_some())
    }

    #[cfg(not(feature = "regex"))]
    pub(crate) fn is_match(&self, _: &str) -> Option<bool> {
        None
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The parser's error in one line.
#[cfg(feature = "regex")]
fn reason(error: &regex_automata::dfa::dense::BuildError, text: &str) -> String {
    match regex_syntax_error(text) {
        Some(message) => message,
        None if error.is_size_limit_exceeded() => {
            "the pattern is too large: an ASCII class such as `[0-9]` or `(?-u:\\w)` is smaller \
             than `\\d` or `\\w`"
                .to_owned()
        }
        None => format!("the pattern cannot be used: {error}"),
    }
}

#[cfg(feature = "regex")]
fn regex_syntax_error(text: &str) -> Option<String> {
    let error = regex_automata::util::syntax::parse(text).err()?;
    let message = error.to_string();
    let last = message.lines().rev().find_map(|line| line.strip_prefix("error: "));
    Some(last.unwrap_or("not a regular expression").to_owned())
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text && self.ignore_case == other.ignore_case
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_search() {
        let pattern = Pattern::new("^a.*z$|mid", false).unwrap();
        assert_eq!(pattern.is_match("abcz"), Some(true));
        assert_eq!(pattern.is_match("in the middle"), Some(true));
        assert_eq!(pattern.is_match("A-Z"), Some(false));
        assert_eq!(Pattern::new("^a", true).unwrap().is_match("ABC"), Some(true));
        assert_eq!(pattern.is_match(&"m".repeat(257)), None);
    }

    #[test]
    fn common_patterns_fit_and_monsters_do_not() {
        let common = [
            r"^\w+@company\.(com|nz)$",
            r"\d{3}-\d{4}",
            r"(?i)straße",
            r"\bcat\b",
            "^.{1,64}$",
            r"^[^@\s]+@[^@\s]+$",
            r"\p{Greek}",
        ];
        for text in common {
            assert!(Pattern::new(text, false).is_ok(), "{text}");
        }
        for text in ["(", "a{2,1}", r"\w{100}", "(?=a)", r"(a)\1"] {
            assert!(Pattern::new(text, false).is_err(), "{text}");
        }
    }
}
