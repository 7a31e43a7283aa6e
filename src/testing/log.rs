//! What a service under test asked for.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::refuse;
use crate::context::Context;
use crate::decision::Decision;
use crate::key::FlagKey;
use crate::reason::Reason;
use crate::recorder::Recorder;
use crate::value::Value;

/// A recorder that keeps each decision, for a test to look at. Clones are one.
///
/// # Examples
///
/// ```
/// use hoist::{Context, testing};
///
/// let log = testing::log();
/// let flags = testing::flags().on("new-search").off("new-cart").recorder(log.clone()).build();
/// flags.is_enabled("new-search", &Context::new().user("ada"));
///
/// log.assert_served("new-search", "on");
/// log.assert_not_asked("new-cart");
/// assert_eq!(log.decisions()[0].user.as_deref(), Some("ada"));
/// ```
#[must_use = "it hears nothing until it is given to a handle as its recorder"]
pub fn log() -> DecisionLog {
    DecisionLog::default()
}

/// The decisions that were asked of a handle; made by [`log`].
#[derive(Clone, Debug, Default)]
pub struct DecisionLog(Arc<Mutex<Vec<LoggedDecision>>>);

/// One decision as it was when somebody asked for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LoggedDecision {
    /// The name of the flag, as it was asked for.
    pub flag: String,
    /// The variant that was served; empty if there was none.
    pub variant: String,
    /// Its value.
    pub value: Option<Value>,
    /// Why it came out so.
    pub reason: Reason,
    /// The rule that decided.
    pub rule: Option<String>,
    /// The user of the context.
    pub user: Option<String>,
}

impl Recorder for DecisionLog {
    fn record(&self, decision: &Decision<'_>, ctx: &Context<'_>) {
        self.locked().push(LoggedDecision {
            flag: decision.flag().to_owned(),
            variant: decision.variant().to_owned(),
            value: decision.value().cloned(),
            reason: decision.reason(),
            rule: decision.rule().map(str::to_owned),
            user: ctx.get("user").map(str::to_owned),
        });
    }
}

impl DecisionLog {
    fn locked(&self) -> MutexGuard<'_, Vec<LoggedDecision>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All decisions, in the order in which they were asked for.
    pub fn decisions(&self) -> Vec<LoggedDecision> {
        self.locked().clone()
    }

    /// Forgets what was asked until now.
    pub fn clear(&self) {
        self.locked().clear();
    }

    /// # Panics
    ///
    /// If the flag was not asked for, or served another variant at any time.
    #[track_caller]
    pub fn assert_served<'k>(&self, flag: impl FlagKey<'k>, variant: &str) {
        let decisions = self.decisions();
        let mut of_flag = decisions.iter().filter(|one| one.flag == flag.flag_name()).peekable();
        if of_flag.peek().is_none() || of_flag.any(|one| one.variant != variant) {
            let wanted = format!("`{}` should have served `{variant}`", flag.flag_name());
            refuse(&told(&wanted, &decisions));
        }
    }

    /// # Panics
    ///
    /// If nobody asked for the flag.
    #[track_caller]
    pub fn assert_asked<'k>(&self, flag: impl FlagKey<'k>) {
        let decisions = self.decisions();
        if decisions.iter().all(|one| one.flag != flag.flag_name()) {
            let wanted = format!("`{}` should have been asked for", flag.flag_name());
            refuse(&told(&wanted, &decisions));
        }
    }

    /// # Panics
    ///
    /// If somebody asked for the flag.
    #[track_caller]
    pub fn assert_not_asked<'k>(&self, flag: impl FlagKey<'k>) {
        let decisions = self.decisions();
        if decisions.iter().any(|one| one.flag == flag.flag_name()) {
            let wanted = format!("`{}` should not have been asked for", flag.flag_name());
            refuse(&told(&wanted, &decisions));
        }
    }
}

/// What was wanted, and what there is instead.
fn told(wanted: &str, decisions: &[LoggedDecision]) -> String {
    if decisions.is_empty() {
        return format!("{wanted}; no flag was asked for");
    }
    let mut text = format!("{wanted}; this was asked for:");
    for LoggedDecision { flag, variant, reason, rule, user, .. } in decisions {
        let variant = if variant.is_empty() { "nothing" } else { variant };
        let rule = rule.as_ref().map(|rule| format!(" {rule}")).unwrap_or_default();
        let user = user.as_ref().map(|user| format!(" for {user}")).unwrap_or_default();
        let _ = write!(text, "\n  {flag} = {variant}{user} ({reason}{rule})");
    }
    text
}
