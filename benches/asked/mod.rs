//! The workloads put to hoist, in each of its four ways: by name on the live handle, the same with a
//! cache for each thread, by name on a snapshot and by typed key on a snapshot.
//!
//! Every answer is checked before the question is handed out. `decide` times the questions and
//! `instructions` counts what the very same code executes.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;

use hoist::{Builder, Context, Flags, Key, Snapshot, Watch};

use crate::workloads::{self, Request, USERS, W5_SERVED, Workload};

/// What the ways of asking are called.
pub(crate) const WAYS: [&str; 4] = ["flags", "cached", "snapshot", "key"];

/// So many decisions, by requests in turn; the sum of their answers.
pub(crate) type Batch = Box<dyn Fn(usize) -> i64>;

/// One workload, ready to be asked.
pub(crate) struct Asked {
    pub(crate) id: &'static str,
    /// How many decisions it takes until every request had its turn.
    pub(crate) turns: usize,
    /// In the order of [`WAYS`].
    pub(crate) ways: [Batch; 4],
}

/// All workloads that decide.
pub(crate) fn all() -> Vec<Asked> {
    let mut all: Vec<Asked> = workloads::small().iter().map(boolean).collect();
    #[cfg(feature = "http")]
    all.push(header_map());
    all.push(split());
    let large = workloads::w7_document();
    let large = [open("W7", &large), open_cached("W7", &large)].map(Rc::new);
    all.push(many("W7-warm", &large, USERS));
    all.push(many("W7-cold", &large, workloads::MANY));
    all.push(boolean(&workloads::product()));
    all.push(boolean(&workloads::deep()));
    all.extend(workloads::all_further().iter().map(boolean));
    all
}

/// The live handle on a document, from a file as in a service.
pub(crate) fn open(id: &str, document: &str) -> Flags {
    open_with(id, document, |builder| builder)
}

/// As [`open`], with a cache for each thread.
fn open_cached(id: &str, document: &str) -> Flags {
    open_with(id, document, Builder::cache_per_thread)
}

pub(crate) fn open_with(id: &str, document: &str, set: impl Fn(Builder) -> Builder) -> Flags {
    let path = std::env::temp_dir().join(format!("hoist-bench-{}-{id}.yaml", std::process::id()));
    std::fs::write(&path, document).unwrap();
    let builder = set(Flags::builder().file(&path).watch(Watch::OnDemand));
    let flags = builder.open().unwrap();
    std::fs::remove_file(&path).unwrap();
    flags
}

/// A batch of one question, put by each of the items in turn; the next batch goes on where the last
/// one ended.
pub(crate) fn in_turn<T: 'static>(items: Vec<T>, ask: impl Fn(&T) -> i64 + 'static) -> Batch {
    let next = Cell::new(0);
    Box::new(move |count| {
        let (mut at, mut sum) = (next.get(), 0);
        for _ in 0..count {
            sum += ask(black_box(&items[at]));
            at = if at + 1 == items.len() { 0 } else { at + 1 };
        }
        next.set(at);
        sum
    })
}

impl Asked {
    fn checked(id: &'static str, turns: usize, sum: i64, ways: [Batch; 4]) -> Asked {
        for (way, batch) in WAYS.iter().zip(&ways) {
            assert_eq!(batch(turns), sum, "{id}/{way}");
        }
        Asked { id, turns, ways }
    }
}

/// Contexts that live as long as the run.
fn contexts(requests: &[Request]) -> Vec<Context<'static>> {
    let requests: &'static [Request] = requests.to_vec().leak();
    requests.iter().map(Request::context).collect()
}

fn boolean(workload: &Workload) -> Asked {
    ask_boolean(workload.id, workload, &contexts(&workload.requests))
}

