//! The last pass: ir to program. It is the only maker of one, and it cannot fail.

mod test;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use memchr::memmem::Finder;

use super::needed::needed_by;
use super::strategies::Compiled;
use crate::bucket::{self, Purpose, Salt, Share};
use crate::context::{Builtin, HeaderKey};
use crate::ir::{self, Condition, Declared, Flags, Name, Requirement, Scope, VariantIndex};
use crate::program::{
    Asks, AttributeId, Code, Extra, FirstMatch, FirstMatchId, Flag, FlagTest, FlagTestId, Id, Leaf,
    Names, Op, OpId, Program, Rule, RuleId, Segment, SegmentId, SegmentRollout, Serve, Split,
    Strategy, TextSet, Truth, UnitSource, Units, UnitsId, Variant, VariantId,
};
use crate::reason::Reason;
use crate::tree::Seeded;

/// Lays out flags whose references were checked.
pub(super) fn emit(flags: &Flags, compiled: &Compiled) -> Program {
    let mut program = Program::new();
    program.names = Names::new(flags.names());
    let first_variants = variants(flags, &mut program);
    program.flags.reserve(flags.len());
    program.rules.reserve(flags.iter().map(|flag| flag.rules.len()).sum());
    program.ops.reserve(flags.iter().map(|flag| flag.reach.conditions as usize).sum());
    let mut emitter = Emitter {
        flags,
        compiled,
        first_variants,
        program,
        tests: HashMap::default(),
        segments: HashMap::default(),
        lists: HashMap::default(),
        headers: HashMap::default(),
        cookies: HashMap::default(),
        units: HashMap::default(),
        attributes: BTreeMap::new(),
        time: super::time::flags_of_time(flags),
    };
    for (flag, first_variant) in flags.iter().zip(emitter.first_variants.clone()) {
        emitter.flag(flag, first_variant);
    }
    let mut program = emitter.program;
    program.shrink();
    program
}

/// Lays out the variants, and tells where those of each flag start. All boolean flags have the same
/// two.
fn variants(flags: &Flags, program: &mut Program) -> Vec<VariantId> {
    let mut switch = None;
    let mut lay_out = |flag: &ir::Flag| {
        let first = program.variants.next();
        for variant in flag.variants.iter() {
            let (name, value) = (Arc::clone(&variant.name), variant.value.clone());
            program.variants.push(Variant { name, value });
        }
        first
    };
    let first = |flag: &ir::Flag| match flag.is_boolean {
        true => *switch.get_or_insert_with(|| lay_out(flag)),
        false => lay_out(flag),
    };
    flags.iter().map(first).collect()
}

struct Emitter<'d> {
    flags: &'d Flags,
    compiled: &'d Compiled,
    first_variants: Vec<VariantId>,
    program: Program,
    /// What asks the tests that several conditions have in common.
    tests: HashMap<*const ir::Test, Leaf, Seeded>,
    /// Segments by their scope and name: each scope has its own.
    segments: HashMap<(*const Scope, Name), SegmentId, Seeded>,
    /// The sets of list files, by the list: many flags may name one file.
    lists: HashMap<(*const Name, bool), TextSet, Seeded>,
    /// Names that were made ready to be looked for.
    headers: HashMap<Name, Arc<HeaderKey<'static>>, Seeded>,
    cookies: HashMap<Name, Arc<Finder<'static>>, Seeded>,
    units: HashMap<Vec<UnitSource>, UnitsId, Seeded>,
    attributes: BTreeMap<(Name, Declared), AttributeId>,
    time: BTreeSet<Name>,
}

/// What a flag serves that asks nothing.
fn of_everyone(flag: &ir::Flag) -> Option<(VariantIndex, Reason)> {
    let before = flag.before();
    let is_plain = before.requires.is_empty() && before.unless.is_empty() && flag.rules.is_empty();
    match before.forced {
        Some(forced) => Some((forced, Reason::Forced)),
        None if flag.kill => Some((flag.off, Reason::Killed)),
        None => is_plain.then_some((flag.default, Reason::Static)),
    }
}

