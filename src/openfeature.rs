//! A provider for the [OpenFeature](https://openfeature.dev) SDK.
//!
//! Code that asks through OpenFeature's client gets its answers from toggle files, with the variant,
//! the reason and metadata. It is a way in for services that have the client already: each of its
//! evaluations waits for locks and allocates, which [`Flags`] does not.
//!
//! ```
//! use hoist::Snapshot;
//! use hoist::openfeature::Provider;
//! use open_feature::{EvaluationContext, OpenFeature};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), hoist::Error> {
//! let snap = Snapshot::from_yaml("
//! version: 1
//! flags:
//!   new-checkout: { rules: [{ name: kiwis, when: { region: nz, attr.plan: pro } }] }
//! ")?;
//! let mut api = OpenFeature::singleton_mut().await;
//! api.set_provider(Provider::from(snap)).await; // in a service: Provider::new(flags)
//! let client = api.create_client();
//! let context = EvaluationContext::default()
//!     .with_targeting_key("ada")
//!     .with_custom_field("region", "nz")
//!     .with_custom_field("plan", "pro");
//! let details = client.get_bool_details("new-checkout", Some(&context), None).await.unwrap();
//! assert!(details.value);
//! assert_eq!(details.variant.as_deref(), Some("on"));
//! assert_eq!(details.reason.unwrap().to_string(), "TARGETING_MATCH");
//! assert_eq!(details.flag_metadata.values["rule"], "kiwis".into());
//! # Ok(())
//! # }
//! ```
//!
//! # The evaluation context
//!
//! | field | what it is here |
//! |---|---|
//! | the targeting key | `user`, before a field of that name |
//! | `user session region tenant env host request` | that built-in attribute: text, or an integer |
//! | `ip` | the address of the client, as text |
//! | `header.NAME`, `cookie.NAME` | one header, one cookie: text, or an integer |
//! | `NAME`, `attr.NAME` | an attribute: a boolean, a number, text or an instant |
//!
//! A structure is an attribute as well, into which dotted names reach, if it was made of a
//! `StructValue`, a `Value` or a `serde_json::Value`. What is of another type than its place takes
//! is not given, and satisfies no test.
//!
//! # The answer
//!
//! The types must agree, as everywhere: an integer is no float, and a `json` flag whose value is a
//! list is no structure. A `null` inside a structure is left out; OpenFeature has no word for it. An
//! unknown flag is the error `FLAG_NOT_FOUND`, another type is `TYPE_MISMATCH`; the client of the
//! SDK gives errors to its caller, whose default then counts. The metadata:
//!
//! | key | |
//! |---|---|
//! | `rule` | the name of the rule that decided, if one did |
//! | `place` | its file and line, as `flags.yaml:14` |
//! | `hoistReason` | the reason in hoist's words, which are finer |
//! | `version` | the hash of the toggle files, as 16 digits: OpenTelemetry's `feature_flag.version` |
//! | `generation` | the number of the loaded state in this process |

use std::any::Any;
use std::time::{Duration, SystemTime};

use open_feature::provider::{
    FeatureProvider, ProviderMetadata, ProviderStatus, ResolutionDetails,
};
use open_feature::{
    EvaluationContext, EvaluationContextFieldValue as Field, EvaluationError, EvaluationErrorCode,
    EvaluationReason, EvaluationResult, FlagMetadata, StructValue, Value as OpenValue, async_trait,
};
use serde_json::Value as Json;

use crate::context::{AttributeBuf, Builtin, ContextBuf};
use crate::decision::Decision;
use crate::flags::Flags;
use crate::reason::Reason;
use crate::reload::WatchMode;
use crate::snapshot::Snapshot;
use crate::value::Value;

/// Answers OpenFeature's client from toggle files.
///
/// Each evaluation sees the newest state. It is ready at once, because [`Flags::open`] has loaded the
/// files; while they are broken, or nobody follows them, it is stale and answers from the last good
/// state.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, openfeature::Provider};
/// use open_feature::provider::{FeatureProvider, ProviderStatus};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-openfeature-{}.yaml", std::process::id()));
/// # std::fs::write(&path, "version: 1\nflags: { new-search: on }").unwrap();
/// let flags = Flags::open(&path)?;
/// let provider = Provider::new(flags.clone());
/// assert_eq!(provider.metadata().name, "hoist");
/// assert_eq!(provider.status(), ProviderStatus::Ready);
///
/// std::fs::write(&path, "version: 1\nflags: [").unwrap();
/// assert!(flags.reload().is_err());
/// assert_eq!(provider.status(), ProviderStatus::STALE);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    source: Source,
    metadata: ProviderMetadata,
}

#[derive(Clone, Debug)]
enum Source {
    Live(Flags),
    Fixed(Snapshot),
}

