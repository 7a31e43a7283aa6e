//! Why: an observer that keeps notes, and the tree that is made of them.
//!
//! The notes are of ops; the tree is that of the file. Ops are made leaf by leaf from the end of a
//! condition to its start, so that the tree is walked in that order to give each leaf its op.

pub(crate) mod code;
mod describe;
mod print;

use memchr::memmem::Finder;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::context::{Context, Found, HeaderKey};
use crate::decision::Decision;
use crate::ir::{Condition, Flag, Rule, Subject};
use crate::load::Loaded;
use crate::observer::{Inside, Observer, RuleResult};
use crate::program::{Code, FlagId, OpId, Outcome, Truth};

pub use print::RenderedExplanation;

/// A decision with all that was tested for it, and what was found.
///
/// `Display` prints the tree without colour, `Serialize` gives it as JSON. It holds names and
/// operands of the toggle file, and of the context no value but its instant.
///
/// # Examples
///
/// ```
/// let snap = hoist::Snapshot::from_yaml("
/// version: 1
/// flags: { search: { rules: [{ name: kiwis, when: { region: nz } }] } }
/// ")?;
/// let ctx = hoist::Context::new().region("au");
/// let explanation = snap.explain("search", &ctx);
/// assert_eq!(explanation.decision().variant(), "off");
/// assert_eq!(
///     explanation.to_string(),
///     "search = off (default, <yaml>:3)\n  no match  rule kiwis  <yaml>:3\n  false       region is nz\n",
/// );
/// assert_eq!(serde_json::to_value(&explanation).unwrap()["steps"][0]["found"], "no-match");
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation<'s> {
    decision: Decision<'s>,
    steps: Vec<Step>,
}

impl<'s> Explanation<'s> {
    pub(crate) fn new(
        loaded: &'s Loaded,
        decision: Decision<'s>,
        notes: Notes,
        ctx: &Context<'_>,
    ) -> Explanation<'s> {
        let teller = Teller { loaded, ctx };
        let id = loaded.program.find(decision.flag());
        let flag = id.filter(|_| decision.value().is_some());
        let steps = flag.map(|id| teller.flag(id, &notes.root)).unwrap_or_default();
        Explanation { decision, steps }
    }

    /// The decision that is explained.
    pub fn decision(&self) -> &Decision<'s> {
        &self.decision
    }
}

impl Serialize for Explanation<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_struct("Explanation", 2)?;
        map.serialize_field("decision", &self.decision)?;
        map.serialize_field("steps", &self.steps)?;
        map.end()
    }
}

/// One line of an explanation, with what it is made of.
#[derive(Clone, Debug, Serialize)]
struct Step {
    text: String,
    found: Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
}

/// What was found of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Finding {
    True,
    False,
    Unknown,
    /// Something before it decided.
    NotTested,
    /// Of a rule: it serves.
    Match,
    NoMatch,
    Closed,
    Outside,
    NoUnit,
    Else,
    /// Of another flag: its decision.
    Decided,
}

impl From<Option<Truth>> for Finding {
    fn from(truth: Option<Truth>) -> Finding {
        match truth {
            Some(Truth::True) => Finding::True,
            Some(Truth::False) => Finding::False,
            Some(Truth::Unknown) => Finding::Unknown,
            None => Finding::NotTested,
        }
    }
}

impl Finding {
    fn truth(self) -> Option<Truth> {
        match self {
            Finding::True => Some(Truth::True),
            Finding::False => Some(Truth::False),
            Finding::Unknown => Some(Truth::Unknown),
            Finding::NotTested
            | Finding::Match
            | Finding::NoMatch
            | Finding::Closed
            | Finding::Outside
            | Finding::NoUnit
            | Finding::Else
            | Finding::Decided => None,
        }
    }
}

/// The observer that keeps notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    root: Frame,
    open: Vec<Frame>,
    /// The frame that was just left; it belongs to the leaf or the requirement that is told next.
    left: Option<Frame>,
    /// The bucket that was just looked at, for the leaf that is told next.
    bucket: Option<Option<u32>>,
}

