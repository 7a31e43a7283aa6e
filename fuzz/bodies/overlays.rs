//! A file over another.

use hoist::{Context, Snapshot};

use super::{answers, parts, reports};
use crate::folder::Folder;

/// An overlay that says nothing.
const NOTHING: &str = "version: 1\n";

/// Two texts, the second over the first: they load, or are refused with places in one of them.
pub(crate) fn overlays(input: &[u8]) {
    let parts = parts(input);
    let [base, over, ..] = parts.as_slice() else { return };
    let folder = Folder::new();
    let below = folder.write("base.yaml", base);
    let above = folder.write("over.yaml", over);
    let nothing = folder.write("nothing.yaml", NOTHING);
    let texts: [(&str, &[u8]); 3] =
        [("base.yaml", base), ("over.yaml", over), ("nothing.yaml", NOTHING.as_bytes())];
    let load = |layers: &[&std::path::PathBuf]| {
        let loaded = Snapshot::from_files(layers);
        if let Err(error) = &loaded {
            reports::is_true(error, &texts);
        }
        let report = hoist::check(layers);
        assert!(loaded.is_ok() || report.has_errors(), "{report}");
        loaded.ok()
    };
    let alone = load(&[&below]);
    let both = load(&[&below, &above]);
    let ctx = Context::new().user("ada").region("nz").env("production").attr("plan", "pro");
    let asked = |snap: &Snapshot| answers::all(snap, &ctx);

    // What says nothing changes nothing, wherever it lies.
    let quiet = load(&[&below, &nothing]);
    assert_eq!(quiet.as_ref().map(asked), alone.as_ref().map(asked), "under nothing");
    if let Some(both) = &both {
        let between = load(&[&below, &nothing, &above]);
        assert_eq!(between.as_ref().map(asked), Some(asked(both)), "with nothing between");
    }
    // A kill of the base is lifted by nobody.
    if let (Some(alone), Some(both)) = (&alone, &both) {
        for flag in alone.flags() {
            let was = alone.decide(flag, &ctx).reason();
            let is = both.decide(flag, &ctx).reason();
            assert!(was != hoist::Reason::Killed || is == was, "{flag} is killed in the base");
        }
    }
}
