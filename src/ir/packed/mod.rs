//! The flags of a published state, packed: decisions are made without them, but explanations,
//! forces and flags that break ask for what the files said.
//!
//! PERF: memory. What a flag of three rules says is a dozen allocations while it is worked with, and
//! a hundred bytes here. What few flags say stays whole beside the bytes, and so does what many
//! share.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Before, Condition, Declared, Flag, Flags, Metadata, More, Scope, Test};
use super::{TextRelation, Variant, VariantIndex};
use crate::literal::arena::Arena;
use crate::source::FileLine;
use crate::value::ValueType;
use read::Reader;
use write::Writer;

/// Flags in the byte order of their names, each name once. To clone them is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    parts: Arc<Parts>,
    /// The places of those that are killed, whatever they say of it.
    killed: Arc<BTreeSet<usize>>,
}

#[derive(Debug)]
struct Parts {
    /// Those of the program, too: they have the same places there.
    names: Arena,
    flags: Box<[At]>,
    /// Where each rule of each flag starts, from the start of its flag.
    rules: Box<[u32]>,
    bytes: Box<[u8]>,
    whole: Box<[Whole]>,
    /// The scope of nearly all.
    scope: Arc<Scope>,
    /// The variants of boolean flags.
    switch: Arc<[Variant]>,
}

/// Where the parts of a flag start, which end where those of the next one start.
#[derive(Clone, Copy, Debug)]
struct At {
    bytes: usize,
    rules: u32,
    whole: u32,
    line: FileLine,
}

/// What is not packed.
#[derive(Clone, Debug, PartialEq)]
enum Whole {
    Scope(Arc<Scope>),
    Variants(Box<Arc<[Variant]>>),
    Before(Box<Before>),
    More(Box<More>),
    Test(Arc<Test>),
    Condition(Box<Condition>),
}

const _: () = {
    assert!(size_of::<At>() <= 24);
    assert!(size_of::<Whole>() <= 16);
};

const VALUE_TYPES: [ValueType; 5] =
    [ValueType::Boolean, ValueType::Integer, ValueType::Float, ValueType::Text, ValueType::Json];

/// The bits that a flag starts with.
mod of_flag {
    pub(super) const IS_BOOLEAN: u8 = 1;
    pub(super) const IS_KILLED: u8 = 2;
    pub(super) const IS_PUBLIC: u8 = 4;
    pub(super) const REFERS: u8 = 8;
    pub(super) const EXPIRES: u8 = 16;
    /// It has these whole, in this order.
    pub(super) const SCOPE: u8 = 32;
    pub(super) const VARIANTS: u8 = 64;
    pub(super) const BEFORE: u8 = 128;
}

/// The bits that a rule starts with: what it has.
mod of_rule {
    pub(super) const FILE: u8 = 1;
    pub(super) const SHARE: u8 = 2;
    pub(super) const SERVE: u8 = 4;
    pub(super) const WHEN: u8 = 8;
    pub(super) const MORE: u8 = 16;
}

/// What a condition starts with.
mod tag {
    /// It is the next of those that are whole.
    pub(super) const WHOLE: u8 = 0;
    pub(super) const EVERYONE: u8 = 1;
    pub(super) const ALL: u8 = 2;
    pub(super) const ANY: u8 = 3;
    pub(super) const NOT: u8 = 4;
    pub(super) const SEGMENT: u8 = 5;
    pub(super) const TEST: u8 = 6;
}

/// What a test looks at: a built-in by its place in `Builtin::ALL`, or one of these with a name,
/// of which attributes come last, by the places of their types in [`DECLARED`].
mod subject {
    pub(super) const IP: u8 = 16;
    pub(super) const HEADER: u8 = 17;
    pub(super) const COOKIE: u8 = 18;
    pub(super) const ATTRIBUTE: u8 = 19;
}

/// The types of attributes that hold nothing else.
const DECLARED: [Declared; 7] = [
    Declared::Any,
    Declared::Text,
    Declared::Integer,
    Declared::Number,
    Declared::Boolean,
    Declared::Version,
    Declared::Instant,
];

