//! Bytes to flags.
//!
//! What is read was written next door. Where something were missing all the same, it would be a
//! condition that never holds.

use std::slice;
use std::sync::Arc;

use jiff::civil::Date;

use super::{DECLARED, PackedFlag, RELATIONS, VALUE_TYPES, Whole};
use super::{matcher, of_flag, of_rule, subject, tag};
use crate::bucket::Share;
use crate::context::Builtin;
use crate::ir::{Condition, Declared, Flag, Matcher, Metadata, Name, Reach, Rule, Subject, Test};
use crate::ir::{TextRelation, VariantIndex};
use crate::source::{FileId, FileLine, NodeSpot, Spot};
use crate::tree::NodeId;
use crate::value::ValueType;

#[derive(Clone, Debug)]
pub(super) struct Reader<'p> {
    pub(super) bytes: &'p [u8],
    pub(super) whole: slice::Iter<'p, Whole>,
}

/// What a flag starts with.
pub(super) struct Head {
    bits: u8,
    value_type: ValueType,
    default: VariantIndex,
    pub(super) off: VariantIndex,
    pub(super) metadata: Metadata,
}

/// What a rule starts with.
pub(super) struct RuleHead<'p> {
    bits: u8,
    pub(super) name: &'p str,
    pub(super) line: FileLine,
}

impl<'p> Reader<'p> {
    pub(super) fn new(flag: &PackedFlag<'p>) -> Reader<'p> {
        Reader { bytes: flag.bytes, whole: flag.whole.iter() }
    }

    pub(super) fn flag(mut self, of: &PackedFlag<'p>) -> Flag {
        let Head { bits, value_type, default, off, metadata } = self.head();
        let (scope, variants) = (Arc::clone(of.scope()), Arc::clone(of.variants()));
        for bit in [of_flag::SCOPE, of_flag::VARIANTS] {
            if bits & bit != 0 {
                self.whole.next();
            }
        }
        let has_before = bits & of_flag::BEFORE != 0;
        let before = has_before.then(|| self.whole.next()).flatten();
        let extra = before.and_then(Whole::as_before).cloned().map(Box::new);
        let rules = of.rules.iter().map(|_| self.rule(of.line)).collect();
        let mut flag = Flag {
            name: of.name.into(),
            is_boolean: bits & of_flag::IS_BOOLEAN != 0,
            value_type,
            variants,
            rules,
            default,
            off,
            kill: of.is_killed || bits & of_flag::IS_KILLED != 0,
            extra,
            metadata,
            scope,
            reach: Reach::default(),
            line: of.line,
            spot: Spot::Line(of.line.file, of.line.line),
        };
        flag.reach = Reach::of(&flag);
        flag
    }

    pub(super) fn head(&mut self) -> Head {
        let bits = self.byte();
        let value_type = VALUE_TYPES.get(usize::from(self.byte()));
        let said = u64::from_le_bytes(self.array());
        let (default, off) = (self.variant(), self.variant());
        let expires = (bits & of_flag::EXPIRES != 0).then(|| self.date()).flatten();
        let is_public = bits & of_flag::IS_PUBLIC != 0;
        Head {
            bits,
            value_type: value_type.copied().unwrap_or(ValueType::Boolean),
            default,
            off,
            metadata: Metadata { said, expires, is_public },
        }
    }

    fn date(&mut self) -> Option<Date> {
        let year = i16::from_le_bytes(self.array());
        let (month, day) = (i8::from_le_bytes(self.array()), i8::from_le_bytes(self.array()));
        Date::new(year, month, day).ok()
    }

    pub(super) fn rule_head(&mut self, of_flag: FileLine) -> RuleHead<'p> {
        let bits = self.byte();
        let name = self.text();
        let file = match bits & of_rule::FILE != 0 {
            true => FileId(self.small()),
            false => of_flag.file,
        };
        let line = of_flag.line.wrapping_add(self.number());
        RuleHead { bits, name, line: FileLine { file, line } }
    }

