//! Random conditions and tests.

use super::generate::Generator;
use super::pools::{
    ANYTHING, COMPARATORS, Domain, FLOATS, INSTANTS, INTEGERS, NETWORKS, PATTERNS, SUBJECTS,
    Subject,
};
use super::render::Node;

pub(crate) type Entry = (Node, Node);

impl Generator {
    /// A condition of one to three keys, nested `depth` times at most.
    pub(crate) fn condition(&mut self, depth: usize) -> Node {
        let count = *self.random.pick(&[1, 1, 1, 2, 2, 3]);
        let mut entries: Vec<Entry> = Vec::new();
        for _ in 0..count {
            let entry = self.entry(depth);
            // Two spellings of one header would be a duplicate.
            let same = |other: &Entry| name(other).eq_ignore_ascii_case(name(&entry));
            if !entries.iter().any(same) {
                entries.push(entry);
            }
        }
        Node::Map(entries)
    }

    pub(crate) fn entry(&mut self, depth: usize) -> Entry {
        let choice = self.random.below(100);
        if depth > 0 && choice < 30 {
            return self.composition(depth - 1);
        }
        if choice < 45 {
            let below: Vec<_> =
                self.segments.iter().filter(|(_, level)| *level < self.level).collect();
            let names: Vec<&str> = below.iter().map(|(name, _)| *name).collect();
            if let Some(first) = names.first() {
                let more = self.random.some(&names, 1, 2).into_iter().map(Node::text).collect();
                let one = Node::text(first);
                let named = if self.random.percent(50) { one } else { Node::List(more) };
                return (Node::text("segment"), named);
            }
        }
        if choice < 60 {
            let below = self.flags_below();
            if !below.is_empty() {
                let shape = self.random.pick(&below).clone();
                let key = Node::Text(format!("flag.{}", shape.name));
                return (key, self.variants_of(&shape));
            }
        }
        if self.in_segment && choice < 75 {
            return (Node::text("rollout"), self.percentage());
        }
        self.test()
    }

    fn composition(&mut self, depth: usize) -> Entry {
        if self.random.percent(35) {
            return (Node::text("not"), Node::Map(vec![self.entry(depth)]));
        }
        let items = (0..self.random.between(1, 3)).map(|_| self.condition(depth)).collect();
        (Node::text(self.random.word(&["all", "any", "any"])), Node::List(items))
    }

    /// A key of the context with a test of it.
    fn test(&mut self) -> Entry {
        let Subject { key, domain } = *self.random.pick(SUBJECTS);
        if key == ANYTHING.key && self.declared {
            return self.test();
        }
        let untyped =
            key.starts_with("attr.profile.") || (key.starts_with("attr.") && !self.declared);
        let text_position = !untyped && matches!(domain, Domain::Text(_) | Domain::NumericText(_));
        let domain = if untyped && (domain == Domain::Mixed || self.random.percent(8)) {
            self.random.pick(SUBJECTS).domain
        } else {
            domain
        };
        let written = match key.strip_prefix("header.") {
            Some(name) if self.random.percent(40) => format!("header.{}", self.other_case(name)),
            _ => key.to_owned(),
        };
        let tests = if self.random.percent(7) {
            Node::map([("exists", Node::plain(self.random.percent(60)))])
        } else {
            self.tests(domain, text_position, untyped)
        };
        (Node::Text(written), tests)
    }

