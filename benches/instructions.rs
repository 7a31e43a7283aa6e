//! How many instructions a decision takes, for `.ci/instructions`, which runs this under callgrind.
//!
//! Each workload is asked in each way, and so is a small and a large size of all that `growth`
//! measures: once in full to warm up, and once inside [`counted`], the one function that callgrind
//! collects; it writes a part for each call. What is printed says, in the same order, which question
//! the part is of and how many decisions it took. Alone this counts nothing.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of them")]
mod asked;
#[allow(dead_code, reason = "what is timed has titles, too")]
#[path = "growth/axes.rs"]
mod axes;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::hint::black_box;

use asked::{Batch, WAYS, in_turn};
use hoist::{Context, Json, Snapshot};
use workloads::USERS;

hoist::variants! {
    enum Layout { Wide = "wide", Narrow = "narrow", Stacked = "stacked" }
}

/// The same flag by an enum of its variants, and by the json that they are.
#[derive(serde::Deserialize)]
struct Columns {
    columns: i64,
}

hoist::flags! {
    static KEYS;
    BY_VARIANT: Layout = "layout", default Layout::Stacked;
    BY_JSON: Json<Columns> = "columns", default Columns { columns: 0 };
}

/// Three in four are served the default.
const TYPED: &str = "version: 1
flags:
  layout:
    variants: [wide, narrow, stacked]
    rules: [{ when: { region: us }, rollout: 25%, serve: wide }]
    default: narrow
  columns:
    variants: { wide: { columns: 3 }, narrow: { columns: 2 } }
    rules: [{ when: { region: us }, rollout: 25%, serve: wide }]
    default: narrow
";

fn main() {
    for asked in asked::all() {
        for (way, batch) in WAYS.iter().zip(&asked.ways) {
            count(&format!("{}/{way}", asked.id), batch, asked.turns);
        }
    }
    let users: Vec<String> = (0..USERS).map(workloads::user).collect();
    let build = in_turn(users, |user| {
        black_box(&workloads::ctx(user));
        0
    });
    count("CTX/build", &build, USERS);
    for (id, batch) in typed() {
        count(id, &batch, USERS);
    }
    for axis in axes::ALL {
        for series in (axis.series)(&axis.counted) {
            let name = series.name.replace(", ", "-").replace(' ', "-");
            for point in series.points {
                let id = format!("{}/{name}/{}", axis.name, point.size);
                count(&id, &point.batch, point.turns);
            }
        }
    }
}

/// A snapshot's answers by the keys that are more than an index.
fn typed() -> [(&'static str, Batch); 2] {
    let snap = Snapshot::from_yaml_with_keys(TYPED, KEYS).unwrap();
    let users: &'static [String] = (0..USERS).map(workloads::user).collect::<Vec<_>>().leak();
    let contexts: Vec<Context<'static>> = users.iter().map(|user| workloads::ctx(user)).collect();
    let of_variant = |layout| match layout {
        Layout::Wide => 3,
        Layout::Narrow => 2,
        Layout::Stacked => 0,
    };
    let also = snap.clone();
    let ways: [(&str, Batch); 2] = [
        (
            "KEY/enum",
            in_turn(contexts.clone(), move |ctx| of_variant(snap.value(&BY_VARIANT, ctx))),
        ),
        ("KEY/json", in_turn(contexts, move |ctx| also.value(&BY_JSON, ctx).columns)),
    ];
    for (id, batch) in &ways {
        let sum = batch(USERS);
        assert!((2 * 64 + 1..3 * 64).contains(&sum), "{id}: {sum}");
    }
    ways
}

/// Has one question counted, each request once.
fn count(id: &str, batch: &Batch, turns: usize) {
    black_box(batch(turns));
    counted(batch, turns);
    println!("{id} {turns}");
}

/// What callgrind collects: the decisions, the loop around them, and nothing else.
#[inline(never)]
fn counted(batch: &Batch, turns: usize) {
    black_box(batch(turns));
}