/// What a flag asks, before whose rules nothing comes.
fn asked_by(program: &Program, first: RuleId, table: Option<FirstMatchId>) -> Asks {
    if table.is_some_and(|table| program.first_matches.get(table).is_certain()) {
        return Asks::Table;
    }
    let rules = program.rules.range(first, program.rules.next());
    let Some([Rule { entry, serve, share, units: Units::User, extra: None, .. }]) = rules else {
        return Asks::Rules;
    };
    let holds = OpId::rule(first);
    match (*entry, serve, *share) {
        (entry, Serve::Split(_), Share::ALL) if entry == holds => Asks::Bucket,
        (entry, Serve::Variant(_), share)
            if entry == holds && share != Share::ALL && share != Share::NONE =>
        {
            Asks::Bucket
        }
        (entry, Serve::Variant(_), Share::ALL) => match program.ops.find(entry) {
            Some(op @ Op { leaf: Leaf::UserEquals(_) | Leaf::TextEquals(..), .. })
                if op.is_whole(holds, OpId::NO) && op.wants == Truth::True =>
            {
                Asks::Text
            }
            _ => Asks::Rules,
        },
        _ => Asks::Rules,
    }
}

/// The variants of which a requirement wants one.
fn wanted_of(required: &Requirement) -> impl Iterator<Item = &str> {
    let on = ["on"].into_iter().filter(|_| required.variants.is_empty());
    required.variants.iter().map(|(name, _)| &**name).chain(on)
}

/// The salts of rules that have the same seed.
#[derive(Clone, Copy)]
struct Salts {
    rollout: Salt,
    split: Salt,
}

impl Salts {
    fn of(seed: &str) -> Salts {
        Salts { rollout: Salt::new(Purpose::Rollout, seed), split: Salt::new(Purpose::Split, seed) }
    }
}

