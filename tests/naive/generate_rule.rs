//! Random rules: for whom, when, how many, what they get.

use super::formats::instant_text;
use super::generate::{Generator, Kind, Shape};
use super::generate_condition::name;
use super::pools::{
    Domain, INSTANTS, PERCENTAGES, RULES, SEEDS, SUBJECTS, Subject, UNITS, WEIGHTS,
};
use super::render::Node;

impl Generator {
    pub(crate) fn rules(&mut self, shape: &Shape) -> Node {
        let mut names = self.random.some(RULES, RULES.len(), RULES.len());
        let mut rules = Vec::new();
        for (name, value) in &shape.written {
            let keys = vec![("name", Node::text(name)), ("value", value.clone())];
            rules.push(self.rule(shape, keys));
        }
        let plain = if shape.kind == Kind::Written { 0 } else { self.random.between(1, 4) };
        if plain > 0 && shape.written.is_empty() && self.random.percent(15) {
            return Node::List(vec![self.only_rule(shape)]);
        }
        for _ in 0..plain {
            let mut keys = Vec::new();
            if self.random.percent(60)
                && let Some(name) = names.pop()
            {
                keys.push(("name", Node::text(name)));
            }
            if !shape.is_boolean() || self.random.percent(50) {
                keys.push(("serve", self.serve(shape)));
            }
            rules.push(self.rule(shape, keys));
        }
        if plain > 0 && self.random.percent(12) {
            rules.append(&mut self.many_rules(shape));
        }
        self.random.shuffle(&mut rules);
        Node::List(rules)
    }

    /// A rule that asks for the user or the like, or for a share, as by far the most do: an engine may
    /// answer that without all that a rule can ask. What looks like it and asks for more is not the
    /// same.
    fn only_rule(&mut self, shape: &Shape) -> Node {
        let mut keys = vec![("serve", self.serve(shape))];
        let is_plain = |subject: &&Subject| {
            matches!(subject.domain, Domain::Text(_)) && !subject.key.contains('.')
        };
        let texts: Vec<Subject> = SUBJECTS.iter().filter(is_plain).copied().collect();
        let text = *self.random.pick(&texts);
        if self.random.percent(80) {
            let text = Node::Map(vec![self.equality(text)]);
            let of = |key, parts| Node::Map(vec![(Node::text(key), parts)]);
            let when = match self.random.below(4) {
                0 => of("any", Node::List(vec![text, self.condition(1)])),
                1 => of("all", Node::List(vec![text, self.condition(1)])),
                2 => of("not", text),
                _ => text,
            };
            keys.push(("when", when));
        } else {
            keys.push(("rollout", self.percentage()));
        }
        Node::Map(keys.into_iter().map(|(key, value)| (Node::text(key), value)).collect())
    }

    /// Rules that need a value of one of a few subjects, so many that an engine may look them up.
    fn many_rules(&mut self, shape: &Shape) -> Vec<Node> {
        let is_needed = |subject: &&Subject| match subject.domain {
            Domain::Text(_) | Domain::OneOf(_) | Domain::NumericText(_) => true,
            Domain::Integer | Domain::Number | Domain::Version => true,
            Domain::Address | Domain::Boolean | Domain::Instant | Domain::Mixed => false,
        };
        let subjects: Vec<Subject> = SUBJECTS.iter().filter(is_needed).copied().collect();
        let subjects = self.random.some(&subjects, 1, 4);
        let mut rules = Vec::new();
        for _ in 0..self.random.between(6, 20) {
            let subject = *self.random.pick(&subjects);
            let mut when = vec![self.needed(subject)];
            if self.random.percent(25) {
                let other = self.entry(1);
                if !name(&other).eq_ignore_ascii_case(subject.key) {
                    when.push(other);
                }
            }
            let mut keys = vec![("when", Node::Map(when))];
            if !shape.is_boolean() || self.random.percent(50) {
                keys.push(("serve", self.serve(shape)));
            }
            if self.random.percent(25) {
                keys.push(("rollout", self.percentage()));
            }
            rules.push(Node::Map(keys.into_iter().map(|(key, v)| (Node::text(key), v)).collect()));
        }
        rules
    }

