//! One rule: whom it is for, who of those it matches, and what they get.

use std::borrow::Cow;
use std::sync::Arc;

use super::Lowering;
use super::fields::{A_RULE, Fields, FreeKeys, bits, cut, shown};
use super::flag::Variants;
use super::keys::Keys;
use crate::bucket::Share;
use crate::ir::{More, Name, Ramp, Rule, UnitName, VariantIndex};
use crate::report::Code;
use crate::source::{FileLine, NodeSpot};
use crate::tree::{Entry, Kind, Node};

pub(super) static RULE_KEYS: Keys = Keys::new(&[
    "name",
    "when",
    "unless",
    "from",
    "until",
    "rollout",
    "hold",
    "else",
    "serve",
    "value",
    "by",
    "seed",
    "request_targeting",
]);

/// The largest weight of an arm.
const MAX_WEIGHT: u32 = 1_000_000;

/// The keys of what few rules have.
///
/// INVARIANT: all that [`Lowering::more`] asks for: where none of them stands it need not be called.
const MORE: u64 = bits(&["unless", "from", "until", "else", "by", "seed", "request_targeting"]);

/// What a rule takes from its flag.
#[derive(PartialEq)]
pub(super) struct Defaults<'f> {
    /// Where they are not the user.
    pub(super) units: Option<&'f Arc<[UnitName]>>,
    pub(super) seed: Option<&'f Name>,
}

impl Defaults<'_> {
    const NONE: Defaults<'static> = Defaults { units: None, seed: None };
}

