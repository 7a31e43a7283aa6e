//! Who hears of decisions.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::context::Context;
use crate::decision::Decision;
use crate::load::{Loaded, Witness};
use crate::program::Decided;

/// Told of each decision that the service asks for, on the thread that asks, before it has the
/// answer: to count it, to log it, or to note who saw which variant.
///
/// It is given to [`Builder::recorder`](crate::Builder::recorder). It must be quick and must not
/// block: the request waits for it. If it panics, the decision stands, and it is asked again at the
/// next. What it asks of flags itself is not recorded.
///
/// Explanations, [`decide_all`](crate::Snapshot::decide_all) and
/// [`public_json`](crate::Snapshot::public_json) are not recorded, and of the flags that another one
/// requires only the one that was asked for is. The context is that of the question; the one of
/// [`Builder::context`](crate::Builder::context) is not in it.
///
/// A closure is a recorder, and so is an `Arc` of one, for those who want to look at it later.
///
/// # Examples
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use hoist::{Context, Decision, Flags};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-recorder-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1
/// flags: { new-search: { rules: [{ name: pilot, when: { region: nz } }] } }").unwrap();
///
/// let exposures = Arc::new(Mutex::new(Vec::new()));
/// let seen = Arc::clone(&exposures);
/// let flags = Flags::builder()
///     .file(&path)
///     .recorder(move |decision: &Decision<'_>, ctx: &Context<'_>| {
///         let user = ctx.get("user").unwrap_or("nobody");
///         seen.lock().unwrap().push(format!("{user}: {} {}", decision.flag(), decision.variant()));
///     })
///     .open()?;
/// flags.is_enabled("new-search", &Context::new().user("ada").region("nz"));
/// assert_eq!(*exposures.lock().unwrap(), ["ada: new-search on"]);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not record decisions",
    note = "a closure does that names its types: `|decision: &Decision<'_>, ctx: &Context<'_>|`"
)]
pub trait Recorder: Send + Sync {
    /// Notes one decision. Where there was nothing to decide, its reason tells why.
    fn record(&self, decision: &Decision<'_>, ctx: &Context<'_>);
}

impl<F: Fn(&Decision<'_>, &Context<'_>) + Send + Sync> Recorder for F {
    fn record(&self, decision: &Decision<'_>, ctx: &Context<'_>) {
        self(decision, ctx);
    }
}

impl<R: Recorder + ?Sized> Recorder for Arc<R> {
    fn record(&self, decision: &Decision<'_>, ctx: &Context<'_>) {
        R::record(self, decision, ctx);
    }
}

/// A recorder as the state knows it.
pub(crate) struct Recording<R>(pub(crate) R);

impl<R: Recorder> Witness for Recording<R> {
    fn decided(&self, loaded: &Loaded, flag: &str, decided: Decided, ctx: &Context<'_>) {
        let decision = Decision::new(loaded, flag, decided);
        unless_nested(|| self.0.record(&decision, ctx));
    }
}

/// Runs the service's own code, unless this thread is inside of it already: a recorder whose log
/// asks for a flag would otherwise never come back. What panics is over.
fn unless_nested(record: impl FnOnce()) {
    thread_local! {
        static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
    }
    // A thread that ends records no more.
    let _ = IS_RECORDING.try_with(|is_recording| {
        if !is_recording.replace(true) {
            drop(catch_unwind(AssertUnwindSafe(record)));
            is_recording.set(false);
        }
    });
}