fn ask_boolean(id: &'static str, workload: &Workload, contexts: &[Context<'static>]) -> Asked {
    let (flags, cached) = (open(id, &workload.document), open_cached(id, &workload.document));
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let name = workload.flag;
    let key: Key<bool> = Key::new(name, false);
    let ways = [
        in_turn(contexts.to_vec(), move |ctx| flags.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts.to_vec(), move |ctx| cached.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts.to_vec(), move |ctx| by_name.is_enabled(black_box(name), ctx).into()),
        in_turn(contexts.to_vec(), move |ctx| by_key.is_enabled(black_box(&key), ctx).into()),
    ];
    Asked::checked(id, contexts.len(), workload.on as i64, ways)
}

/// W4 with the headers in the map that a service has them in.
#[cfg(feature = "http")]
fn header_map() -> Asked {
    let headers: &'static http::HeaderMap = Box::leak(Box::new(
        workloads::TWELVE
            .into_iter()
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, http::HeaderValue::from_static(value))
            })
            .collect(),
    ));
    let mut workload = workloads::w4();
    for request in &mut workload.requests {
        request.headers.clear();
    }
    let contexts: Vec<Context<'static>> =
        contexts(&workload.requests).into_iter().map(|ctx| ctx.headers(headers)).collect();
    ask_boolean("W4-HeaderMap", &workload, &contexts)
}

fn split() -> Asked {
    let workload = workloads::w5();
    let contexts = contexts(&workload.requests);
    let flags = open(workload.id, &workload.document);
    let cached = open_cached(workload.id, &workload.document);
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let name = workload.flag;
    let key: Key<i64> = Key::new(name, 0);
    for (value, count) in W5_SERVED {
        let served = |ctx: &&Context<'_>| by_name.value_or(name, ctx, 0_i64) == value;
        assert_eq!(contexts.iter().filter(served).count(), count, "{value}");
    }
    let sum = W5_SERVED.iter().map(|(value, count)| value * *count as i64).sum();
    let ways = [
        in_turn(contexts.clone(), move |ctx| flags.value_or(black_box(name), ctx, 0_i64)),
        in_turn(contexts.clone(), move |ctx| cached.value_or(black_box(name), ctx, 0_i64)),
        in_turn(contexts.clone(), move |ctx| by_name.value_or(black_box(name), ctx, 0_i64)),
        in_turn(contexts.clone(), move |ctx| by_key.value(black_box(&key), ctx)),
    ];
    Asked::checked(workload.id, contexts.len(), sum, ways)
}

/// W7: flags of a large document in turn, a few of them or all.
fn many(id: &'static str, [flags, cached]: &[Rc<Flags>; 2], count: usize) -> Asked {
    let (by_name, by_key) = (flags.snapshot(), flags.snapshot());
    let names: Vec<String> =
        workloads::w7_numbers(count).into_iter().map(workloads::name).collect();
    let keys: Vec<Key<bool>> =
        names.iter().map(|name| Key::new(name.clone().leak(), false)).collect();
    check_pilot(flags, &by_name, &names, &keys);

    let [one, two, three, four] =
        [(); 4].map(|()| contexts(&[Request::of(workloads::user(0))]).remove(0));
    let (flags, cached) = (Rc::clone(flags), Rc::clone(cached));
    let ways = [
        in_turn(names.clone(), move |name| flags.is_enabled(name, black_box(&one)).into()),
        in_turn(names.clone(), move |name| cached.is_enabled(name, black_box(&two)).into()),
        in_turn(names, move |name| by_name.is_enabled(name, black_box(&three)).into()),
        in_turn(keys, move |key| by_key.is_enabled(key, black_box(&four)).into()),
    ];
    Asked::checked(id, count, 0, ways)
}

/// Nobody who asks in W7 passes: that the flags are there, and have their rule, is asked before.
fn check_pilot(flags: &Flags, snapshot: &Snapshot, names: &[String], keys: &[Key<bool>]) {
    let pilot = Context::new().region("nz");
    for (name, key) in names.iter().zip(keys) {
        assert!(flags.is_enabled(name, &pilot) && snapshot.is_enabled(name, &pilot), "{name}");
        assert!(snapshot.is_enabled(key, &pilot), "{name}");
    }
}