    /// A rule that serves what it is given: for whom, when, and how many.
    fn rule(&mut self, shape: &Shape, mut keys: Vec<(&'static str, Node)>) -> Node {
        let whom = self.random.below(100);
        if whom < 15 {
            keys.push(("when", Node::plain("everyone")));
        } else if whom < 25 && self.shared > 0 {
            let alias = format!("*c{}", self.random.below(self.shared));
            keys.push(("when", Node::Plain(alias)));
        } else if whom < 85 {
            keys.push(("when", self.condition(4)));
        }
        if whom >= 85 || self.random.percent(35) {
            if self.random.percent(40) {
                keys.push(("rollout", self.ramp()));
                if self.random.percent(40) {
                    keys.push(("hold", self.percentage()));
                }
            } else {
                keys.push(("rollout", self.percentage()));
            }
            if self.random.percent(35) {
                keys.push(("else", self.one_variant(shape)));
            }
            if self.random.percent(15) {
                keys.push(("seed", Node::text(self.random.word(SEEDS))));
            }
        }
        if self.random.percent(20) {
            keys.push(("unless", self.unless()));
        }
        if self.random.percent(20) {
            keys.push(("by", self.by()));
        }
        let two = self.two_instants();
        if self.random.percent(15) {
            keys.push(("from", self.instant_node(two.0)));
        }
        if self.random.percent(15) {
            keys.push(("until", self.instant_node(two.1)));
        }
        if self.random.percent(2) {
            keys.push(("x-ticket", Node::plain(12)));
        }
        Node::Map(keys.into_iter().map(|(key, value)| (Node::text(key), value)).collect())
    }

    /// One variant, or weights over some, not all of them zero.
    fn serve(&mut self, shape: &Shape) -> Node {
        if self.random.percent(55) {
            return self.one_variant(shape);
        }
        let variants = shape.variants();
        let chosen = self.random.some(&variants, 1, variants.len());
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let some_weight = self.random.below(chosen.len());
        for (index, variant) in chosen.iter().enumerate() {
            let weight = *self.random.pick(WEIGHTS);
            let weight = if index == some_weight { weight.max(1) } else { weight };
            entries.push((self.variant_node(variant, shape.is_boolean()), Node::plain(weight)));
        }
        Node::Map(entries)
    }

    pub(crate) fn one_variant(&mut self, shape: &Shape) -> Node {
        let variants = shape.variants();
        let variant = self.random.pick(&variants).clone();
        self.variant_node(&variant, shape.is_boolean())
    }

    pub(crate) fn unless(&mut self) -> Node {
        if self.random.percent(60) {
            return Node::Map(vec![self.entry(1)]);
        }
        let count = self.random.between(1, 2);
        Node::List((0..count).map(|_| Node::Map(vec![self.entry(1)])).collect())
    }

    pub(crate) fn by(&mut self) -> Node {
        if self.random.percent(50) {
            return Node::text(self.random.word(UNITS));
        }
        Node::List(self.random.some(UNITS, 1, 3).into_iter().map(Node::text).collect())
    }

    pub(crate) fn percentage(&mut self) -> Node {
        let percentage = self.random.word(PERCENTAGES);
        let quote = if self.random.percent(10) { "\"" } else { "" };
        Node::Plain(format!("{quote}{percentage}{quote}"))
    }

    fn ramp(&mut self) -> Node {
        let mut starts = self.random.some(INSTANTS, 1, 4);
        starts.sort_unstable();
        let mut shares: Vec<usize> = starts.iter().map(|_| self.random.below(101)).collect();
        shares.sort_unstable();
        let mut steps = Vec::new();
        for (start, share) in starts.into_iter().zip(shares) {
            steps.push((self.instant_node(start), Node::Plain(format!("{share}%"))));
        }
        self.random.shuffle(&mut steps);
        Node::Map(steps)
    }

    fn two_instants(&mut self) -> (i64, i64) {
        let later = self.random.between(1, INSTANTS.len() - 1);
        let earlier = self.random.below(later);
        (INSTANTS[earlier], INSTANTS[later])
    }

    pub(crate) fn instant_node(&mut self, seconds: i64) -> Node {
        let offset = *self.random.pick(&[None, None, Some(0), Some(13 * 60), Some(-210)]);
        let digits = *self.random.pick(&[0, 0, 0, 3, 9]);
        let text = instant_text(i128::from(seconds) * 1_000_000_000, offset, digits);
        if self.random.percent(50) { Node::Plain(text) } else { Node::Plain(format!("\"{text}\"")) }
    }
}
