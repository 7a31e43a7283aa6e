//! Tests of a value: what may stand behind `user:`, `attr.age:` and the like.

use std::fmt::Display;
use std::sync::Arc;

use ipnet::IpNet;

use super::Lowering;
use super::fields::{FreeKeys, cut, shown};
use super::keys::Keys;
use crate::ir::{Declared, Matcher, Matchers, Name, Subject, TextRelation, Texts};
use crate::literal::address::{NetworkError, parse_network};
use crate::literal::number::{Comparison, Number};
use crate::literal::version::VersionRange;
use crate::report::{Code, Suggestions};
use crate::tree::{Entry, Kind, Node};

/// The keys of a map of tests.
static TESTS: Keys = Keys::new(&[
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
    "version",
    "after",
    "before",
    "exists",
    "ignore_case",
]);

/// The tests that `ignore_case` can stand beside.
const TEXT_TESTS: [&str; 6] = ["in", "in_file", "starts_with", "ends_with", "contains", "matches"];

/// The tests of an attribute that is declared as text.
const TESTS_OF_TEXT: [&str; 8] =
    ["in", "in_file", "starts_with", "ends_with", "contains", "matches", "exists", "ignore_case"];

/// The tests of an attribute that is declared as a number.
const TESTS_OF_NUMBERS: [&str; 6] = ["in", "gt", "gte", "lt", "lte", "exists"];

/// What the operands of a subject's tests must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operands {
    /// Text, for which an integer may stand.
    Text,
    /// Of the type that they are written as.
    Typed,
    Addresses,
}

fn operands(subject: &Subject) -> Operands {
    match subject {
        Subject::Builtin(_) | Subject::Header(_) | Subject::Cookie(_) => Operands::Text,
        Subject::Ip => Operands::Addresses,
        Subject::Attribute(_, Declared::Text | Declared::OneOf(_)) => Operands::Text,
        Subject::Attribute(
            _,
            Declared::Any
            | Declared::Integer
            | Declared::Number
            | Declared::Boolean
            | Declared::Version
            | Declared::Instant,
        ) => Operands::Typed,
    }
}

/// The tests that a subject allows, and its type's name.
fn allowed(subject: &Subject) -> (&'static [&'static str], &'static str) {
    let declared = match subject {
        Subject::Ip => return (&["in", "in_file", "exists"], "an address"),
        Subject::Builtin(_) | Subject::Header(_) | Subject::Cookie(_) => return (&TESTS, "a text"),
        Subject::Attribute(_, declared) => declared,
    };
    match declared {
        Declared::Any => (&TESTS, "anything"),
        Declared::Text => (&TESTS_OF_TEXT, "declared as text"),
        Declared::OneOf(_) => (&TESTS_OF_TEXT, "declared as one of some texts"),
        Declared::Integer => (&TESTS_OF_NUMBERS, "declared as integer"),
        Declared::Number => (&TESTS_OF_NUMBERS, "declared as number"),
        Declared::Boolean => (&["in", "exists"], "declared as boolean"),
        Declared::Version => (&["version", "exists"], "declared as version"),
        Declared::Instant => (&["after", "before", "exists"], "declared as instant"),
    }
}

