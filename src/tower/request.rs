//! The flags of one request.

use std::fmt;
use std::sync::Arc;

use crate::context::{Context, ContextBuf};
use crate::decision::Decision;
use crate::explain::Explanation;
use crate::key::{BooleanKey, FlagKey, FlagValue, Key};
use crate::snapshot::Snapshot;

/// The flags of one request: one snapshot, and what is known of the request.
///
/// All its answers belong together, also those that ask for the time: the instant of the request is
/// taken with it, unless its context brings one. Cloning it counts a reference. It can cross a spawn;
/// keep it no longer than the work of the request, for it keeps the state in memory.
///
/// A [`FlagsLayer`](super::FlagsLayer) puts it into the extensions of requests. In a test, make one.
///
/// # Examples
///
/// ```
/// use hoist::tower::RequestFlags;
/// use hoist::{ContextBuf, Snapshot};
///
/// hoist::flags! {
///     pub NEW_PRICING: bool = "new-pricing", default false;
///     pub GREETING: &'static str = "greeting", default "hello";
/// }
///
/// fn price(flags: &RequestFlags) -> u32 {
///     if flags.is_enabled(&NEW_PRICING) { 90 } else { 100 }
/// }
///
/// let snap = Snapshot::from_yaml("
/// version: 1
/// flags:
///   new-pricing: { rules: [{ name: staff, when: { user: ada } }] }
///   greeting: { default: { value: kia ora } }
/// ")?;
/// let flags = RequestFlags::new(snap.clone(), ContextBuf::new().user("ada"));
/// assert_eq!(price(&flags), 90);
/// assert_eq!(flags.value(&GREETING), "kia ora");
/// assert_eq!(flags.value_or("no-such-flag", 7), 7);
/// assert_eq!(flags.decide("new-pricing").rule(), Some("staff"));
/// assert!(flags.explain("new-pricing").to_string().contains("user is ada"));
/// assert_eq!(flags.public_json().to_string(), "{}"); // none of them says `public: true`
/// assert_eq!(price(&RequestFlags::new(snap, ContextBuf::new().user("bob"))), 100);
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone)]
pub struct RequestFlags(Arc<Parts>);

struct Parts {
    snapshot: Snapshot,
    context: ContextBuf,
}

impl RequestFlags {
    /// A snapshot and a context.
    pub fn new(snapshot: Snapshot, context: ContextBuf) -> RequestFlags {
        let at = snapshot.instant(&context.as_context());
        RequestFlags(Arc::new(Parts { snapshot, context: context.at(at) }))
    }

    /// Whether a boolean flag is on; as [`Snapshot::is_enabled`].
    pub fn is_enabled<'k>(&self, flag: impl BooleanKey<'k>) -> bool {
        self.0.snapshot.is_enabled(flag, &self.context())
    }

    /// The value of a flag, by a typed key; as [`Snapshot::value`].
    pub fn value<'s, T: FlagValue>(&'s self, flag: &'s Key<T>) -> T::Out<'s> {
        self.0.snapshot.value(flag, &self.context())
    }

    /// The value of a flag, by its name; as [`Snapshot::value_or`].
    pub fn value_or<'s, T: FlagValue>(&'s self, flag: &'s str, default: T) -> T::Out<'s> {
        self.0.snapshot.value_or(flag, &self.context(), default)
    }

    /// Decides one flag; as [`Snapshot::decide`].
    pub fn decide<'s>(&'s self, flag: impl FlagKey<'s>) -> Decision<'s> {
        self.0.snapshot.decide(flag, &self.context())
    }

    /// Decides one flag, and tells how; as [`Snapshot::explain`].
    pub fn explain<'s>(&'s self, flag: impl FlagKey<'s>) -> Explanation<'s> {
        self.0.snapshot.explain(flag, &self.context())
    }

    /// What a front end may know of the flags, as JSON; as [`Snapshot::public_json`].
    pub fn public_json(&self) -> serde_json::Value {
        self.0.snapshot.public_json(&self.context())
    }

    /// The state that answers.
    pub fn snapshot(&self) -> &Snapshot {
        &self.0.snapshot
    }

    /// What is known of the request, to say more on top of it.
    ///
    /// ```
    /// # use hoist::tower::RequestFlags;
    /// # use hoist::{ContextBuf, Snapshot};
    /// # let snap = Snapshot::from_yaml("
    /// # version: 1
    /// # flags: { bulk-discount: { rules: [{ name: many, when: { attr.items: { gte: 10 } } }] } }
    /// # ")?;
    /// # let flags = RequestFlags::new(snap, ContextBuf::new());
    /// let ctx = flags.context().attr("items", 12);
    /// assert!(flags.snapshot().is_enabled("bulk-discount", &ctx));
    /// println!("{}", flags.snapshot().explain("bulk-discount", &ctx));
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn context(&self) -> Context<'_> {
        self.0.context.as_context()
    }
}

impl fmt::Debug for RequestFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestFlags")
            .field("snapshot", &self.0.snapshot)
            .field("context", &self.0.context)
            .finish()
    }
}