/// What was noted inside one flag or segment.
#[derive(Debug, Default)]
struct Frame {
    inside: Option<Inside>,
    outcome: Option<Outcome>,
    leaves: Vec<Leaf>,
    requirements: Vec<(bool, Option<Frame>)>,
    rules: Vec<RuleResult>,
}

/// A leaf that was asked.
#[derive(Debug)]
struct Leaf {
    op: OpId,
    found: Truth,
    inside: Option<Frame>,
    /// Of a rollout: its bucket, if there is a unit.
    bucket: Option<Option<u32>>,
}

impl Notes {
    pub(crate) fn new() -> Notes {
        Notes::default()
    }

    fn frame(&mut self) -> &mut Frame {
        self.open.last_mut().unwrap_or(&mut self.root)
    }

    /// The rules before one, of which nothing was told, do not hold.
    fn pass_over(&mut self, before: usize) {
        self.frame().rules.resize(before, RuleResult::NotHeld);
    }
}

impl Observer for Notes {
    const SEES_ALL: bool = true;

    fn bucket(&mut self, bucket: Option<u32>) {
        self.bucket = Some(bucket);
    }

    fn leaf(&mut self, op: OpId, found: Truth) {
        let (inside, bucket) = (self.left.take(), self.bucket.take());
        self.frame().leaves.push(Leaf { op, found, inside, bucket });
    }

    fn enter(&mut self, inside: Inside) {
        self.open.push(Frame { inside: Some(inside), ..Frame::default() });
    }

    fn leave(&mut self, outcome: Option<Outcome>) {
        self.left = self.open.pop().map(|frame| Frame { outcome, ..frame });
    }

    fn requirement(&mut self, _: usize, holds: bool) {
        let inside = self.left.take();
        self.frame().requirements.push((holds, inside));
    }

    fn rule(&mut self, index: usize, came_to: RuleResult) {
        self.pass_over(index);
        self.frame().rules.push(came_to);
    }

    fn no_rule(&mut self, of: usize) {
        self.pass_over(of);
    }
}

/// Makes the tree of a file's flag out of notes.
struct Teller<'e> {
    loaded: &'e Loaded,
    ctx: &'e Context<'e>,
}

