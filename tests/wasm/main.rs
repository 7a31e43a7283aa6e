//! What hoist decides where there are no files, no threads and no clock: `.ci/wasm` runs this.
//!
//! Nothing can be printed there. An assertion that fails ends the module with a trap.

use std::time::{Duration, SystemTime};

use hoist::{Context, ContextBuf, Flags, Json, Reason, Snapshot};

hoist::flags! {
    static KEYS;
    CANARY: bool = "canary", default false;
    SIZES: Json<Vec<u8>> = "sizes", default Vec::new();
}

const TOGGLES: &str = "version: 1
flags:
  canary: { rules: [{ name: half, when: { region: nz }, rollout: 50% }] }
  sizes: { default: { value: [1, 2, 3] } }
  sale: { rules: [{ when: everyone, from: 2026-12-01T09:00:00Z, until: 2026-12-08T09:00:00Z }] }
  qa: { rules: [{ when: { header.x-qa: \"1\", cookie.beta: \"1\" } }] }
";

fn main() {
    let snap = Snapshot::from_yaml_with_keys(TOGGLES, KEYS).unwrap();
    assert!(Snapshot::from_yaml("version: 1\nflags: { a: { defualt: on } }").is_err());
    assert_eq!(snap.loaded_at(), SystemTime::UNIX_EPOCH, "there is no clock");

    // The same users as everywhere.
    let is_in = |user: &&str| snap.is_enabled(&CANARY, &Context::new().user(*user).region("nz"));
    let inside: Vec<&str> =
        ["ada", "bob", "cyd", "dan", "eve", "fay"].into_iter().filter(is_in).collect();
    assert_eq!(inside, ["bob", "dan", "fay"]);
    assert_eq!(*snap.value(&SIZES, &Context::new()), [1, 2, 3]);

    let pairs = [("X-QA", "1"), ("Cookie", "theme=dark; beta=1")];
    assert!(snap.is_enabled("qa", &Context::new().headers(&pairs)));
    let owned = ContextBuf::new().header("x-qa", "1").cookie("beta", "1");
    assert_eq!(snap.decide("qa", &owned.as_context()).reason(), Reason::Rule);

    // The time is the context's to say.
    let at = |seconds| Context::new().at(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let is_on =
        [1_796_115_599, 1_796_115_600, 1_796_720_400].map(|s| snap.is_enabled("sale", &at(s)));
    assert_eq!(is_on, [false, true, false]);
    assert!(!snap.is_enabled("sale", &Context::new()));

    assert_eq!(snap.decide_all(&Context::new()).count(), 4);
    let explained = snap.explain("canary", &Context::new().user("ada").region("us")).to_string();
    assert!(explained.contains("half"));
    assert!(Snapshot::from_files(["flags.yaml"]).is_err());
    assert!(Flags::open("flags.yaml").is_err());
}
