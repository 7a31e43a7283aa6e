//! Names to what they name, and "did you mean".

use super::{Broken, Checked, Compiled, Fresh, Registered};
use crate::ir::{Condition, Document, Flag, Name, Scope};
use crate::report::{Code, Suggestions};
use crate::source::{Owner, Problem, Spot};
use crate::strategy::Strategies;

pub(super) fn resolve(
    document: &Document,
    fresh: Fresh<'_>,
    broken: &Broken,
    strategies: Registered<'_>,
    before: &Compiled,
    checked: &mut Checked,
) {
    let (strategies, must_know) = match strategies {
        Registered::Tools(strategies) => (strategies, false),
        Registered::Service(strategies) => (strategies, true),
    };
    let suggestions = Suggestions::new();
    let mut resolver =
        Resolver { document, broken, strategies, before, checked, owner: Owner::Set, suggestions };
    for segment in document.scope.segments.values() {
        resolver.owner = Owner::Segment(Name::clone(&segment.name));
        resolver.condition(&segment.when, &document.scope);
    }
    for flag in document.flags.iter() {
        resolver.owner = Owner::Flag(Name::clone(&flag.name));
        if fresh.has(&flag.name) {
            resolver.flag(flag);
        } else {
            // Only its strategies: they are compiled anew for each program.
            resolver.strategies_of(flag);
        }
    }
    resolver.tests();
    if must_know {
        resolver.unregistered();
    }
}

pub(super) fn resolve_loose(
    document: &Document,
    loose: &[(Owner, Condition)],
    broken: &Broken,
    strategies: Registered<'_>,
) -> Vec<Problem> {
    let (Registered::Tools(strategies) | Registered::Service(strategies)) = strategies;
    let (mut checked, suggestions) = (Checked::default(), Suggestions::new());
    let (owner, before) = (Owner::Set, &Compiled::default());
    let mut resolver = Resolver {
        document,
        broken,
        strategies,
        before,
        checked: &mut checked,
        owner,
        suggestions,
    };
    for (owner, leaf) in loose {
        resolver.owner.clone_from(owner);
        resolver.condition(leaf, &document.scope);
    }
    checked.problems
}

struct Resolver<'d> {
    document: &'d Document,
    broken: &'d Broken,
    strategies: &'d Strategies,
    /// The strategies of the state that is published.
    before: &'d Compiled,
    checked: &'d mut Checked,
    owner: Owner,
    suggestions: Suggestions,
}

impl<'d> Resolver<'d> {
    fn error(&mut self, code: Code, spot: Spot, message: String, help: Option<String>) {
        let mut problem = Problem::error(code, message, spot, self.owner.clone());
        problem.help = help;
        self.checked.problems.push(problem);
        if let Owner::Flag(name) = &self.owner {
            self.checked.broken.insert(Name::clone(name));
        }
    }

    fn flag(&mut self, flag: &Flag) {
        if !flag.reach.refers {
            return;
        }
        for required in &flag.before().requires {
            let variants = &required.variants;
            let Some(target) = self.find(&required.flag, required.spot) else { continue };
            if variants.is_empty() && !target.is_boolean {
                let message = format!("`{}` has variants: say which are required", required.flag);
                let first = target.variants.first().map_or("", |variant| &variant.name);
                let help = format!("as `requires: {{ {}: {first} }}`", required.flag);
                self.error(Code::Requires, required.spot, message, Some(help));
            }
            self.variants(target, variants);
        }
        for condition in flag.conditions() {
            self.condition(condition, &flag.scope);
        }
    }

    fn strategies_of(&mut self, flag: &Flag) {
        for condition in flag.conditions().filter(|_| flag.reach.refers) {
            self.strategies_in(condition, &flag.scope, 0);
        }
    }

    fn strategies_in(&mut self, condition: &Condition, scope: &Scope, depth: usize) {
        if let Condition::Strategy(used) = condition {
            let (name, parameters) = (&used.name, &used.parameters);
            self.checked.compiled.keep(self.strategies, self.before, name, parameters);
        }
        if let Condition::Segment { name, .. } = condition {
            if let Some(segment) =
                scope.segments.get(name).filter(|_| depth < super::order::MAX_DEPTH)
            {
                self.strategies_in(&segment.when, scope, depth + 1);
            }
        }
        for part in condition.parts() {
            self.strategies_in(part, scope, depth);
        }
    }