/// What a test asks. Texts start with twice the place of their relation in [`RELATIONS`] behind
/// this, and one more where case does not count.
mod matcher {
    pub(super) const IS_ABSENT: u8 = 0;
    pub(super) const EXISTS: u8 = 1;
    pub(super) const IS_FALSE: u8 = 2;
    pub(super) const IS_TRUE: u8 = 3;
    pub(super) const TEXT: u8 = 4;
}

const RELATIONS: [TextRelation; 4] = [
    TextRelation::Equals,
    TextRelation::StartsWith,
    TextRelation::EndsWith,
    TextRelation::Contains,
];

impl Packed {
    /// Packs flags that have these names and, nearly all, this scope.
    pub(crate) fn new(flags: Flags, names: Arena, scope: &Arc<Scope>) -> Packed {
        let rules = flags.iter().map(|flag| flag.rules.len()).sum();
        let mut writer = Writer::new(flags.len(), rules, scope);
        for mut flag in flags.into_owned() {
            writer.flag(&mut flag);
        }
        Packed { parts: Arc::new(writer.parts(names)), killed: Arc::default() }
    }

    /// Has those at some places killed, and no others but by what they say themselves.
    pub(crate) fn kill(&mut self, places: impl Iterator<Item = usize>) {
        self.killed = Arc::new(places.collect());
    }

    /// As they were.
    pub(crate) fn unpacked(&self) -> Flags {
        Flags::new(self.iter().map(|flag| flag.unpacked()).collect())
    }

    pub(crate) fn names(&self) -> &Arena {
        &self.parts.names
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.names.len()
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.parts.names.search(name)
    }

    pub(crate) fn at(&self, position: usize) -> Option<PackedFlag<'_>> {
        let is_killed = self.killed.contains(&position);
        Some(PackedFlag { is_killed, ..PackedFlag::new(&self.parts, position)? })
    }

    pub(crate) fn get(&self, name: &str) -> Option<PackedFlag<'_>> {
        self.at(self.position(name)?)
    }

    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = PackedFlag<'_>> {
        (0..self.len()).filter_map(|position| self.at(position))
    }

    /// The flags that one of both has, each with that of the same name of the other, in their order.
    pub(crate) fn beside<'p>(
        &'p self,
        other: &'p Packed,
    ) -> impl Iterator<Item = (Option<PackedFlag<'p>>, Option<PackedFlag<'p>>)> {
        let (mut at, mut of_other) = (0, 0);
        std::iter::from_fn(move || {
            let (one, other) = (self.at(at), other.at(of_other));
            let order = match (&one, &other) {
                (Some(one), Some(other)) => one.name.cmp(other.name),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return None,
            };
            at += usize::from(order.is_le());
            of_other += usize::from(order.is_ge());
            Some((one.filter(|_| order.is_le()), other.filter(|_| order.is_ge())))
        })
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Packed) -> bool {
        let are_one = Arc::ptr_eq(&self.parts, &other.parts) && self.killed == other.killed;
        are_one || self.len() == other.len() && self.iter().zip(other.iter()).all(|(a, b)| a == b)
    }
}

/// One of them. What is asked of it most is read where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedFlag<'p> {
    pub(crate) name: &'p str,
    /// Whatever it says of it.
    is_killed: bool,
    line: FileLine,
    rules: &'p [u32],
    bytes: &'p [u8],
    whole: &'p [Whole],
    parts: &'p Parts,
}