impl Provider {
    /// A provider that answers from a live handle.
    pub fn new(flags: Flags) -> Provider {
        Provider::of(Source::Live(flags))
    }

    fn of(source: Source) -> Provider {
        Provider { source, metadata: ProviderMetadata::new("hoist") }
    }

    fn resolve<T>(
        &self,
        flag: &str,
        context: &EvaluationContext,
        asked: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> EvaluationResult<ResolutionDetails<T>> {
        let newest;
        let snap = match &self.source {
            Source::Live(flags) => {
                newest = flags.snapshot();
                &newest
            }
            Source::Fixed(snap) => snap,
        };
        let context = context_of(context);
        let (decision, read) = snap.decide_to_read(flag, &context.as_context(), read);
        let Some(value) = decision.value() else {
            return Err(error(EvaluationErrorCode::FlagNotFound, format!("no flag `{flag}`")));
        };
        let Some(read) = read else {
            let is = value.value_type();
            let message = format!("`{flag}` is of the type {is}, and its value is no {asked}");
            return Err(error(EvaluationErrorCode::TypeMismatch, message));
        };
        Ok(ResolutionDetails {
            value: read,
            variant: Some(decision.variant().to_owned()),
            reason: Some(reason_of(decision.reason())),
            flag_metadata: Some(metadata_of(snap, &decision)),
        })
    }
}

/// A provider whose answers never change: for tests.
impl From<Snapshot> for Provider {
    fn from(snap: Snapshot) -> Provider {
        Provider::of(Source::Fixed(snap))
    }
}

#[async_trait]
impl FeatureProvider for Provider {
    fn metadata(&self) -> &ProviderMetadata {
        &self.metadata
    }

    fn status(&self) -> ProviderStatus {
        let Source::Live(flags) = &self.source else { return ProviderStatus::Ready };
        let status = flags.status();
        let is_followed = !matches!(status.mode, WatchMode::Stopped(_));
        match status.last_error {
            None if is_followed => ProviderStatus::Ready,
            _ => ProviderStatus::STALE,
        }
    }

    async fn resolve_bool_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<bool>> {
        self.resolve(flag, context, "boolean", Value::as_bool)
    }

    async fn resolve_int_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<i64>> {
        self.resolve(flag, context, "integer", Value::as_integer)
    }

    async fn resolve_float_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<f64>> {
        self.resolve(flag, context, "float", Value::as_float)
    }

    async fn resolve_string_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<String>> {
        self.resolve(flag, context, "string", |value| value.as_text().map(str::to_owned))
    }

