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

fn main() {
    for asked in asked::all() {
        for (way, batch) in WAYS.iter().zip(&asked.ways) {
            count(&format!("{}/{way}", asked.id), batch, asked.turns);
        }
    }
    let users: Vec<String> = (0..workloads::USERS).map(workloads::user).collect();
    let build = in_turn(users, |user| {
        black_box(&workloads::ctx(user));
        0
    });
    count("CTX/build", &build, workloads::USERS);
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