    fn condition(&mut self, condition: &Condition, scope: &Scope) {
        match condition {
            Condition::Segment { name, spot } => self.segment(name, *spot, scope),
            Condition::Flag(named) => {
                let target = self.find(&named.flag, named.spot);
                if let Some(target) = target.filter(|_| !self.broken.flags.contains(&named.flag)) {
                    self.variants(target, &named.variants);
                }
            }
            Condition::Strategy(used) => {
                self.strategy(&used.name, &used.parameters, used.spot, scope);
            }
            Condition::Everyone
            | Condition::All(_)
            | Condition::Any(_)
            | Condition::Not(_)
            | Condition::Test(_)
            | Condition::Rollout { .. } => {}
        }
        for part in condition.parts() {
            self.condition(part, scope);
        }
    }

    fn segment(&mut self, name: &str, spot: Spot, scope: &Scope) {
        if self.broken.segments.contains(name) {
            // The segment's own problem is reported; it breaks the flags that use it too.
            if let Owner::Flag(flag) = &self.owner {
                self.checked.broken.insert(Name::clone(flag));
            }
        } else if !scope.segments.contains_key(name) {
            let known = scope.segments.keys().chain(&self.broken.segments).map(|name| &**name);
            let meant = self.suggestions.nearest(name, known);
            let help = meant.map(|meant| format!("did you mean `{meant}`?"));
            let message = format!("there is no segment `{name}`");
            self.error(Code::UnknownSegment, spot, message, help);
        }
    }

    fn strategy(&mut self, name: &str, parameters: &serde_json::Value, spot: Spot, scope: &Scope) {
        if !scope.strategies.iter().any(|(known, _)| **known == *name) {
            let known = scope.strategies.iter().map(|(name, _)| &**name);
            let help = match self.suggestions.nearest(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("declare it at the top: `strategies: [{name}]`"),
            };
            let message = format!("the strategy `{name}` is not declared");
            self.error(Code::UnknownStrategy, spot, message, Some(help));
        } else if let Err(reason) = self.checked.compiled.add(self.strategies, name, parameters) {
            let message = format!("the strategy `{name}` refuses its parameters: {reason}");
            self.error(Code::Strategy, spot, message, None);
        }
    }

    /// The flag of a name. One that is broken is no mistake of whoever names it.
    fn find(&mut self, name: &str, spot: Spot) -> Option<&'d Flag> {
        let document = self.document;
        if let Some(flag) = document.flags.get(name) {
            return Some(flag);
        }
        if !self.broken.flags.contains(name) {
            let known = document.flags.keys().chain(&self.broken.flags).map(|name| &**name);
            let meant = self.suggestions.nearest(name, known);
            let help = meant.map(|meant| format!("did you mean `{meant}`?"));
            self.error(Code::UnknownFlag, spot, format!("there is no flag `{name}`"), help);
        }
        None
    }

    fn variants(&mut self, target: &Flag, named: &[(Name, Spot)]) {
        for (name, spot) in named {
            if target.find_spelt(name).is_some() {
                continue;
            }
            let known = target.variants.iter().map(|variant| &*variant.name);
            let help = match self.suggestions.nearest(name, known.clone()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it has {}", Suggestions::listed(known)),
            };
            let message = format!("the flag `{}` has no variant `{name}`", target.name);
            self.error(Code::UnknownVariant, *spot, message, Some(help));
        }
    }

    fn tests(&mut self) {
        self.owner = Owner::Tests;
        let document = self.document;
        for case in &document.tests {
            for expected in &case.expect {
                if let Some(target) = self.find(&expected.flag, expected.flag_spot) {
                    let variant = (Name::clone(&expected.variant), expected.variant_spot);
                    self.variants(target, &[variant]);
                }
            }
        }
    }

    /// A strategy that is declared and not registered refuses the whole set for a service.
    pub(super) fn unregistered(&mut self) {
        let document = self.document;
        for (name, spot) in &document.scope.strategies {
            if !self.strategies.has(name) {
                self.owner = Owner::Set;
                let message = format!("the strategy `{name}` is not registered");
                let help = "register it with the builder: `.strategy(name, …)`".to_owned();
                self.error(Code::UnknownStrategy, *spot, message, Some(help));
            }
        }
    }
}