    async fn resolve_struct_value(
        &self,
        flag: &str,
        context: &EvaluationContext,
    ) -> EvaluationResult<ResolutionDetails<StructValue>> {
        self.resolve(flag, context, "structure", |value| struct_of(value.as_json()?))
    }
}

fn error(code: EvaluationErrorCode, message: String) -> EvaluationError {
    EvaluationError { code, message: Some(message) }
}

/// The SDK's reason of the word that [`Reason::open_feature`] says.
fn reason_of(reason: Reason) -> EvaluationReason {
    match reason.open_feature() {
        "STATIC" => EvaluationReason::Static,
        "DISABLED" => EvaluationReason::Disabled,
        "TARGETING_MATCH" => EvaluationReason::TargetingMatch,
        "SPLIT" => EvaluationReason::Split,
        "DEFAULT" => EvaluationReason::Default,
        "ERROR" => EvaluationReason::Error,
        other => EvaluationReason::Other(other.to_owned()),
    }
}

fn metadata_of(snap: &Snapshot, decision: &Decision<'_>) -> FlagMetadata {
    let mut metadata = FlagMetadata::default()
        .with_value("hoistReason", decision.reason().as_str())
        .with_value("version", format!("{:016x}", snap.hash()))
        .with_value("generation", snap.generation());
    if let Some(rule) = decision.rule() {
        metadata.add_value("rule", rule);
    }
    if let Some((file, line)) = decision.place() {
        metadata.add_value("place", format!("{file}:{line}"));
    }
    metadata
}

fn context_of(given: &EvaluationContext) -> ContextBuf {
    // A map of the SDK has no order, and where two fields say one thing the answer must not depend
    // on it.
    let mut fields: Vec<(&String, &Field)> = given.custom_fields.iter().collect();
    fields.sort_by_key(|(key, _)| *key);
    let context =
        fields.into_iter().fold(ContextBuf::new(), |ctx, (key, field)| with(ctx, key, field));
    match given.targeting_key.as_deref() {
        None | Some("") => context,
        Some(user) => context.user(user),
    }
}

fn with(context: ContextBuf, key: &str, field: &Field) -> ContextBuf {
    if let Some(name) = attribute_name(key) {
        return match attribute_of(field) {
            Some(value) => context.attr(name, value),
            None => context,
        };
    }
    let text = match field {
        Field::String(text) => text.clone(),
        Field::Int(value) => value.to_string(),
        Field::Bool(_) | Field::Float(_) | Field::DateTime(_) | Field::Struct(_) => return context,
    };
    match (Builtin::of_name(key), key.split_once('.')) {
        (Some(builtin), _) => context.with_text(builtin, &text),
        (None, Some(("header", name))) => context.header(name, text),
        (None, Some((_, name))) => context.cookie(name, text),
        (None, None) => context.ip(text.as_str()),
    }
}

/// The name of the attribute that a field is; `None` where a field is something else.
fn attribute_name(key: &str) -> Option<&str> {
    match key.split_once('.') {
        Some(("attr", name)) => Some(name),
        Some(("header" | "cookie", _)) => None,
        Some(_) => Some(key),
        None => (key != "ip" && Builtin::of_name(key).is_none()).then_some(key),
    }
}

fn attribute_of(field: &Field) -> Option<AttributeBuf> {
    match field {
        Field::Bool(value) => Some(AttributeBuf::Boolean(*value)),
        Field::Int(value) => Some(AttributeBuf::Integer(*value)),
        Field::Float(value) => Some(AttributeBuf::Float(*value)),
        Field::String(text) => Some(AttributeBuf::Text(text.clone())),
        Field::DateTime(at) => {
            instant_of(at.unix_timestamp(), at.nanosecond()).map(AttributeBuf::Instant)
        }
        Field::Struct(any) => json_of_any(&**any).map(AttributeBuf::Json),
    }
}

/// The instant so many seconds from 1970 and nanoseconds on; `None` where the system has none such.
fn instant_of(seconds: i64, nanoseconds: u32) -> Option<SystemTime> {
    let from_1970 = Duration::from_secs(seconds.unsigned_abs());
    let at = match seconds < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(from_1970),
        false => SystemTime::UNIX_EPOCH.checked_add(from_1970),
    };
    at?.checked_add(Duration::from_nanos(u64::from(nanoseconds)))
}

fn json_of_any(any: &(dyn Any + Send + Sync)) -> Option<Json> {
    let of_struct = || any.downcast_ref().map(json_of_struct);
    let of_value = || any.downcast_ref().map(json_of);
    of_struct().or_else(of_value).or_else(|| any.downcast_ref().cloned())
}

fn json_of(value: &OpenValue) -> Json {
    match value {
        OpenValue::Bool(value) => Json::from(*value),
        OpenValue::Int(value) => Json::from(*value),
        OpenValue::Float(value) => Json::from(*value),
        OpenValue::String(text) => Json::from(text.as_str()),
        OpenValue::Array(items) => items.iter().map(json_of).collect(),
        OpenValue::Struct(fields) => json_of_struct(fields),
    }
}

fn json_of_struct(value: &StructValue) -> Json {
    value.fields.iter().map(|(key, value)| (key.as_str(), json_of(value))).collect()
}

fn struct_of(json: &Json) -> Option<StructValue> {
    let mut fields = StructValue::default();
    for (key, value) in json.as_object()?.iter().filter(|(_, value)| !value.is_null()) {
        fields.add_field(key, open_value_of(value)?);
    }
    Some(fields)
}

/// The value in the SDK's words; `None` for what it has no word for.
fn open_value_of(json: &Json) -> Option<OpenValue> {
    match json {
        Json::Null => None,
        Json::Bool(value) => Some(OpenValue::Bool(*value)),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Some(OpenValue::Int(value)),
            None if number.is_f64() => number.as_f64().map(OpenValue::Float),
            None => None,
        },
        Json::String(text) => Some(OpenValue::String(text.clone())),
        Json::Array(items) => {
            items.iter().map(open_value_of).collect::<Option<Vec<_>>>().map(OpenValue::Array)
        }
        Json::Object(_) => struct_of(json).map(OpenValue::Struct),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_one_of_the_sdk_and_of_the_same_word() {
        for reason in [
            Reason::Forced,
            Reason::Killed,
            Reason::Prerequisite,
            Reason::Override,
            Reason::Excluded,
            Reason::Rule,
            Reason::Split,
            Reason::Else,
            Reason::Stopped,
            Reason::Default,
            Reason::Static,
            Reason::FlagNotFound,
            Reason::TypeMismatch,
        ] {
            let of_sdk = reason_of(reason);
            assert_eq!(of_sdk.to_string(), reason.open_feature());
            assert!(!matches!(of_sdk, EvaluationReason::Other(_)), "{reason}");
        }
    }
}