    fn rule(&mut self, of_flag: FileLine) -> Rule {
        let RuleHead { bits, name, line } = self.rule_head(of_flag);
        let has = |bit: u8| bits & bit != 0;
        let share = has(of_rule::SHARE).then(|| self.number());
        let serve = has(of_rule::SERVE).then(|| self.variant());
        let more = has(of_rule::MORE).then(|| self.whole.next()).flatten();
        Rule {
            name: name.into(),
            when: has(of_rule::WHEN).then(|| self.condition()),
            share: share.map(|share| Share::from_buckets(share).unwrap_or(Share::NONE)),
            serve,
            extra: more.and_then(Whole::as_more).cloned().map(Box::new),
            line,
            spot: NodeSpot(NodeId(0)),
        }
    }

    fn condition(&mut self) -> Condition {
        match self.byte() {
            tag::EVERYONE => Condition::Everyone,
            tag::ALL => Condition::All(self.conditions()),
            tag::ANY => Condition::Any(self.conditions()),
            tag::NOT => Condition::Not(Box::new(self.condition())),
            tag::SEGMENT => {
                Condition::Segment { name: self.name(), spot: Spot::Line(FileId(0), 1) }
            }
            tag::TEST => {
                let subject = self.subject();
                let count = self.number();
                let matchers: Vec<Matcher> = (0..count).map(|_| self.matcher()).collect();
                Condition::Test(Arc::new(Test { subject, matchers: matchers.into() }))
            }
            _ => match self.whole.next() {
                Some(Whole::Test(test)) => Condition::Test(Arc::clone(test)),
                Some(Whole::Condition(condition)) => Condition::clone(condition),
                _ => Condition::Any(Box::default()),
            },
        }
    }

    fn conditions(&mut self) -> Box<[Condition]> {
        let count = self.number();
        (0..count).map(|_| self.condition()).collect()
    }

    fn subject(&mut self) -> Subject {
        match self.byte() {
            subject::IP => Subject::Ip,
            subject::HEADER => Subject::Header(self.name()),
            subject::COOKIE => Subject::Cookie(self.name()),
            code => match Builtin::ALL.get(usize::from(code)) {
                Some(builtin) => Subject::Builtin(*builtin),
                None => {
                    let declared = DECLARED.get(usize::from(code.wrapping_sub(subject::ATTRIBUTE)));
                    let declared = declared.cloned().unwrap_or(Declared::Any);
                    Subject::Attribute(self.name(), declared)
                }
            },
        }
    }

    fn matcher(&mut self) -> Matcher {
        match self.byte() {
            matcher::IS_ABSENT => Matcher::Exists(false),
            matcher::EXISTS => Matcher::Exists(true),
            matcher::IS_FALSE => Matcher::Boolean(vec![false]),
            matcher::IS_TRUE => Matcher::Boolean(vec![true]),
            code => {
                let of_text = code.wrapping_sub(matcher::TEXT);
                let relation = RELATIONS.get(usize::from(of_text / 2)).copied();
                let count = self.number();
                let any_of: Vec<Name> = (0..count).map(|_| self.name()).collect();
                Matcher::Text {
                    relation: relation.unwrap_or(TextRelation::Equals),
                    any_of: any_of.into(),
                    ignore_case: of_text % 2 == 1,
                }
            }
        }
    }

    fn name(&mut self) -> Name {
        self.text().into()
    }

    fn text(&mut self) -> &'p str {
        let length = self.number() as usize;
        let (text, rest) = self.bytes.split_at_checked(length).unwrap_or_default();
        self.bytes = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn variant(&mut self) -> VariantIndex {
        VariantIndex(self.small())
    }

    fn small(&mut self) -> u16 {
        u16::try_from(self.number()).unwrap_or_default()
    }

    fn number(&mut self) -> u32 {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte();
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        number
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// Zeros where there are not so many bytes left.
    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((bytes, rest)) = self.bytes.split_first_chunk() else { return [0; N] };
        self.bytes = rest;
        *bytes
    }
}
