//! LOAD: a document of many flags, in hoist's two forms and in each rival's JSON.
//!
//! A service loads its own flags and nobody else's. So each engine is loaded in a process of its own,
//! which is this program once more, and the processes take turns: none finds the heap as another left
//! it.

use std::any::Any;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use hoist::Snapshot;

use crate::logic::Flag;
use crate::measure::median;
use crate::rivals::{ENGINES, Engine, Why};
use crate::workloads::{self, Request};
use crate::{count, ours, rows};

/// The flags in a document.
pub(crate) const LOADED: usize = 1_000;

/// What this program is told as a process that loads, before the name of the engine.
pub(crate) const ARGUMENT: &str = "--load";

/// How many processes each engine has.
const TURNS: usize = 7;

/// How often a process loads, unless it has used up [`ENOUGH`].
const LOADS: usize = 25;
const ENOUGH: Duration = Duration::from_millis(500);

/// What loading a document came to, for each flag in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loading {
    pub(crate) microseconds: f64,
    /// The bytes that are held when it is loaded.
    pub(crate) live: f64,
    /// The most that were held while it was loaded, relative to the same.
    pub(crate) peak: f64,
    /// The size of the document itself.
    pub(crate) text: f64,
}

/// Loads a document, and gives back what came of it with the number of flags in it.
pub(crate) type Load = fn(&str) -> (Box<dyn Any>, usize);

/// An engine, as far as it takes to load its flags.
struct Loader {
    name: &'static str,
    write: fn(&[Flag]) -> Result<String, Why>,
    load: Load,
    is_on: fn(&str, &str, &Request) -> bool,
}

const OURS: [Loader; 2] = [
    Loader {
        name: "hoist, YAML",
        write: |flags| Ok(workloads::load_yaml(flags.len())),
        load: |text| loaded(ours::load_yaml(text)),
        is_on: |text, flag, request| ours::load_yaml(text).is_enabled(flag, &request.context()),
    },
    Loader {
        name: "hoist, JSON",
        write: |flags| Ok(workloads::load_json(flags.len())),
        load: |text| loaded(ours::load_json(text)),
        is_on: |text, flag, request| ours::load_json(text).is_enabled(flag, &request.context()),
    },
];

fn loaded(snapshot: Snapshot) -> (Box<dyn Any>, usize) {
    let count = snapshot.flags().count();
    (Box::new(snapshot), count)
}

fn loaders() -> impl Iterator<Item = Loader> {
    let rival = |Engine { name, write, load, is_on, .. }| Loader { name, write, load, is_on };
    OURS.into_iter().chain(ENGINES.map(rival))
}

/// Asks each engine for a flag, and then has all take turns.
pub(crate) fn measured() -> Vec<(&'static str, Result<Loading, Why>)> {
    eprintln!("LOAD: a document of {LOADED} flags");
    let (flags, pilot) = (rows::loaded(LOADED), rows::pilot());
    let last = workloads::name(LOADED - 1);
    let mut all: Vec<(&'static str, Result<Vec<Loading>, Why>)> = Vec::new();
    for Loader { name, write, is_on, .. } in loaders() {
        let text = write(&flags);
        assert!(text.as_ref().map_or(true, |text| is_on(text, &last, &pilot)), "{name}: {last}");
        all.push((name, text.map(|_| Vec::new())));
    }
    for _ in 0..TURNS {
        for (name, loadings) in &mut all {
            if let Ok(loadings) = loadings {
                loadings.push(in_its_process(name));
            }
        }
    }
    let of_all = |loadings: Vec<Loading>| {
        let microseconds = median(loadings.iter().map(|loading| loading.microseconds).collect());
        Loading { microseconds, ..loadings[0] }
    };
    all.into_iter().map(|(name, loadings)| (name, loadings.map(of_all))).collect()
}

fn in_its_process(name: &str) -> Loading {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args([ARGUMENT, name]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = text.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let [microseconds, live, peak, text] = figures[..] else {
        panic!("{name}: {}", String::from_utf8_lossy(&output.stderr))
    };
    Loading { microseconds, live, peak, text }
}

/// What a process does that loads: prints the figures of one engine.
pub(crate) fn print(name: &str) {
    let Loader { write, load, .. } = loaders().find(|loader| loader.name == name).unwrap();
    let flags = rows::loaded(LOADED);
    let text = write(&flags).unwrap();
    drop(flags);
    // What is made once for all documents is there after the first.
    drop(load(&text));
    let ((loaded, count), counted) = count::counted(|| load(&text));
    assert_eq!(count, LOADED, "the document is not loaded whole");
    drop(loaded);
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < LOADS && (times.is_empty() || start.elapsed() < ENOUGH) {
        let start = Instant::now();
        let loaded = load(black_box(&text));
        times.push(start.elapsed().as_secs_f64() * 1e6);
        drop(loaded);
    }
    let each = |of_all: f64| of_all / LOADED as f64;
    let (held, peak) = (counted.held as f64, counted.peak as f64);
    println!("{} {} {} {}", each(median(times)), each(held), peak / held, each(text.len() as f64));
}