impl Emitter<'_> {
    fn flag(&mut self, flag: &ir::Flag, first_variant: VariantId) {
        let before = flag.before();
        let requires: Box<[FlagTestId]> = before
            .requires
            .iter()
            .map(|required| self.flag_test(&required.flag, wanted_of(required)))
            .collect();
        let first_match = self.first_match(flag);
        let first_rule = self.program.rules.next();
        let rules = self.rules(flag, first_variant, first_match.is_some());
        self.prepare(&before.unless, flag);
        let first_op = self.program.ops.next();
        let entry = self.none_of(&before.unless, &flag.scope, rules, OpId::EXCLUDED);
        let on = flag.find_variant("on").filter(|_| flag.is_boolean);
        let goes_by_rules = before.requires.is_empty() && before.unless.is_empty();
        let (default, asks) = match of_everyone(flag) {
            Some((variant, reason)) => (variant, Asks::Nothing(reason)),
            None if goes_by_rules => {
                (flag.default, asked_by(&self.program, first_rule, first_match))
            }
            None => (flag.default, Asks::Rules),
        };
        self.program.flags.push(Flag {
            first_rule,
            end_rule: self.program.rules.next(),
            first_op,
            entry,
            default: first_variant.offset(default.0),
            off: first_variant.offset(flag.off.0),
            on: on.map(|on| first_variant.offset(on.0)),
            asks,
            first_match,
            speaks_of_time: self.time.contains(&flag.name),
            value_type: flag.value_type,
            can_lack: !before.requires.iter().all(|required| self.is_of_everyone(required)),
            requires,
        });
    }

    /// Lays out the rules of a flag, and tells where their code starts.
    ///
    /// It is made from the end, so that each knows where the next one starts. With a first-match table
    /// none goes on to another.
    fn rules(&mut self, flag: &ir::Flag, first_variant: VariantId, has_table: bool) -> OpId {
        let first = self.program.rules.next();
        let salts = Salts::of(&flag.name);
        let mut next = OpId::NO;
        for (at, rule) in flag.rules.iter().enumerate().rev() {
            let id = RuleId::new(first.index() + at);
            let made = self.rule(rule, flag, first_variant, salts, [OpId::rule(id), next]);
            if !has_table {
                next = made.start(id);
            }
            self.program.rules.push(made);
        }
        self.program.rules.reverse_from(first);
        next
    }

    /// Whether a flag serves everyone what is required of it.
    fn is_of_everyone(&self, required: &Requirement) -> bool {
        self.flags.get(&required.flag).is_some_and(|flag| {
            let mut wanted = wanted_of(required).map(|name| flag.find_spelt(name));
            of_everyone(flag).is_some_and(|(variant, _)| wanted.any(|one| one == Some(variant)))
        })
    }

    /// A rule whose code goes to one of two ends: it holds, or it does not.
    fn rule(
        &mut self,
        rule: &ir::Rule,
        flag: &ir::Flag,
        first_variant: VariantId,
        salts: Salts,
        [yes, no]: [OpId; 2],
    ) -> Rule {
        let more = rule.more();
        self.prepare(&more.unless, flag);
        self.prepare(rule.when.as_slice(), flag);
        let first_op = self.program.ops.next();
        let admitted = self.none_of(&more.unless, &flag.scope, yes, no);
        let entry = match &rule.when {
            Some(when) => self.condition(when, &flag.scope, Truth::True, admitted, no),
            None => admitted,
        };
        let salts = more.seed.as_ref().map_or(salts, |seed| Salts::of(seed));
        let serve = match rule.serve {
            Some(variant) => Serve::Variant(first_variant.offset(variant.0)),
            None => {
                let weights: Vec<u32> = more.split.iter().map(|(_, weight)| *weight).collect();
                let ends = bucket::arm_ends(&weights).unwrap_or_default().into();
                let arms = more.split.iter().map(|(arm, _)| first_variant.offset(arm.0)).collect();
                Serve::Split(self.program.splits.push(Split { salt: salts.split, ends, arms }))
            }
        };
        let (share, ramp) = match &more.ramp {
            None => (rule.share.unwrap_or(Share::ALL), Box::default()),
            Some(ramp) => (Share::NONE, ramp.steps.clone().into()),
        };
        let otherwise = more.otherwise.map(|variant| first_variant.offset(variant.0));
        let extra = Extra { from: more.from, until: more.until, ramp, otherwise };
        let is_plain = extra.from.is_none()
            && extra.until.is_none()
            && extra.ramp.is_empty()
            && extra.otherwise.is_none();
        Rule {
            entry,
            serve,
            share,
            has_rollout: rule.share.is_some() || more.ramp.is_some(),
            has_window: extra.from.is_some() || extra.until.is_some(),
            has_ramp: !extra.ramp.is_empty(),
            has_else: extra.otherwise.is_some(),
            units: self.units(rule.units()),
            rollout_salt: salts.rollout,
            extra: (!is_plain).then(|| self.program.extras.push(extra)),
            first_op,
        }
    }

    /// The first-match table of a flag, if it has rules enough that need a value.
    fn first_match(&mut self, flag: &ir::Flag) -> Option<FirstMatchId> {
        if flag.rules.len() < FirstMatch::WORTHWHILE {
            return None;
        }
        let needed: Vec<_> = flag.rules.iter().map(needed_by).collect();
        let table = FirstMatch::new(&needed, |subject| self.subject(subject))?;
        Some(self.program.first_matches.push(table))
    }

    /// Code that goes to `yes` where every one of the conditions is definitely false.
    fn none_of(
        &mut self,
        conditions: &[Condition],
        scope: &Arc<Scope>,
        yes: OpId,
        no: OpId,
    ) -> OpId {
        conditions
            .iter()
            .rev()
            .fold(yes, |next, condition| self.condition(condition, scope, Truth::False, next, no))
    }

    /// Code that goes to `yes` where the condition is definitely what is wanted, else to `no`.
    ///
    /// It is made from the end, so that every target is known when an op is made. Explanations
    /// count on the order: one op for each leaf, the last leaf first.
    fn condition(
        &mut self,
        condition: &Condition,
        scope: &Arc<Scope>,
        wants: Truth,
        yes: OpId,
        no: OpId,
    ) -> OpId {
        let leaf = match condition {
            Condition::Everyone => return if wants == Truth::True { yes } else { no },
            Condition::Not(part) => return self.condition(part, scope, wants.not(), yes, no),
            Condition::All(parts) | Condition::Any(parts) => {
                let is_all = matches!(condition, Condition::All(_));
                // By De Morgan: `all` is false where any part is, and `any` where all are.
                let every_part = is_all == (wants == Truth::True);
                let last = if every_part { yes } else { no };
                return parts.iter().rev().fold(last, |next, part| match every_part {
                    true => self.condition(part, scope, wants, next, no),
                    false => self.condition(part, scope, wants, yes, next),
                });
            }
            Condition::Test(test) => self.test(test),
            Condition::Segment { name, .. } => {
                let id = self.segment(name, scope);
                let code = self.program.segments.get(id).code(wants);
                let in_place = (self.program.ops.next(), id, wants);
                match self.program.ops.find(code.entry) {
                    // One of a single test is asked in place.
                    Some(op) if op.is_whole(OpId::YES, OpId::NO) => {
                        let op = Op::new(op.leaf.clone(), op.wants, yes, no);
                        self.program.in_place.push(in_place);
                        return self.program.ops.push(op);
                    }
                    _ => Leaf::Segment(id),
                }
            }
            Condition::Flag(named) => {
                let variants = named.variants.iter().map(|(name, _)| &**name);
                Leaf::Flag(self.flag_test(&named.flag, variants))
            }
            Condition::Strategy(used) => {
                let compiled = self.compiled.find(&used.name, &used.parameters);
                Leaf::Strategy(self.program.strategies.push(Strategy(compiled)))
            }
            Condition::Rollout(fixed) => {
                let rollout = SegmentRollout {
                    share: fixed.share,
                    units: self.units(&fixed.units),
                    salt: Salt::new(Purpose::SegmentRollout, &fixed.seed),
                };
                Leaf::Rollout(self.program.segment_rollouts.push(rollout))
            }
        };
        self.program.ops.push(Op::new(leaf, wants, yes, no))
    }

    fn segment(&mut self, name: &Name, scope: &Arc<Scope>) -> SegmentId {
        let key = (Arc::as_ptr(scope), Arc::clone(name));
        if let Some(id) = self.segments.get(&key) {
            return *id;
        }
        // A segment that is gone is one of which nothing is known. The passes before refuse it.
        let nowhere = Code { entry: OpId::NO, first_op: self.program.ops.next() };
        let mut segment = Segment { holds: nowhere, fails: nowhere };
        if let Some(found) = scope.segments.get(name) {
            segment = Segment {
                holds: self.code(&found.when, scope, Truth::True),
                fails: self.code(&found.when, scope, Truth::False),
            };
        }
        let id = self.program.segments.push(segment);
        self.segments.insert(key, id);
        id
    }

    /// Makes the segments that conditions of a flag name, before any of its own ops: those must follow
    /// each other.
    fn prepare(&mut self, conditions: &[Condition], flag: &ir::Flag) {
        if flag.reach.refers {
            self.prepare_in(conditions, &flag.scope);
        }
    }

    fn prepare_in(&mut self, conditions: &[Condition], scope: &Arc<Scope>) {
        for condition in conditions {
            if let Condition::Segment { name, .. } = condition {
                self.segment(name, scope);
            }
            self.prepare_in(condition.parts(), scope);
        }
    }

    fn code(&mut self, condition: &Condition, scope: &Arc<Scope>, wants: Truth) -> Code {
        self.prepare_in(std::slice::from_ref(condition), scope);
        let first_op = self.program.ops.next();
        let entry = self.condition(condition, scope, wants, OpId::YES, OpId::NO);
        Code { entry, first_op }
    }

    fn flag_test<'n>(&mut self, flag: &str, variants: impl Iterator<Item = &'n str>) -> FlagTestId {
        let at = self.flags.position(flag);
        let target = at.and_then(|at| self.flags.at(at).zip(self.first_variants.get(at)));
        let any_of = target
            .map(|(target, first)| {
                variants
                    .filter_map(|name| target.find_spelt(name))
                    .map(|variant| first.offset(variant.0))
                    .collect()
            })
            .unwrap_or_default();
        self.program.flag_tests.push(FlagTest { flag: self.program.find(flag), any_of })
    }

    fn units(&mut self, units: &[ir::UnitName]) -> Units {
        if matches!(units, [ir::UnitName::Builtin(Builtin::User)]) {
            return Units::User;
        }
        let sources: Vec<UnitSource> = units
            .iter()
            .map(|unit| match unit {
                ir::UnitName::Builtin(builtin) => UnitSource::Builtin(*builtin),
                ir::UnitName::Attribute(name) => {
                    UnitSource::Attribute(self.attribute(name, &Declared::Any))
                }
            })
            .collect();
        if let Some(id) = self.units.get(&sources) {
            return Units::FirstOf(*id);
        }
        let id = self.program.units.push(sources.clone().into());
        self.units.insert(sources, id);
        Units::FirstOf(id)
    }
}
