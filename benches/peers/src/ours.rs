//! hoist, asked in each of its ways. One way more is a name in [`WAYS`], and a batch in each of
//! `boolean`, `split` and `many`.

use std::hint::black_box;

use hoist::{Context, Flags, Key, Snapshot};

use crate::measure::{Batch, in_turn};
use crate::workloads::{self, Request, USERS, Workload, w7_document};

/// The ways, in the order of the batches below. The first is what the rivals are compared with.
pub(crate) const WAYS: [&str; 4] =
    ["hoist, live handle", "hoist, cached", "hoist, snapshot", "hoist, typed key"];

/// Live handles on a document, from a file as in a service, with other files beside it: as it is,
/// and with a cache for each thread.
fn open(id: &str, document: &str, beside: &[(&str, String)]) -> [Flags; 2] {
    let dir = std::env::temp_dir().join(format!("hoist-peers-{}-{id}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for (name, text) in beside {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let path = dir.join("flags.yaml");
    std::fs::write(&path, document).unwrap();
    let builder = || Flags::builder().file(&path).watch(hoist::Watch::OnDemand);
    let flags = [builder().open().unwrap(), builder().cache_per_thread().open().unwrap()];
    std::fs::remove_dir_all(&dir).unwrap();
    flags
}

/// Contexts that live as long as the run.
fn contexts_of(requests: &[Request]) -> Vec<Context<'static>> {
    let requests: &'static [Request] = requests.to_vec().leak();
    requests.iter().map(Request::context).collect()
}

pub(crate) fn boolean(
    workload: &Workload,
    beside: &[(&str, String)],
    contrary: &Option<(Request, bool)>,
) -> Vec<Batch> {
    let [flags, cached] = open(workload.id, &workload.document, beside);
    if let Some((request, on)) = contrary {
        assert_eq!(flags.is_enabled(workload.flag, &request.context()), *on, "{}", workload.id);
    }
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let name = workload.flag;
    let key: Key<bool> = Key::new(name, false);
    let contexts = || contexts_of(&workload.requests);
    vec![
        in_turn(contexts(), move |ctx| flags.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts(), move |ctx| cached.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts(), move |ctx| by_name.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts(), move |ctx| by_key.is_enabled(black_box(&key), ctx).into()),
    ]
}

pub(crate) fn split(workload: &Workload) -> Vec<Batch> {
    let [flags, cached] = open(workload.id, &workload.document, &[]);
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let name = workload.flag;
    let key: Key<i64> = Key::new(name, 0);
    let contexts = || contexts_of(&workload.requests);
    vec![
        in_turn(contexts(), move |ctx| flags.value_or(black_box(name), ctx, 0_i64)),
        in_turn(contexts(), move |ctx| cached.value_or(black_box(name), ctx, 0_i64)),
        in_turn(contexts(), move |ctx| by_name.value_or(black_box(name), ctx, 0_i64)),
        in_turn(contexts(), move |ctx| by_key.value(black_box(&key), ctx)),
    ]
}

pub(crate) fn many(
    names: &[String],
    request: &Request,
    contrary: &Option<(Request, bool)>,
) -> Vec<Batch> {
    let [flags, cached] = open("W7", &w7_document(), &[]);
    for name in names {
        let is_so = |(other, on): &(Request, bool)| flags.is_enabled(name, &other.context()) == *on;
        assert!(contrary.as_ref().is_none_or(is_so), "{name}");
    }
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let [one, two, three, four] =
        [(); 4].map(|()| contexts_of(std::slice::from_ref(request)).remove(0));
    let keys: Vec<Key<bool>> =
        names.iter().map(|name| Key::new(name.clone().leak(), false)).collect();
    vec![
        in_turn(names.to_vec(), move |name| flags.is_enabled(name, black_box(&one)).into()),
        in_turn(names.to_vec(), move |name| cached.is_enabled(name, black_box(&two)).into()),
        in_turn(names.to_vec(), move |name| by_name.is_enabled(name, black_box(&three)).into()),
        in_turn(keys, move |key| by_key.is_enabled(key, black_box(&four)).into()),
    ]
}

/// Who has all eight things of CTX.
const EIGHT: &str = "version: 1
flags:
  eight:
    rules:
      - when:
          user: { starts_with: USER }
          region: us
          attr.plan: pro
          attr.age: 36
          attr.beta: false
          header.user-agent: bench/1.0 (linux)
          header.x-request-source: mobile
          cookie.beta: \"1\"
";

/// CTX: there is one way only.
pub(crate) fn contexts() -> Vec<Batch> {
    let users: Vec<String> = (0..USERS).map(workloads::user).collect();
    for user in &users {
        let eight = load_yaml(&EIGHT.replace("USER", user));
        assert!(eight.is_enabled("eight", &workloads::ctx(user)), "{user}");
    }
    let build = in_turn(users, |user| {
        black_box(&workloads::ctx(user));
        0
    });
    vec![build]
}

pub(crate) fn load_yaml(document: &str) -> Snapshot {
    Snapshot::from_yaml(document).unwrap()
}

pub(crate) fn load_json(document: &str) -> Snapshot {
    Snapshot::from_json(document).unwrap()
}
