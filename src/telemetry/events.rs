//! Decisions as events and on spans, in OpenTelemetry's words.

use siphasher::sip::SipHasher24;
use tracing::{Level, Span, field};

use crate::context::Context;
use crate::decision::Decision;
use crate::recorder::Recorder;

/// A recorder that writes a `tracing` event for each decision, at the level `INFO` and with the
/// target `hoist::decision`.
///
/// Its name is `feature_flag.evaluation`, and its fields are those of OpenTelemetry's semantic
/// conventions:
///
/// | field | |
/// |---|---|
/// | `feature_flag.key` | the name of the flag |
/// | `feature_flag.provider.name` | `hoist` |
/// | `feature_flag.result.variant` | what was served, if the flag is there |
/// | `feature_flag.result.reason` | [`Reason::open_telemetry`](crate::Reason::open_telemetry) |
/// | `feature_flag.context.id` | a keyed hash of the user, with [`Events::context_key`] |
/// | `feature_flag.set.id` | with [`Builder::set_id`](crate::Builder::set_id) |
/// | `feature_flag.version` | the hash of the toggle files, 16 hexadecimal digits |
/// | `error.type` | `flag_not_found` or `type_mismatch`, where that is why |
///
/// Inside a span the event is the span's: what sends spans to OpenTelemetry sends it along. A log
/// of requests is the better for leaving it out: `RUST_LOG=info,hoist::decision=off`.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Flags, telemetry::Events};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-events-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { new-search: on }").unwrap();
/// let key = *b"from your vault!";
/// let flags = Flags::builder().file(&path).recorder(Events::new().context_key(key)).open()?;
/// assert!(flags.is_enabled("new-search", &Context::new().user("ada")));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Events {
    context_key: Option<[u8; 16]>,
}

impl Events {
    /// Events that say nothing of the user.
    pub fn new() -> Events {
        Events::default()
    }

    /// Adds a hash of the user: SipHash-2-4 under this key, as 16 hexadecimal digits. Who lacks the
    /// key cannot try names until one fits; keep it as other secrets are, and the same everywhere
    /// that hashes are to be compared.
    #[must_use]
    pub fn context_key(mut self, key: [u8; 16]) -> Events {
        self.context_key = Some(key);
        self
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is a secret.
        let has_key = self.context_key.is_some();
        f.debug_struct("Events").field("has_context_key", &has_key).finish()
    }
}

impl Recorder for Events {
    fn record(&self, decision: &Decision<'_>, ctx: &Context<'_>) {
        let context_id = || {
            let hash =
                SipHasher24::new_with_key(&self.context_key?).hash(ctx.get("user")?.as_bytes());
            Some(field::display(Digits(hash)))
        };
        let said = Said::of(decision);
        tracing::event!(
            name: "feature_flag.evaluation",
            target: "hoist::decision",
            Level::INFO,
            feature_flag.key = decision.flag(),
            feature_flag.provider.name = PROVIDER,
            feature_flag.result.variant = said.variant,
            feature_flag.result.reason = said.reason,
            feature_flag.context.id = context_id(),
            feature_flag.set.id = decision.set_id(),
            feature_flag.version = %Digits(decision.hash()),
            error.type = said.error,
            "feature_flag.evaluation"
        );
    }
}

/// Puts a decision on the current span, in those of the fields of [`Events`] that the span declares:
/// all but `feature_flag.context.id`. A span has room for one decision; the last one stays.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Snapshot, telemetry};
/// use tracing::field::Empty;
///
/// let snap = Snapshot::from_yaml("version: 1\nflags: { new-pricing: on }")?;
/// let span = tracing::info_span!(
///     "checkout",
///     feature_flag.key = Empty,
///     feature_flag.result.variant = Empty,
///     feature_flag.result.reason = Empty,
/// );
/// let _in_span = span.enter();
/// let decision = snap.decide("new-pricing", &Context::new());
/// telemetry::record_on_span(&decision);
/// # Ok::<(), hoist::Error>(())
/// ```
pub fn record_on_span(decision: &Decision<'_>) {
    let said = Said::of(decision);
    let span = Span::current();
    span.record("feature_flag.key", decision.flag())
        .record("feature_flag.provider.name", PROVIDER)
        .record("feature_flag.result.variant", said.variant)
        .record("feature_flag.result.reason", said.reason)
        .record("feature_flag.set.id", decision.set_id())
        .record("feature_flag.version", field::display(Digits(decision.hash())))
        .record("error.type", said.error);
}

const PROVIDER: &str = "hoist";

/// A decision in OpenTelemetry's words.
struct Said<'s> {
    variant: Option<&'s str>,
    reason: &'static str,
    error: Option<&'static str>,
}

impl<'s> Said<'s> {
    fn of(decision: &Decision<'s>) -> Said<'s> {
        let reason = decision.reason();
        let variant = Some(decision.variant()).filter(|_| reason.error_code().is_none());
        Said { variant, reason: reason.open_telemetry(), error: reason.open_telemetry_error() }
    }
}

struct Digits(u64);

impl std::fmt::Display for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
