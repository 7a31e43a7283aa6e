//! What was decided.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::ir::PackedFlag;
use crate::load::{Kept, Loaded};
use crate::program::{Decided, NO_BUCKET, Outcome};
use crate::reason::Reason;
use crate::value::Value;

/// What was decided of one flag for one context, and why.
///
/// It borrows from the snapshot and costs nothing to make: each part is looked up when it is asked
/// for.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Reason, Snapshot};
///
/// let snap = Snapshot::from_yaml("
/// version: 1
/// flags:
///   new-search:
///     rules: [{ name: pilot, when: { region: nz } }]
/// ")?;
/// let decision = snap.decide("new-search", &Context::new().region("nz"));
/// assert_eq!(decision.variant(), "on");
/// assert_eq!(decision.reason(), Reason::Rule);
/// assert_eq!(decision.rule(), Some("pilot"));
/// assert_eq!(decision.to_string(), "new-search = on (rule pilot, <yaml>:5)");
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Decision<'s> {
    loaded: &'s Loaded,
    name: &'s str,
    decided: Decided,
}

impl<'s> Decision<'s> {
    pub(crate) fn new(loaded: &'s Loaded, name: &'s str, decided: Decided) -> Decision<'s> {
        Decision { loaded, name, decided }
    }

    fn parts(&self) -> Option<(PackedFlag<'s>, Outcome)> {
        let (id, outcome) = self.decided.ok()?;
        self.loaded.flag(id).map(|flag| (flag, outcome))
    }

    /// The name of the flag, as it was asked for.
    pub fn flag(&self) -> &'s str {
        self.name
    }

    /// The name of the variant that is served; empty if there is no such flag, or if it has
    /// another type than the key that asked for it.
    pub fn variant(&self) -> &'s str {
        match self.decided {
            Ok((_, outcome)) => &self.loaded.program.variants.get(outcome.variant).name,
            Err(_) => "",
        }
    }

    /// The value of the variant; `None` where there is no variant.
    pub fn value(&self) -> Option<&'s Value> {
        let (_, outcome) = self.decided.ok()?;
        Some(&self.loaded.program.variants.get(outcome.variant).value)
    }

    /// Whether this is a boolean flag and on.
    pub fn is_enabled(&self) -> bool {
        self.decided.is_ok_and(|(flag, outcome)| {
            self.loaded.program.flags.get(flag).on == Some(outcome.variant)
        })
    }

    /// Why it came out so.
    pub fn reason(&self) -> Reason {
        match self.decided {
            Ok((_, outcome)) => outcome.reason,
            Err(reason) => reason,
        }
    }

    /// The name of the rule that decided, or its place as `rules[2]`.
    pub fn rule(&self) -> Option<&'s str> {
        let (flag, index) = self.flag_and_rule()?;
        flag.rule(index)
    }

    fn flag_and_rule(&self) -> Option<(PackedFlag<'s>, usize)> {
        let (flag, outcome) = self.parts()?;
        let index = outcome.rule.index().filter(|_| outcome.reason != Reason::Prerequisite)?;
        Some((flag, index))
    }

    /// The flag whose variant is required and not served, with the reason
    /// [`Reason::Prerequisite`].
    pub fn prerequisite(&self) -> Option<&'s str> {
        let (flag, outcome) = self.parts()?;
        let index = outcome.rule.index().filter(|_| outcome.reason == Reason::Prerequisite)?;
        flag.required(index)
    }

    /// Whether the flag is broken in the file and this is of its last good version: the place is
    /// then one of the text that it had.
    pub fn is_kept(&self) -> bool {
        self.loaded.broken.get(self.name).is_some_and(|kept| *kept == Kept::LastGood)
    }

    /// The name of the flags that decided, where [`Builder::set_id`](crate::Builder::set_id) gives
    /// them one.
    pub fn set_id(&self) -> Option<&'s str> {
        self.loaded.settings.set_id.as_deref()
    }

    /// The hash of the contents that decided, as [`Snapshot::hash`](crate::Snapshot::hash).
    pub fn hash(&self) -> u64 {
        self.loaded.hash
    }

    /// The bucket of the unit, 0 to 99 999, if the rule that decided used one: that of its
    /// rollout, else that of its split.
    pub fn bucket(&self) -> Option<u32> {
        let (_, outcome) = self.decided.ok()?;
        (outcome.bucket != NO_BUCKET).then_some(outcome.bucket)
    }

    /// Whether some rule was passed over because the context has nothing that it buckets.
    pub fn no_unit(&self) -> bool {
        self.decided.is_ok_and(|(_, outcome)| outcome.no_unit)
    }

    /// The file and the line, from 1, of the rule that decided, of the kill, or of the flag.
    pub fn place(&self) -> Option<(&'s str, u32)> {
        if let Some((flag, index)) = self.flag_and_rule() {
            return flag.place_of_rule(index);
        }
        let (flag, _) = self.parts()?;
        let by_kill_file = self.loaded.kills.0.get(self.name);
        match by_kill_file.filter(|_| self.reason() == Reason::Killed) {
            Some(place) => Some((&place.file, place.line)),
            None => Some(flag.place()),
        }
    }
}

/// `flag = variant (reason, file:line)`, in one line.
impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variant = if self.variant().is_empty() { "nothing" } else { self.variant() };
        write!(f, "{} = {variant} (", self.name)?;
        match self.rule() {
            // A rule without a name is called by its place: that it is a rule is said already.
            Some(rule) if self.reason() == Reason::Rule && rule.starts_with("rules[") => {
                f.write_str(rule)?;
            }
            Some(rule) => write!(f, "{} {rule}", self.reason())?,
            None => write!(f, "{}", self.reason())?,
        }
        if let Some(flag) = self.prerequisite() {
            write!(f, " {flag}")?;
        }
        if self.no_unit() {
            f.write_str(", no unit")?;
        }
        if let Some((file, line)) = self.place() {
            let was = if self.is_kept() { "last good at " } else { "" };
            write!(f, ", {was}{file}:{line}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("flag", &self.flag())
            .field("variant", &self.variant())
            .field("reason", &self.reason())
            .field("rule", &self.rule())
            .field("bucket", &self.bucket())
            .finish_non_exhaustive()
    }
}

/// A map of its parts; those that are not there are `null`.
impl Serialize for Decision<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_struct("Decision", 10)?;
        map.serialize_field("flag", self.flag())?;
        map.serialize_field("variant", self.variant())?;
        map.serialize_field("value", &self.value())?;
        map.serialize_field("reason", self.reason().as_str())?;
        map.serialize_field("rule", &self.rule())?;
        map.serialize_field("prerequisite", &self.prerequisite())?;
        map.serialize_field("bucket", &self.bucket())?;
        map.serialize_field("no_unit", &self.no_unit())?;
        map.serialize_field("kept", &self.is_kept())?;
        map.serialize_field("place", &self.place().map(|(file, line)| format!("{file}:{line}")))?;
        map.end()
    }
}