    fn tests(&mut self, domain: Domain, text_position: bool, untyped: bool) -> Node {
        match domain {
            Domain::OneOf(words) if untyped && self.random.percent(50) => {
                self.text_tests(words, text_position)
            }
            Domain::Text(words) => self.text_tests(words, text_position),
            Domain::OneOf(words) => {
                let literals = words.iter().map(|word| Node::text(word)).collect();
                self.one_of(literals)
            }
            Domain::NumericText(words) if self.random.percent(50) => {
                self.text_tests(words, text_position)
            }
            Domain::NumericText(_) => self.comparison(true),
            Domain::Address => {
                self.one_of(NETWORKS.iter().map(|network| Node::text(network)).collect())
            }
            Domain::Integer => self.number_tests(false),
            Domain::Number => self.number_tests(true),
            Domain::Boolean => {
                let both = self.random.percent(10);
                let literals = vec![Node::plain(true), Node::plain(false)];
                let one = literals[self.random.below(2)].clone();
                if both { Node::List(literals) } else { one }
            }
            Domain::Version => {
                let comparators = COMPARATORS.iter().map(|text| Node::text(text)).collect();
                Node::map([("version", self.one_or_list(comparators))])
            }
            Domain::Instant => self.instant_tests(),
            Domain::Mixed => self.text_tests(&["on", "x", "18"], text_position),
        }
    }

    /// Equality of a subject with a value, or with one of several.
    pub(crate) fn equality(&mut self, subject: Subject) -> Entry {
        let literals = match subject.domain {
            Domain::Text(words) | Domain::OneOf(words) => {
                let words = words.iter().filter(|word| !word.is_empty());
                words.map(|word| Node::text(word)).collect()
            }
            Domain::Integer => INTEGERS.iter().map(Node::plain).collect(),
            other => panic!("no literals: {other:?}"),
        };
        (Node::text(subject.key), self.one_of(literals))
    }

    /// Equality with a text, mostly, or any test of what has an order.
    pub(crate) fn needed(&mut self, subject: Subject) -> Entry {
        match subject.domain {
            Domain::Text(words) if self.random.percent(25) => {
                (Node::text(subject.key), self.text_tests(words, true))
            }
            Domain::OneOf(words) if self.random.percent(40) => {
                let word = *self.random.pick(words);
                let start = Node::Text(self.part(word, "starts_with"));
                (Node::text(subject.key), Node::map([("starts_with", start)]))
            }
            Domain::Text(_) | Domain::OneOf(_) => self.equality(subject),
            domain => (Node::text(subject.key), self.tests(domain, true, false)),
        }
    }

    /// A bare value, a list of them, or `in`.
    fn one_of(&mut self, literals: Vec<Node>) -> Node {
        let some = self.random.some(&literals, 1, literals.len().min(4));
        match self.random.below(5) {
            0 => some[0].clone(),
            1 => Node::map([("in", Node::List(some))]),
            2 => self.beside_exists(("in", Node::List(some))),
            _ => Node::List(some),
        }
    }

    fn one_or_list(&mut self, operands: Vec<Node>) -> Node {
        let some = self.random.some(&operands, 1, 2);
        if self.random.percent(50) { some[0].clone() } else { Node::List(some) }
    }

    fn beside_exists(&mut self, test: (&str, Node)) -> Node {
        Node::map([("exists", Node::plain(true)), test])
    }

    fn text_tests(&mut self, words: &[&str], text_position: bool) -> Node {
        let words: Vec<&str> = words.iter().filter(|word| !word.is_empty()).copied().collect();
        let ignore_case = self.random.percent(30);
        if !ignore_case && self.random.percent(50) {
            let literals = words.iter().map(|word| self.literal(word, text_position)).collect();
            return self.one_of(literals);
        }
        let mut tests = Vec::new();
        let count = *self.random.pick(&[1, 1, 1, 2]);
        let names = ["in", "starts_with", "ends_with", "contains", "matches"];
        for name in self.random.some(&names, count, count) {
            let operand = match name {
                "in" => {
                    let some = self.random.some(&words, 2, 4);
                    let literal = |word: &&str| Node::Text(self.perhaps_other_case(word));
                    Node::List(some.iter().map(literal).collect())
                }
                "matches" => {
                    let patterns = PATTERNS.iter().map(|pattern| Node::text(pattern)).collect();
                    self.one_or_list(patterns)
                }
                _ => {
                    let parts = words.iter().map(|word| Node::Text(self.part(word, name)));
                    let mut parts: Vec<Node> = parts.collect();
                    if self.random.percent(20) {
                        // So many that they are looked up.
                        parts.extend((10..40).map(|n| Node::Text(format!("z{n}"))));
                        Node::List(parts)
                    } else {
                        self.one_or_list(parts)
                    }
                }
            };
            tests.push((Node::text(name), operand));
        }
        if ignore_case {
            tests.push((Node::text("ignore_case"), Node::plain(true)));
        } else if self.random.percent(3) {
            tests.push((Node::text("ignore_case"), Node::plain(false)));
        }
        Node::Map(tests)
    }