impl Lowering<'_> {
    /// A scalar, a list, or a map of tests.
    pub(super) fn matchers(&mut self, node: &Node<'_>, subject: &Subject) -> Option<Matchers> {
        match &node.kind {
            Kind::Map(entries) if entries.is_empty() => {
                self.error(Code::EmptyValue, node.id, "the map of tests is empty");
                None
            }
            Kind::Map(entries) => self.map_of_tests(node, entries, subject),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_) => self.equality(node, subject, false).map(Matchers::One),
        }
    }

    fn map_of_tests(
        &mut self,
        node: &Node<'_>,
        entries: &[Entry<'_>],
        subject: &Subject,
    ) -> Option<Matchers> {
        let before = self.problems.len();
        let fields = self.fields(node, "a map of tests", &TESTS, FreeKeys::Refused)?;
        let (allowed, type_name) = allowed(subject);
        let mut ignore_case = false;
        if let Some(entry) = fields.entry("ignore_case") {
            ignore_case = self.switch(&entry.value, "`ignore_case`").unwrap_or(false);
            if !TEXT_TESTS.iter().any(|test| fields.has(test)) {
                let message = "`ignore_case` needs a text test beside it";
                self.error(Code::IgnoreCase, entry.key.id, message);
            }
        }
        let mut matchers = Vec::new();
        for entry in entries {
            let key = &*entry.key.text;
            let is_test = TESTS.contains(&key) && key != "ignore_case";
            if !is_test || matches!(entry.value.kind, Kind::Null) {
                continue;
            }
            if !allowed.contains(&key) {
                let message = format!("`{key}` does not fit `{subject}`, which is {type_name}");
                self.error(Code::AttributeType, entry.key.id, message)
                    .help(format!("it takes {}", listed(allowed)));
                continue;
            }
            matchers.extend(self.one_test(key, &entry.value, subject, ignore_case));
        }
        (self.problems.len() == before).then(|| matchers.into())
    }

    fn one_test(
        &mut self,
        key: &str,
        value: &Node<'_>,
        subject: &Subject,
        ignore_case: bool,
    ) -> Option<Matcher> {
        let text = |relation| (relation, operands(subject) == Operands::Text);
        let (relation, takes_integers) = match key {
            "in" => {
                if !matches!(value.kind, Kind::List(_)) {
                    let message = format!("`in` takes a list, not {}", value.noun());
                    self.error(Code::WrongType, value.id, message);
                    return None;
                }
                return self.equality(value, subject, ignore_case);
            }
            "in_file" => return self.list_file(value, subject, ignore_case),
            "matches" => return self.patterns(value, ignore_case),
            "gt" => return self.comparison(value, subject, Comparison::Greater),
            "gte" => return self.comparison(value, subject, Comparison::GreaterOrEqual),
            "lt" => return self.comparison(value, subject, Comparison::Less),
            "lte" => return self.comparison(value, subject, Comparison::LessOrEqual),
            "version" => return self.version(value),
            "after" => return self.instant(value).map(Matcher::After),
            "before" => return self.instant(value).map(Matcher::Before),
            "exists" => return self.switch(value, "`exists`").map(Matcher::Exists),
            "starts_with" => text(TextRelation::StartsWith),
            "ends_with" => text(TextRelation::EndsWith),
            _ => text(TextRelation::Contains),
        };
        let any_of = self.texts(value, &key, takes_integers)?;
        Some(Matcher::Text { relation, any_of, ignore_case })
    }

    /// Operands that are texts, one or a list.
    fn texts(&mut self, node: &Node<'_>, key: &dyn Display, takes_integers: bool) -> Option<Texts> {
        if !matches!(node.kind, Kind::List(_)) {
            return self.text_operand(node, key, takes_integers).map(Texts::One);
        }
        let items = self.one_or_more(node, format_args!("`{key}`"))?;
        let texts: Vec<Name> =
            items.iter().filter_map(|item| self.text_operand(item, key, takes_integers)).collect();
        (texts.len() == items.len()).then(|| texts.into())
    }

    fn text_operand(
        &mut self,
        node: &Node<'_>,
        key: &dyn Display,
        takes_integers: bool,
    ) -> Option<Name> {
        match &node.kind {
            Kind::Text(text, _) if text.is_empty() => {
                self.error(Code::EmptyValue, node.id, format!("`{key}` is tested for empty text"))
                    .help("whether it is there is `exists: true` or `exists: false`");
                None
            }
            Kind::Text(text, _) => Some(Arc::from(&**text)),
            Kind::Integer(value) if takes_integers => Some(Arc::from(value.to_string())),
            Kind::Integer(_) | Kind::Float(_) | Kind::Boolean(_) | Kind::Null => {
                let message = format!("{} stands where a text is needed", bare(node));
                self.error(Code::Quote, node.id, message).help("quote it");
                None
            }
            Kind::List(_) | Kind::Map(_) => {
                let message = format!("`{key}` takes texts, not {}", node.noun());
                self.error(Code::WrongType, node.id, message);
                None
            }
        }
    }

    /// Equal to a literal, or to one of a list.
    fn equality(
        &mut self,
        node: &Node<'_>,
        subject: &Subject,
        ignore_case: bool,
    ) -> Option<Matcher> {
        match operands(subject) {
            Operands::Addresses => {
                let items = self.one_or_more(node, "`ip`")?;
                let networks: Vec<IpNet> =
                    items.iter().filter_map(|item| self.network(item)).collect();
                let whole = networks.len() == items.len();
                whole.then(|| Matcher::Network(networks.into()))
            }
            Operands::Text => {
                let any_of = self.texts(node, subject, true)?;
                if let Subject::Attribute(_, Declared::OneOf(allowed)) = subject {
                    self.check_allowed(node, &any_of, allowed, ignore_case)?;
                }
                let relation = TextRelation::Equals;
                Some(Matcher::Text { relation, any_of, ignore_case })
            }
            Operands::Typed => self.typed_equality(node, subject, ignore_case),
        }
    }

    fn check_allowed(
        &mut self,
        node: &Node<'_>,
        texts: &[Name],
        allowed: &[Name],
        ignore_case: bool,
    ) -> Option<()> {
        let items = self.one_or_more(node, "the list")?;
        let mut whole = Some(());
        for (item, text) in items.iter().zip(texts) {
            let fits = |one: &Name| one == text || (ignore_case && one.eq_ignore_ascii_case(text));
            if !allowed.iter().any(fits) {
                let names = allowed.iter().map(|name| &**name);
                let meant = self.suggestions.nearest(text, names.clone());
                let help = match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("declared are {}", Suggestions::listed(names)),
                };
                let message = format!("`{}` is not among the declared values", cut(text));
                self.error(Code::AttributeType, item.id, message).help(help);
                whole = None;
            }
        }
        whole
    }

    fn typed_equality(
        &mut self,
        node: &Node<'_>,
        subject: &Subject,
        ignore_case: bool,
    ) -> Option<Matcher> {
        let items = self.one_or_more(node, format_args!("`{subject}`"))?;
        let (mut texts, mut numbers, mut booleans) = (Vec::new(), Vec::new(), Vec::new());
        let mut whole = true;
        for item in items {
            match self.typed_literal(item, subject) {
                Some(Literal::Text(text)) => texts.push(text),
                Some(Literal::Number(number)) => numbers.push(number),
                Some(Literal::Boolean(boolean)) => booleans.push(boolean),
                None => whole = false,
            }
        }
        whole.then_some(())?;
        if ignore_case && !(numbers.is_empty() && booleans.is_empty()) {
            self.error(
                Code::IgnoreCase,
                node.id,
                "`ignore_case` stands beside values that are no texts",
            );
            return None;
        }
        let mut kinds = Vec::new();
        if !texts.is_empty() {
            let relation = TextRelation::Equals;
            kinds.push(Matcher::Text { relation, any_of: texts.into(), ignore_case });
        }
        if !numbers.is_empty() {
            kinds.push(Matcher::Number(numbers));
        }
        if !booleans.is_empty() {
            kinds.push(Matcher::Boolean(booleans));
        }
        match kinds.len() {
            1 => kinds.pop(),
            _ => Some(Matcher::AnyOf(kinds)),
        }
    }

    fn typed_literal(&mut self, node: &Node<'_>, subject: &Subject) -> Option<Literal> {
        let declared = match subject {
            Subject::Attribute(_, declared) => declared.clone(),
            Subject::Builtin(_) | Subject::Ip | Subject::Header(_) | Subject::Cookie(_) => {
                Declared::Any
            }
        };
        let literal = match &node.kind {
            Kind::Text(..) => {
                if declared == Declared::Any {
                    return self.text_operand(node, subject, false).map(Literal::Text);
                }
                None
            }
            Kind::Integer(value) => Some(Literal::Number(Number::Integer(value.get()))),
            Kind::Float(value) => Some(Literal::Number(Number::Float(*value))),
            Kind::Boolean(value) => Some(Literal::Boolean(*value)),
            Kind::Null => {
                let message = format!("`{subject}` is compared with null");
                self.error(Code::NullValue, node.id, message)
                    .help("whether it is there is `exists: true` or `exists: false`");
                return None;
            }
            Kind::List(_) | Kind::Map(_) => {
                let message = format!("`{subject}` is compared with {}", node.noun());
                self.error(Code::WrongType, node.id, message);
                return None;
            }
        };
        let fits = match (&declared, &literal) {
            (Declared::Any, _) => true,
            (Declared::Integer, Some(Literal::Number(Number::Integer(_))))
            | (Declared::Number, Some(Literal::Number(_)))
            | (Declared::Boolean, Some(Literal::Boolean(_))) => true,
            (
                Declared::Text
                | Declared::OneOf(_)
                | Declared::Integer
                | Declared::Number
                | Declared::Boolean
                | Declared::Version
                | Declared::Instant,
                _,
            ) => false,
        };
        if fits {
            return literal;
        }
        self.misfit(node, subject, &declared);
        None
    }

    fn misfit(&mut self, node: &Node<'_>, subject: &Subject, declared: &Declared) {
        let (_, type_name) = allowed(subject);
        let message = format!("{} does not fit `{subject}`, which is {type_name}", shown(node));
        let help = match declared {
            Declared::Boolean => "write `true` or `false`",
            Declared::Version => "compare versions with `version:`, as `{ version: \">=2.1 <3\" }`",
            Declared::Instant => "compare instants with `after:` and `before:`",
            Declared::Integer => "write a whole number, without quotes",
            Declared::Number => "write a number, without quotes",
            Declared::Any | Declared::Text | Declared::OneOf(_) => "quote it",
        };
        self.error(Code::AttributeType, node.id, message).help(help);
    }

    fn comparison(
        &mut self,
        node: &Node<'_>,
        subject: &Subject,
        comparison: Comparison,
    ) -> Option<Matcher> {
        let number = match &node.kind {
            Kind::Integer(value) => Some(Number::Integer(value.get())),
            Kind::Float(value) => Some(Number::Float(*value)),
            Kind::Null | Kind::Boolean(_) | Kind::Text(..) | Kind::List(_) | Kind::Map(_) => None,
        };
        let Some(number) = number else {
            let message = format!("`{}` takes a number, not {}", comparison.key(), shown(node));
            let mut complaint = self.error(Code::Operand, node.id, message);
            if node.text().is_some_and(|text| Number::parse(text).is_some()) {
                complaint.help("write it without quotes");
            }
            return None;
        };
        let is_integer = matches!(number, Number::Integer(_));
        if matches!(subject, Subject::Attribute(_, Declared::Integer)) && !is_integer {
            self.misfit(node, subject, &Declared::Integer);
            return None;
        }
        Some(Matcher::Compare(comparison, Box::new(number)))
    }

    fn version(&mut self, node: &Node<'_>) -> Option<Matcher> {
        let items = self.one_or_more(node, "`version`")?;
        let mut ranges = Vec::new();
        for item in items {
            let parsed = match item.text() {
                Some(text) => VersionRange::parse(text).map_err(|error| error.to_string()),
                None => Err(format!("{} is not a text of comparators", shown(item))),
            };
            match parsed {
                Ok(range) => ranges.push(range),
                Err(message) => {
                    self.error(Code::VersionRange, item.id, message).help(
                        "comparators are `=`, `<`, `<=`, `>` or `>=` and a version, as `>=2.1 <3`",
                    );
                }
            }
        }
        (ranges.len() == items.len()).then_some(Matcher::Version(ranges))
    }

    fn patterns(&mut self, node: &Node<'_>, ignore_case: bool) -> Option<Matcher> {
        let items = self.one_or_more(node, "`matches`")?;
        let mut patterns = Vec::new();
        for item in items {
            let Some(text) = self.text_operand(item, &"matches", false) else {
                continue;
            };
            match self.patterns.get(&text, ignore_case) {
                Ok(pattern) => patterns.push(pattern),
                Err(message) => {
                    self.error(Code::Pattern, item.id, message);
                }
            }
        }
        (patterns.len() == items.len()).then_some(Matcher::Pattern(patterns))
    }

    fn network(&mut self, node: &Node<'_>) -> Option<IpNet> {
        match node.text() {
            Some(text) => self
                .network_of(text, |lowering, code, message| lowering.error(code, node.id, message)),
            None => {
                let message = format!("{} is not an address", shown(node));
                self.error(Code::Address, node.id, message);
                None
            }
        }
    }

    /// The network of a text; `complain` knows where the text stands.
    pub(super) fn network_of<'l>(
        &'l mut self,
        text: &str,
        complain: impl FnOnce(&'l mut Self, Code, String) -> super::fields::Complaint<'l>,
    ) -> Option<IpNet> {
        match parse_network(text) {
            Ok(network) => Some(network),
            Err(NetworkError::NotANetwork) => {
                let message = format!("`{}` is not an address or a network", cut(text));
                complain(self, Code::Address, message)
                    .help("an address is written as `10.0.0.7`, a network as `10.0.0.0/24`");
                None
            }
            Err(NetworkError::HostBits(network)) => {
                let message = format!("`{}` has bits set behind its prefix", cut(text));
                complain(self, Code::Address, message).help(format!("the network is `{network}`"));
                None
            }
        }
    }
}

/// A literal of a type of its own.
enum Literal {
    Text(Name),
    Number(Number),
    Boolean(bool),
}

fn bare(node: &Node<'_>) -> String {
    match node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Boolean(_)
        | Kind::Integer(_)
        | Kind::Float(_)
        | Kind::Text(..)
        | Kind::List(_)
        | Kind::Map(_) => format!("{} {}", node.noun(), shown(node)),
    }
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