impl Lowering<'_> {
    pub(super) fn rule(
        &mut self,
        node: &Node<'_>,
        index: usize,
        variants: &Variants,
        defaults: &Defaults<'_>,
    ) -> Option<Rule> {
        let before = self.problems.len();
        let fields = self.fields(node, A_RULE, &RULE_KEYS, FreeKeys::Allowed)?;
        let name = match fields.get("name") {
            Some(node) => self.rule_name(node),
            None => Some(self.name(&format!("rules[{index}]"))),
        };
        if !fields.is_meant("when") && !fields.is_meant("rollout") {
            self.error(Code::NoCondition, fields.start(), "the rule does not say whom it is for")
                .help("give it `when:` or `rollout:`; everyone is `when: everyone`");
        }
        let when = fields.get("when").and_then(|node| self.when(node));
        let (share, ramp) = self.rollout(&fields);
        let (serve, split) = self.serve(&fields, name.as_ref(), variants);
        let has_outcome = serve.is_some() || !split.is_empty();
        let has_more = fields.may_have(MORE) || *defaults != Defaults::NONE;
        let extra = match has_more || ramp.is_some() || serve.is_none() {
            true => More { ramp, split, ..self.more(&fields, variants, defaults) }.boxed(),
            false => None,
        };
        if self.problems.len() > before || !has_outcome {
            return None;
        }
        Some(Rule {
            name: name?,
            when,
            share,
            serve,
            extra,
            line: self.rule_line(node),
            spot: NodeSpot(fields.start()),
        })
    }

    /// What few rules have, beside a ramp and a split.
    #[inline(never)]
    fn more(
        &mut self,
        fields: &Fields<'_, '_>,
        variants: &Variants,
        defaults: &Defaults<'_>,
    ) -> More {
        let unless = fields.get("unless").and_then(|node| self.unless(node));
        let (from, until) = self.window(fields);
        let otherwise = fields.entry("else").and_then(|entry| {
            if !fields.is_meant("rollout") {
                self.error(Code::Else, entry.key.id, "`else` needs a `rollout` beside it");
            }
            self.variant_of(&entry.value, variants)
        });
        let units = fields.get("by").and_then(|node| self.units(node));
        let seed = fields.get("seed").and_then(|node| self.seed(node));
        let allows_request_targeting = fields.get("request_targeting").is_some_and(|node| {
            let allowed = node.text() == Some("allow");
            if !allowed {
                let message = format!("`request_targeting` is `allow`, not {}", shown(node));
                self.error(Code::WrongType, node.id, message);
            }
            allowed
        });
        let units = units.as_ref().or(defaults.units);
        More {
            units: units.filter(|units| ***units != UnitName::USUAL).map(Arc::clone),
            unless: unless.unwrap_or_default(),
            from,
            until,
            otherwise,
            seed: seed.or_else(|| defaults.seed.cloned()),
            allows_request_targeting,
            ..More::NONE
        }
    }

    /// Where a rule stands: at its first key of the last layer that wrote any of it.
    fn rule_line(&self, node: &Node<'_>) -> FileLine {
        let entries = node.map().unwrap_or_default();
        let key = entries.iter().map(|entry| &entry.key).reduce(|first, key| {
            if self.sources.is_later_file(key.id, first.id) { key } else { first }
        });
        match key {
            Some(key) => self.line(key),
            None => self.sources.line(node.id, None),
        }
    }

    fn rule_name(&mut self, node: &Node<'_>) -> Option<Name> {
        let text = match node.kind {
            Kind::Integer(value) => Cow::Owned(value.to_string()),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_)
            | Kind::Map(_) => Cow::Borrowed(self.text(node, "the name of a rule")?),
        };
        let is_plain = text.len() <= 128 && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if !is_plain && (text.chars().count() > 128 || text.chars().any(char::is_control)) {
            let message = format!("`{}` is not a name for a rule", cut(&text));
            self.error(Code::Name, node.id, message)
                .help("it is any text of 1 to 128 characters without control characters");
            return None;
        }
        Some(self.name(&text))
    }

    fn window(
        &mut self,
        fields: &Fields<'_, '_>,
    ) -> (Option<jiff::Timestamp>, Option<jiff::Timestamp>) {
        let from = fields.get("from").and_then(|node| self.instant(node));
        let until = fields.get("until").and_then(|node| self.instant(node));
        if let (Some(start), Some(end), Some(node)) = (from, until, fields.get("until")) {
            if start >= end {
                self.error(Code::Window, node.id, "`until` is not after `from`");
            }
        }
        (from, until)
    }

    /// A share, or a ramp.
    fn rollout(&mut self, fields: &Fields<'_, '_>) -> (Option<Share>, Option<Ramp>) {
        let node = fields.get("rollout");
        let ramp = node.and_then(Node::map);
        let hold = fields.entry("hold").and_then(|entry| {
            if ramp.is_none() {
                self.error(Code::Hold, entry.key.id, "`hold` needs a ramp to cap");
            }
            self.share(&entry.value)
        });
        match (node, ramp) {
            (Some(node), Some(entries)) => (None, self.ramp(node, entries, hold)),
            (Some(node), None) => (self.share(node), None),
            (None, _) => (None, None),
        }
    }

    /// A variant, or weights.
    fn serve(
        &mut self,
        fields: &Fields<'_, '_>,
        name: Option<&Name>,
        variants: &Variants,
    ) -> (Option<VariantIndex>, Vec<(VariantIndex, u32)>) {
        let one = |variant| (variant, Vec::new());
        if let Some(entry) = fields.entry("value") {
            if fields.has("serve") {
                let message = "a rule has either `serve` or `value`";
                self.error(Code::SeveralConditions, entry.key.id, message);
            }
            return one(name.and_then(|name| variants.index(name)));
        }
        let Some(node) = fields.get("serve") else {
            if variants.is_boolean {
                return one(variants.index("on"));
            }
            if !fields.is_meant("serve") && !fields.is_meant("value") {
                let message = "a rule of a flag with variants says what it serves";
                self.error(Code::NoOutcome, fields.start(), message)
                    .help("give it `serve:` with a variant or weights, or `value:`");
            }
            return one(None);
        };
        match &node.kind {
            Kind::Map(entries) if entries.is_empty() => {
                self.error(Code::EmptyValue, node.id, "`serve` is empty");
                one(None)
            }
            Kind::Map(entries) => (None, self.split(node, entries, variants).unwrap_or_default()),
            Kind::List(_) => {
                self.error(Code::WrongType, node.id, "`serve` is a variant or weights, not a list")
                    .help("weights are a map: `serve: { a: 50, b: 50 }`");
                one(None)
            }
            Kind::Null | Kind::Boolean(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(..) => {
                one(self.variant_of(node, variants))
            }
        }
    }

    fn split(
        &mut self,
        node: &Node<'_>,
        entries: &[Entry<'_>],
        variants: &Variants,
    ) -> Option<Vec<(VariantIndex, u32)>> {
        let mut arms: Vec<(VariantIndex, u32)> = Vec::new();
        let mut whole = true;
        for entry in entries {
            if matches!(entry.value.kind, Kind::Null) {
                self.null(entry);
                whole = false;
                continue;
            }
            let key = match &*entry.key.text {
                "true" if variants.is_boolean => "on",
                "false" if variants.is_boolean => "off",
                key => key,
            };
            let variant = self.known_variant(key, entry.key.id, variants);
            if variant.is_some_and(|variant| arms.iter().any(|(known, _)| *known == variant)) {
                if key != entry.key.text || entries.iter().filter(|e| e.key.text == key).count() < 2
                {
                    let message = format!("`{}` is there already: they are one", entry.key.text);
                    self.error(Code::DuplicateKey, entry.key.id, message);
                }
                whole = false;
                continue;
            }
            match variant.zip(self.weight(&entry.value)) {
                Some(arm) => arms.push(arm),
                None => whole = false,
            }
        }
        if whole && arms.iter().all(|(_, weight)| *weight == 0) {
            self.error(Code::Weight, node.id, "all weights are zero");
            return None;
        }
        arms.sort_by_key(|(variant, _)| *variant);
        whole.then_some(arms)
    }

    fn weight(&mut self, node: &Node<'_>) -> Option<u32> {
        let weight = match node.kind {
            Kind::Integer(value) => {
                u32::try_from(value.get()).ok().filter(|value| *value <= MAX_WEIGHT)
            }
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_)
            | Kind::Map(_) => None,
        };
        if weight.is_none() {
            let message =
                format!("a weight is a whole number from 0 to {MAX_WEIGHT}, not {}", shown(node));
            let mut complaint = self.error(Code::Weight, node.id, message);
            if node.text().is_some_and(|text| text.ends_with('%')) {
                complaint.help("weights have no sign: their sum is what they are shares of");
            }
        }
        weight
    }
}
