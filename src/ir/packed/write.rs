//! Flags to bytes.

use std::sync::Arc;

use super::{At, DECLARED, Parts, RELATIONS, VALUE_TYPES, Whole};
use super::{matcher, of_flag, of_rule, subject, tag};
use crate::context::Builtin;
use crate::ir::{Condition, Flag, Matcher, Metadata, Rule, Scope, Subject, Test, Variant};
use crate::literal::arena::Arena;
use crate::source::FileLine;

/// A test of more texts stays whole: the flags of the state after a force or a break will share it.
const MOST_TEXTS: usize = 16;

pub(super) struct Writer<'s> {
    scope: &'s Arc<Scope>,
    switch: Arc<[Variant]>,
    flags: Vec<At>,
    rules: Vec<u32>,
    bytes: Vec<u8>,
    whole: Vec<Whole>,
}

impl<'s> Writer<'s> {
    pub(super) fn new(flags: usize, rules: usize, scope: &'s Arc<Scope>) -> Writer<'s> {
        Writer {
            scope,
            switch: Variant::switch(),
            flags: Vec::with_capacity(flags),
            rules: Vec::with_capacity(rules),
            bytes: Vec::new(),
            whole: Vec::new(),
        }
    }

    pub(super) fn parts(self, names: Arena) -> Parts {
        Parts {
            names,
            flags: self.flags.into(),
            rules: self.rules.into(),
            bytes: self.bytes.into(),
            whole: self.whole.into(),
            scope: Arc::clone(self.scope),
            switch: self.switch,
        }
    }

    /// Packs a flag, of which what stays whole is taken.
    pub(super) fn flag(&mut self, flag: &mut Flag) {
        let start = self.bytes.len();
        self.flags.push(At {
            bytes: start,
            rules: len(self.rules.len()),
            whole: len(self.whole.len()),
            line: flag.line,
        });
        let Metadata { said, expires, is_public } = flag.metadata;
        let has_scope = !Arc::ptr_eq(&flag.scope, self.scope);
        let has_variants = !flag.is_boolean || flag.variants != self.switch;
        let bits = bit(flag.is_boolean, of_flag::IS_BOOLEAN)
            | bit(flag.kill, of_flag::IS_KILLED)
            | bit(is_public, of_flag::IS_PUBLIC)
            | bit(flag.reach.refers, of_flag::REFERS)
            | bit(expires.is_some(), of_flag::EXPIRES)
            | bit(has_scope, of_flag::SCOPE)
            | bit(has_variants, of_flag::VARIANTS)
            | bit(flag.extra.is_some(), of_flag::BEFORE);
        let [a, b, c, d, e, f, g, h] = said.to_le_bytes();
        let value_type = place_in(&VALUE_TYPES, &flag.value_type).unwrap_or(0);
        self.bytes.extend_from_slice(&[bits, value_type, a, b, c, d, e, f, g, h]);
        self.number(flag.default.0.into());
        self.number(flag.off.0.into());
        if let Some(date) = expires {
            self.bytes.extend(date.year().to_le_bytes());
            self.bytes.extend(date.month().to_le_bytes());
            self.bytes.extend(date.day().to_le_bytes());
        }
        if has_scope {
            self.whole.push(Whole::Scope(Arc::clone(&flag.scope)));
        }
        if has_variants {
            self.whole.push(Whole::Variants(Box::new(Arc::clone(&flag.variants))));
        }
        self.whole.extend(flag.extra.take().map(Whole::Before));
        for rule in &mut flag.rules {
            self.rules.push(len(self.bytes.len() - start));
            self.rule(rule, flag.line);
        }
    }

    fn rule(&mut self, rule: &mut Rule, of_flag: FileLine) {
        let Rule { name, when, share, serve, extra, line, spot: _ } = rule;
        let is_elsewhere = line.file != of_flag.file;
        self.bytes.push(
            bit(is_elsewhere, of_rule::FILE)
                | bit(share.is_some(), of_rule::SHARE)
                | bit(serve.is_some(), of_rule::SERVE)
                | bit(when.is_some(), of_rule::WHEN)
                | bit(extra.is_some(), of_rule::MORE),
        );
        self.text(name);
        if is_elsewhere {
            self.number(line.file.0.into());
        }
        // Nearly always it is a few lines further down.
        self.number(line.line.wrapping_sub(of_flag.line));
        if let Some(share) = share {
            self.number(share.buckets());
        }
        if let Some(serve) = serve {
            self.number(serve.0.into());
        }
        self.whole.extend(extra.take().map(Whole::More));
        if let Some(when) = when {
            self.condition(when);
        }
    }

    fn condition(&mut self, condition: &mut Condition) {
        match condition {
            Condition::Everyone => self.bytes.push(tag::EVERYONE),
            Condition::All(parts) => self.combination(tag::ALL, parts),
            Condition::Any(parts) => self.combination(tag::ANY, parts),
            Condition::Not(part) => {
                self.bytes.push(tag::NOT);
                self.condition(part);
            }
            Condition::Segment { name, spot: _ } => {
                self.bytes.push(tag::SEGMENT);
                self.text(name);
            }
            Condition::Test(test) => self.test(test),
            Condition::Flag(_) | Condition::Strategy(_) | Condition::Rollout(_) => {
                let condition = std::mem::replace(condition, Condition::Everyone);
                self.whole(Whole::Condition(Box::new(condition)));
            }
        }
    }

    fn combination(&mut self, tag: u8, parts: &mut [Condition]) {
        self.bytes.push(tag);
        self.number(len(parts.len()));
        for part in parts {
            self.condition(part);
        }
    }

    fn whole(&mut self, whole: Whole) {
        self.bytes.push(tag::WHOLE);
        self.whole.push(whole);
    }

    fn test(&mut self, test: &Arc<Test>) {
        let start = self.bytes.len();
        self.bytes.push(tag::TEST);
        // What is shared takes no room of its own.
        let is_packed = Arc::strong_count(test) == 1
            && self.subject(&test.subject).is_some()
            && self.matchers(&test.matchers).is_some();
        if !is_packed {
            self.bytes.truncate(start);
            self.whole(Whole::Test(Arc::clone(test)));
        }
    }

    /// `None` for one that stays whole.
    fn subject(&mut self, of_test: &Subject) -> Option<()> {
        let (code, name) = match of_test {
            Subject::Builtin(builtin) => (place_in(&Builtin::ALL, builtin)?, None),
            Subject::Ip => (subject::IP, None),
            Subject::Header(name) => (subject::HEADER, Some(name)),
            Subject::Cookie(name) => (subject::COOKIE, Some(name)),
            Subject::Attribute(name, declared) => {
                (subject::ATTRIBUTE + place_in(&DECLARED, declared)?, Some(name))
            }
        };
        self.bytes.push(code);
        if let Some(name) = name {
            self.text(name);
        }
        Some(())
    }

    /// `None` for some that stay whole.
    fn matchers(&mut self, matchers: &[Matcher]) -> Option<()> {
        self.number(len(matchers.len()));
        for one in matchers {
            match one {
                Matcher::Exists(exists) => {
                    self.bytes.push(if *exists { matcher::EXISTS } else { matcher::IS_ABSENT });
                }
                Matcher::Boolean(wanted) => self.bytes.push(match **wanted {
                    [false] => matcher::IS_FALSE,
                    [true] => matcher::IS_TRUE,
                    _ => return None,
                }),
                Matcher::Text { relation, any_of, ignore_case } => {
                    if any_of.len() > MOST_TEXTS {
                        return None;
                    }
                    let relation = place_in(&RELATIONS, relation)?;
                    self.bytes.push(matcher::TEXT + 2 * relation + u8::from(*ignore_case));
                    self.number(len(any_of.len()));
                    for text in any_of.iter() {
                        self.text(text);
                    }
                }
                Matcher::Pattern(_)
                | Matcher::Number(_)
                | Matcher::AnyOf(_)
                | Matcher::Compare(..)
                | Matcher::Version(_)
                | Matcher::After(_)
                | Matcher::Before(_)
                | Matcher::Network(_)
                | Matcher::Listed(_) => return None,
            }
        }
        Some(())
    }

    fn text(&mut self, text: &str) {
        self.number(len(text.len()));
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Seven bits a byte, the lowest first; the highest bit says that there are more (LEB128).
    fn number(&mut self, number: u32) {
        let mut left = number;
        while left >= 0x80 {
            let [low, ..] = left.to_le_bytes();
            self.bytes.push(low | 0x80);
            left >>= 7;
        }
        let [low, ..] = left.to_le_bytes();
        self.bytes.push(low);
    }
}

/// How many there are: fewer than a file has bytes, which are counted so.
fn len(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

fn bit(is_so: bool, bit: u8) -> u8 {
    if is_so { bit } else { 0 }
}

fn place_in<T: PartialEq>(all: &[T], one: &T) -> Option<u8> {
    let place = all.iter().position(|known| known == one)?;
    u8::try_from(place).ok()
}