impl<'p> PackedFlag<'p> {
    fn new(parts: &'p Parts, position: usize) -> Option<PackedFlag<'p>> {
        let (name, at) = (parts.names.get(position)?, parts.flags.get(position)?);
        let next = parts.flags.get(position + 1);
        let end = |of_next: fn(&At) -> usize, of_all| next.map_or(of_all, of_next);
        let rules_end = end(|next| next.rules as usize, parts.rules.len());
        let bytes_end = end(|next| next.bytes, parts.bytes.len());
        let whole_end = end(|next| next.whole as usize, parts.whole.len());
        Some(PackedFlag {
            name,
            is_killed: false,
            line: at.line,
            rules: parts.rules.get(at.rules as usize..rules_end)?,
            bytes: parts.bytes.get(at.bytes..bytes_end)?,
            whole: parts.whole.get(at.whole as usize..whole_end)?,
            parts,
        })
    }

    /// What is whole of it and not of its rules, which comes first.
    fn of_all(&self) -> impl Iterator<Item = &'p Whole> + use<'p> {
        const MOST: usize = 3;
        self.whole.iter().take(MOST)
    }

    /// As it was before it was packed, but for where in the texts it stood: those are gone.
    pub(crate) fn unpacked(&self) -> Flag {
        Reader::new(self).flag(self)
    }

    fn bits(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    pub(crate) fn metadata(&self) -> Metadata {
        Reader::new(self).head().metadata
    }

    pub(crate) fn off(&self) -> VariantIndex {
        Reader::new(self).head().off
    }

    pub(crate) fn is_public(&self) -> bool {
        self.bits() & of_flag::IS_PUBLIC != 0
    }

    /// Whether it names a segment, another flag or a strategy.
    pub(crate) fn refers(&self) -> bool {
        self.bits() & of_flag::REFERS != 0
    }

    pub(crate) fn scope(&self) -> &'p Arc<Scope> {
        self.of_all().find_map(Whole::as_scope).unwrap_or(&self.parts.scope)
    }

    pub(crate) fn variants(&self) -> &'p Arc<[Variant]> {
        self.of_all().find_map(Whole::as_variants).unwrap_or(&self.parts.switch)
    }

    /// The flag of a requirement.
    pub(crate) fn required(&self, index: usize) -> Option<&'p str> {
        let before = self.of_all().find_map(Whole::as_before)?;
        before.requires.get(index).map(|required| &*required.flag)
    }

    /// The name of a rule.
    pub(crate) fn rule(&self, index: usize) -> Option<&'p str> {
        Some(self.reader_at(index)?.rule_head(self.line).name)
    }

    /// The file and the line of a rule.
    pub(crate) fn place_of_rule(&self, index: usize) -> Option<(&'p str, u32)> {
        Some(self.scope().place(self.reader_at(index)?.rule_head(self.line).line))
    }

    /// The file and the line of the flag.
    pub(crate) fn place(&self) -> (&'p str, u32) {
        self.scope().place(self.line)
    }

    fn reader_at(&self, rule: usize) -> Option<Reader<'p>> {
        let start = *self.rules.get(rule)? as usize;
        Some(Reader { bytes: self.bytes.get(start..)?, whole: [].iter() })
    }
}

/// What a flag says of itself, as with a [`Flag`].
///
/// PERF: what is packed to the same bytes is the same; most that are compared are (the bench
/// `reload`). What is not can differ in where its parts stand alone.
impl PartialEq for PackedFlag<'_> {
    fn eq(&self, other: &PackedFlag<'_>) -> bool {
        let is_same = || {
            let are_one = std::ptr::eq(self.bytes, other.bytes);
            are_one
                || self.name == other.name && self.bytes == other.bytes && self.whole == other.whole
        };
        let is_same = self.is_killed == other.is_killed && is_same();
        is_same || self.unpacked() == other.unpacked()
    }
}

impl Whole {
    fn as_scope(&self) -> Option<&Arc<Scope>> {
        if let Whole::Scope(scope) = self { Some(scope) } else { None }
    }

    fn as_variants(&self) -> Option<&Arc<[Variant]>> {
        if let Whole::Variants(variants) = self { Some(variants) } else { None }
    }

    fn as_before(&self) -> Option<&Before> {
        if let Whole::Before(before) = self { Some(before) } else { None }
    }

    fn as_more(&self) -> Option<&More> {
        if let Whole::More(more) = self { Some(more) } else { None }
    }
}
