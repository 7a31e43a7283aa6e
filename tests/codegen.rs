//! The module that is made from toggle files: it is what is committed, it compiles, and its keys
//! read the file.
//!
//! Run with `HOIST_BLESS=1` to write it anew.

#[path = "../examples/codegen/flags.rs"]
mod flags;
#[path = "folder/mod.rs"]
mod folder;

use std::fs;
use std::path::{Path, PathBuf};

use flags::{CHECKOUT_BUTTON, CheckoutButton, DELIVERY, DISCOUNT, GREETING, KEYS, NEW_CHECKOUT};
use folder::Folder;
use hoist::codegen::module;
use hoist::{Context, Snapshot};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/codegen").join(name)
}

#[test]
fn the_committed_module_is_what_is_made() {
    let made = module([example("flags.yaml")]).unwrap();
    if std::env::var_os("HOIST_BLESS").is_some() {
        fs::write(example("flags.rs"), &made).unwrap();
    }
    assert_eq!(fs::read_to_string(example("flags.rs")).unwrap(), made);
}

#[test]
fn its_keys_read_the_file() {
    let text = fs::read_to_string(example("flags.yaml")).unwrap();
    let snap = Snapshot::from_yaml_with_keys(&text, KEYS).unwrap();
    assert!(snap.report().is_empty(), "{}", snap.report());
    assert!(snap.flags().eq(KEYS.iter().map(|key| key.name())));
    let ctx = Context::new().region("de");
    assert_eq!(snap.value(&CHECKOUT_BUTTON, &ctx), CheckoutButton::BrightGreen);
    assert_eq!(snap.value(&DELIVERY, &ctx)["days"], 3);
}

#[test]
fn its_defaults_are_what_the_file_serves_when_all_is_off() {
    let snap = Snapshot::from_yaml("version: 1\nflags: {}").unwrap();
    let ctx = Context::new().region("nz");
    assert!(!snap.is_enabled(&NEW_CHECKOUT, &ctx));
    assert_eq!(snap.value(&CHECKOUT_BUTTON, &ctx), CheckoutButton::Control);
    assert_eq!((snap.value(&flags::PAGE_SIZE, &ctx), snap.value(&DISCOUNT, &ctx)), (100, 0.25));
    assert_eq!(snap.value(&GREETING, &ctx), "Kia ora, \"friend\"");
    assert!(snap.value(&DELIVERY, &ctx).is_null());
}

#[test]
fn a_feature_that_is_on_for_all_is_off_by_its_default() {
    let folder = Folder::new();
    let path =
        folder.write("flags.yaml", "version: 1\nflags: { a: on, b: { default: { value: true } } }");
    let made = module([path]).unwrap();
    assert!(made.contains("pub A: bool = \"a\", default false;"), "{made}");
    assert!(made.contains("pub B: bool = \"b\", default false;"), "{made}");
}

#[test]
fn overlays_say_what_is_off_and_who_owns_it() {
    let folder = Folder::new();
    let base = "version: 1\nflags: { a: { owner: ada, variants: [x, y], default: x }, keys: on }";
    let base = folder.write("base.yaml", base);
    let overlay = "version: 1\nflags: { a: { owner: eve, default: y, off_variant: y } }";
    let overlay = folder.write("overlay.yaml", overlay);
    let made = module([&base, &overlay]).unwrap();
    assert!(made.contains("    /// Owner: eve.\n    pub A: A = \"a\", default A::Y;"), "{made}");
    assert!(made.contains("    pub KEYS_: bool = \"keys\""), "{made}");
}

#[test]
fn what_people_write_is_no_markup() {
    let folder = Folder::new();
    let text = "version: 1\nflags: { a: { description: \"a <b> and [c]\\n```\\npanic!()\", default: on } }";
    let made = module([folder.write("flags.yaml", text)]).unwrap();
    assert!(
        made.contains("    /// a \\<b> and \\[c]\n    /// \\`\\`\\`\n    /// panic!()\n"),
        "{made}"
    );
}

#[test]
fn a_file_that_is_wrong_makes_no_module() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", "version: 1\nflags: { a: 5 }");
    assert!(module([path]).unwrap_err().is_invalid());
    assert!(module([folder.at("none.yaml")]).unwrap_err().is_unreadable());
}
