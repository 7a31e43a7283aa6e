//! hoist, asked in its three ways.

use std::hint::black_box;

use hoist::{Context, Flags, Key, Snapshot};

use crate::workloads::{Request, Workload, w7_document};
use crate::{Batch, in_turn};

/// The live handle on a document, from a file as in a service.
fn open(id: &str, document: &str) -> Flags {
    let path = std::env::temp_dir().join(format!("hoist-peers-{}-{id}.yaml", std::process::id()));
    std::fs::write(&path, document).unwrap();
    let flags = Flags::builder().file(&path).watch(hoist::Watch::OnDemand).open().unwrap();
    std::fs::remove_file(&path).unwrap();
    flags
}

/// Contexts that live as long as the run.
fn contexts(requests: &[Request]) -> Vec<Context<'static>> {
    let requests: &'static [Request] = requests.to_vec().leak();
    requests.iter().map(Request::context).collect()
}

pub(crate) fn boolean(workload: &Workload) -> [Batch; 3] {
    let flags = open(workload.id, &workload.document);
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let name = workload.flag;
    let key = Key::new(name, false);
    let contexts = || contexts(&workload.requests);
    [
        in_turn(contexts(), move |ctx| flags.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts(), move |ctx| by_name.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts(), move |ctx| by_key.is_enabled(black_box(&key), ctx).into()),
    ]
}

pub(crate) fn split(workload: &Workload) -> [Batch; 3] {
    let flags = open(workload.id, &workload.document);
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let name = workload.flag;
    let key = Key::new(name, 0_i64);
    let contexts = || contexts(&workload.requests);
    [
        in_turn(contexts(), move |ctx| flags.value_or(black_box(name), ctx, 0)),
        in_turn(contexts(), move |ctx| by_name.value_or(black_box(name), ctx, 0)),
        in_turn(contexts(), move |ctx| by_key.value(black_box(&key), ctx)),
    ]
}

pub(crate) fn many(names: &[String], request: &Request) -> [Batch; 3] {
    let flags = open("W7", &w7_document());
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let [one, two, three] = [(); 3].map(|()| contexts(std::slice::from_ref(request)).remove(0));
    let keys: Vec<Key<bool>> =
        names.iter().map(|name| Key::new(name.clone().leak(), false)).collect();
    [
        in_turn(names.to_vec(), move |name| flags.is_enabled(name, black_box(&one)).into()),
        in_turn(names.to_vec(), move |name| by_name.is_enabled(name, black_box(&two)).into()),
        in_turn(keys, move |key| by_key.is_enabled(key, black_box(&three)).into()),
    ]
}

pub(crate) fn load_yaml(document: &str) -> usize {
    Snapshot::from_yaml(document).unwrap().flags().count()
}

pub(crate) fn load_json(document: &str) -> usize {
    Snapshot::from_json(document).unwrap().flags().count()
}