    /// A text as a literal: an integer may stand without quotes where text is meant, and is a
    /// number elsewhere; so may `on`.
    fn literal(&mut self, word: &str, text_position: bool) -> Node {
        let canonical = word.parse::<i64>().is_ok_and(|integer| integer.to_string() == word);
        let bare = canonical || word == "on";
        let half = self.random.percent(50);
        if bare && half && (text_position || canonical || word == "on") {
            Node::plain(word)
        } else {
            Node::text(word)
        }
    }

    /// A beginning, an end or a middle of the word.
    fn part(&mut self, word: &str, test: &str) -> String {
        let characters: Vec<char> = word.chars().collect();
        let length = self.random.between(1, 3).min(characters.len());
        let start = match test {
            "starts_with" => 0,
            "ends_with" => characters.len() - length,
            _ => self.random.below(characters.len() - length + 1),
        };
        let part: String = characters[start..start + length].iter().collect();
        self.perhaps_other_case(&part)
    }

    fn perhaps_other_case(&mut self, text: &str) -> String {
        if self.random.percent(30) { self.other_case(text) } else { text.to_owned() }
    }

    fn other_case(&mut self, text: &str) -> String {
        if self.random.percent(50) { text.to_uppercase() } else { text.to_lowercase() }
    }

    fn number_tests(&mut self, floats: bool) -> Node {
        if self.random.percent(50) {
            return self.comparison(floats);
        }
        let mut literals: Vec<Node> = INTEGERS.iter().map(Node::plain).collect();
        if floats {
            literals.extend(FLOATS.iter().map(|float| Node::Plain(format!("{float:?}"))));
        }
        self.one_of(literals)
    }

    /// One bound, or a lower and a higher one.
    fn comparison(&mut self, floats: bool) -> Node {
        let bounds = [(0, "0.5"), (7, "7.25"), (17, "17.0"), (18, "18.5"), (42, "42.5")];
        let high = self.random.between(1, bounds.len() - 1);
        let low = self.random.below(high);
        let mut bound = |index: usize| {
            let (integer, float) = bounds[index];
            let as_float = floats && self.random.percent(30);
            if as_float { Node::plain(float) } else { Node::plain(integer) }
        };
        let (low, high) = (bound(low), bound(high));
        let above = *self.random.pick(&["gt", "gte"]);
        let below = *self.random.pick(&["lt", "lte"]);
        match self.random.below(4) {
            0 => Node::map([(above, low), (below, high)]),
            1 => Node::map([(below, high)]),
            2 => self.beside_exists((above, low)),
            _ => Node::map([(above, low)]),
        }
    }

    fn instant_tests(&mut self) -> Node {
        let later = self.random.between(1, INSTANTS.len() - 1);
        let earlier = self.random.below(later);
        let from = self.instant_node(INSTANTS[earlier]);
        let until = self.instant_node(INSTANTS[later]);
        match self.random.below(3) {
            0 => Node::map([("after", from)]),
            1 => Node::map([("before", until)]),
            _ => Node::map([("after", from), ("before", until)]),
        }
    }
}

pub(crate) fn name(entry: &Entry) -> &str {
    match &entry.0 {
        Node::Text(text) | Node::Plain(text) => text,
        Node::List(_) | Node::Map(_) => "",
    }
}