impl Teller<'_> {
    fn flag(&self, id: FlagId, frame: &Frame) -> Vec<Step> {
        let Some(flag) = self.loaded.flag(id) else { return Vec::new() };
        let flag = &flag.unpacked();
        let mut steps = Vec::new();
        if flag.kill {
            let text = "killed: nothing else counts".to_owned();
            steps.push(Step { text, found: Finding::True, place: None, steps: Vec::new() });
            return steps;
        }
        steps.extend(self.requirements(flag, frame));
        let compiled = self.loaded.program.flags.get(id);
        let mut next = compiled.first_op;
        let mut exclusions: Vec<Step> = flag
            .before()
            .unless
            .iter()
            .rev()
            .map(|condition| self.excluding("unless", condition, flag, &mut next, frame))
            .collect();
        exclusions.reverse();
        steps.extend(exclusions);
        let rules = self
            .loaded
            .program
            .rules
            .range(compiled.first_rule, compiled.end_rule)
            .unwrap_or_default();
        for (index, (rule, compiled)) in flag.rules.iter().zip(rules).enumerate() {
            let result = frame.rules.get(index);
            let step = self.rule(rule, flag, compiled.first_op, result, frame);
            // A rule without a name is called by its place.
            steps.push(match *rule.name == *format!("rules[{index}]") {
                true => Step { text: rule.name.to_string(), ..step },
                false => step,
            });
        }
        steps
    }

    fn requirements(&self, flag: &Flag, frame: &Frame) -> Vec<Step> {
        let noted = frame.requirements.iter().map(Some).chain(std::iter::repeat(None));
        flag.before()
            .requires
            .iter()
            .zip(noted)
            .map(|(required, noted)| {
                let found = noted.map(|(holds, _)| Truth::of(*holds)).into();
                let inside = noted.and_then(|(_, frame)| frame.as_ref());
                Step {
                    text: describe::required(required),
                    found,
                    place: None,
                    steps: inside.map(|frame| self.other_flag(frame)).unwrap_or_default(),
                }
            })
            .collect()
    }

    /// The decision of another flag, as a step of its own.
    fn other_flag(&self, frame: &Frame) -> Vec<Step> {
        let (Some(Inside::Flag(id)), Some(outcome)) = (frame.inside, frame.outcome) else {
            return Vec::new();
        };
        let name = self.loaded.program.names.of(id);
        let decision = Decision::new(self.loaded, name, Ok((id, outcome)));
        let (text, found) = (decision.to_string(), Finding::Decided);
        vec![Step { text, found, place: None, steps: self.flag(id, frame) }]
    }

    fn rule(
        &self,
        rule: &Rule,
        flag: &Flag,
        first_op: OpId,
        result: Option<&RuleResult>,
        frame: &Frame,
    ) -> Step {
        let mut next = first_op;
        let mut steps: Vec<Step> = rule
            .more()
            .unless
            .iter()
            .rev()
            .map(|condition| self.excluding("unless", condition, flag, &mut next, frame))
            .collect();
        steps.extend(rule.when.as_ref().map(|when| self.condition(when, flag, &mut next, frame)));
        steps.reverse();
        let was_tried = result.is_some_and(|result| *result != RuleResult::Closed);
        if !was_tried {
            steps.clear();
        }
        let now = self.ctx.instant();
        steps.splice(0..0, result.and_then(|result| describe::window(rule, result, now)));
        steps
            .extend(result.into_iter().flat_map(|result| describe::share(rule, flag, result, now)));
        let found = match result {
            None => Finding::NotTested,
            Some(RuleResult::Closed) => Finding::Closed,
            Some(RuleResult::NotHeld) => Finding::NoMatch,
            Some(RuleResult::Outside { .. }) => Finding::Outside,
            Some(RuleResult::NoUnit { .. }) => Finding::NoUnit,
            Some(RuleResult::Else { .. }) => Finding::Else,
            Some(RuleResult::Served { .. }) => Finding::Match,
        };
        let text = format!("rule {}", rule.name);
        let (file, line) = flag.scope.place(rule.line);
        Step { text, found, place: Some(format!("{file}:{line}")), steps }
    }

    /// A condition that must be false: it stands under a word that says so.
    fn excluding(
        &self,
        word: &str,
        condition: &Condition,
        flag: &Flag,
        next: &mut OpId,
        frame: &Frame,
    ) -> Step {
        let step = self.condition(condition, flag, next, frame);
        Step { text: format!("{word}: {}", step.text), ..step }
    }

    fn condition(
        &self,
        condition: &Condition,
        flag: &Flag,
        next: &mut OpId,
        frame: &Frame,
    ) -> Step {
        match condition {
            Condition::Everyone => Step {
                text: "everyone".to_owned(),
                found: Finding::True,
                place: None,
                steps: Vec::new(),
            },
            Condition::All(parts) | Condition::Any(parts) => {
                let mut steps: Vec<Step> = parts
                    .iter()
                    .rev()
                    .map(|part| self.condition(part, flag, next, frame))
                    .collect();
                steps.reverse();
                let is_all = matches!(condition, Condition::All(_));
                let found = folded(&steps, is_all);
                let text = if is_all { "all of" } else { "any of" }.to_owned();
                Step { text, found: found.into(), place: None, steps }
            }
            Condition::Not(part) => {
                let step = self.condition(part, flag, next, frame);
                let found = step.found.truth().map(Truth::not).into();
                match step.steps.is_empty() {
                    true => Step { text: format!("not: {}", step.text), found, ..step },
                    false => Step { text: "not".to_owned(), found, place: None, steps: vec![step] },
                }
            }
            Condition::Test(_)
            | Condition::Segment { .. }
            | Condition::Flag { .. }
            | Condition::Strategy { .. }
            | Condition::Rollout { .. } => {
                let op = *next;
                *next = next.next();
                self.leaf(condition, flag, op, frame)
            }
        }
    }

    fn leaf(&self, condition: &Condition, flag: &Flag, op: OpId, frame: &Frame) -> Step {
        let noted = frame.leaves.iter().find(|noted| noted.op == op);
        let found = noted.map(|noted| noted.found);
        let inside = noted.and_then(|noted| noted.inside.as_ref());
        let mut text = describe::leaf(condition);
        let mut steps = Vec::new();
        let mut finding: Finding = found.into();
        match condition {
            Condition::Segment { name, .. } => {
                let segment = flag.scope.segments.get(name);
                if let (Some(frame), Some(segment)) = (inside, segment) {
                    if let Some(code) = self.code_of(frame) {
                        let mut next = code.first_op;
                        let step = self.condition(&segment.when, flag, &mut next, frame);
                        finding = step.found;
                        steps.push(step);
                    }
                }
            }
            Condition::Flag { .. } => {
                steps = inside.map(|frame| self.other_flag(frame)).unwrap_or_default();
            }
            Condition::Strategy(used) => {
                if let crate::program::Leaf::Strategy(id) = self.loaded.program.ops.get(op).leaf {
                    match &self.loaded.program.strategies.get(id).0 {
                        Some(strategy) => text = strategy.describe(),
                        None => text = format!("strategy {} (not registered here)", used.name),
                    }
                }
            }
            Condition::Test(test) => {
                if found == Some(Truth::Unknown) {
                    text.push_str(match self.is_given(&test.subject) {
                        Some(true) => " (what is given does not fit)",
                        Some(false) => " (not given)",
                        None => "",
                    });
                }
            }
            Condition::Rollout(rollout) => {
                if let Some(bucket) = noted.and_then(|noted| noted.bucket) {
                    text = describe::against(rollout.share, bucket, &rollout.units, "");
                }
            }
            Condition::Everyone | Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {}
        }
        Step { text, found: finding, place: None, steps }
    }

    fn code_of(&self, frame: &Frame) -> Option<Code> {
        let Some(Inside::Segment(id, wanted)) = frame.inside else { return None };
        let segment = self.loaded.program.segments.get(id);
        Some(if wanted == Truth::True { segment.holds } else { segment.fails })
    }

    /// Whether the context has what a test looks at, where a remark can tell.
    fn is_given(&self, subject: &Subject) -> Option<bool> {
        let base = &self.loaded.settings.base;
        let is_given = match subject {
            Subject::Builtin(builtin) => {
                self.ctx.builtin(*builtin).or_else(|| base.builtin(*builtin)).is_some()
            }
            Subject::Ip => self.ctx.address().or_else(|| base.address()).is_some(),
            Subject::Header(name) => {
                matches!(self.ctx.find_header(&HeaderKey::new(&**name)), Found::Value(_))
            }
            Subject::Cookie(name) => {
                matches!(self.ctx.find_cookie(&Finder::new(&**name)), Found::Value(_))
            }
            Subject::Attribute(name, _) => {
                self.ctx.attribute(name).or_else(|| base.attribute(name)).is_some()
            }
        };
        // A path into json is not followed for a remark.
        let is_path = matches!(subject, Subject::Attribute(name, _) if name.contains('.'));
        (is_given || !is_path).then_some(is_given)
    }
}

/// The truth of a combination, as far as its parts were tested.
fn folded(parts: &[Step], is_all: bool) -> Option<Truth> {
    let decides = if is_all { Truth::False } else { Truth::True };
    let truths = || parts.iter().map(|part| part.found.truth());
    if truths().any(|truth| truth == Some(decides)) {
        Some(decides)
    } else if truths().any(|truth| truth == Some(Truth::Unknown)) {
        Some(Truth::Unknown)
    } else if truths().any(|truth| truth.is_none()) {
        None
    } else {
        Some(decides.not())
    }
}
