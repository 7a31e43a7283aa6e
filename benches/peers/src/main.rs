//! hoist beside other flag engines: the same flags, the same requests, one interleaved run.
//!
//! `cargo run --release` here. Row by row, every engine answers every request once before anything
//! is timed, and must be right; then all of them take turns, round by round, so that whatever else
//! the machine does hits all alike. The table is printed, and written with a chart to `results/`;
//! with names of rows behind `--`, only those are run, and nothing is written.

mod count;
mod logic;
mod measure;
mod ours;
mod report;
mod rivals;
mod rows;
#[allow(dead_code, reason = "hoist's own benches use the rest")]
#[path = "../../workloads/mod.rs"]
mod workloads;

use std::any::Any;
use std::path::Path;

use hoist::Snapshot;

use measure::{Entry, Load, Loading};
use report::{Measured, Results};
use rivals::{ENGINES, Why};
use rows::{BANDS, Maker};

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

/// The flags in the documents of LOAD.
const LOADED: usize = 1_000;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |id: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == id);
    let band = |band: &[Maker; 4]| -> Vec<Measured> {
        band.iter().filter(|(id, _, _)| wants(id)).map(measured).collect()
    };
    let results = Results {
        engines: ours::WAYS.into_iter().chain(ENGINES.map(|engine| engine.name)).collect(),
        bands: BANDS.iter().map(band).filter(|band| !band.is_empty()).collect(),
        loads: if wants("LOAD") { loads() } else { Vec::new() },
        loaded: LOADED,
    };
    print!("{}", report::table::text(&results));
    if wanted.is_empty() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("table.md"), report::table::markdown(&results)).unwrap();
        std::fs::write(dir.join("chart.svg"), report::chart::svg(&results)).unwrap();
    }
}

/// Makes a row in every engine, checks all answers, and times it.
fn measured(&(id, what, make): &Maker) -> Measured {
    eprintln!("{id}: {what}");
    let mut row = make();
    let questions = row.ask.questions();
    let mut entries: Vec<Option<Entry>> = Vec::new();
    for batch in std::mem::take(&mut row.ours) {
        assert_eq!(batch(questions), row.sum, "{id}: hoist is wrong");
        let entry = Entry::new(batch, questions);
        assert_eq!(entry.allocations, 0.0, "{id}: hoist allocates");
        entries.push(Some(entry));
    }
    entries.resize_with(ours::WAYS.len(), || None);
    let mut whys = Vec::new();
    for engine in &ENGINES {
        let entry = (engine.decide)(&row).map(|batch| {
            let sum = batch(questions);
            let off = (sum - row.sum).abs();
            assert!(off <= row.tolerance, "{id}: {} says {sum}, not {}", engine.name, row.sum);
            Entry::new(batch, questions)
        });
        entries.push(entry.map_err(|why| whys.push((engine.name, why))).ok());
    }
    Measured { id, what, cells: measure::interleaved(&mut entries), whys }
}

/// LOAD, of hoist's two forms and of each rival's JSON.
fn loads() -> Vec<(&'static str, Result<Loading, Why>)> {
    eprintln!("LOAD: a document of {LOADED} flags");
    let flags = rows::loaded(LOADED);
    let mut documents: Vec<(Load, String)> =
        vec![(yaml, workloads::load_yaml(LOADED)), (json, workloads::load_json(LOADED))];
    let written = ENGINES.map(|engine| (engine.write)(&flags));
    let rivals = ENGINES.iter().zip(&written);
    documents.extend(rivals.filter_map(|(engine, text)| Some((engine.load, text.clone().ok()?))));
    let mut measured = measure::loads(&documents, LOADED).into_iter();
    let ours: Vec<_> = measured.by_ref().take(2).collect();
    let ours = ["hoist, YAML", "hoist, JSON"].into_iter().zip(ours.into_iter().map(Ok));
    let rivals = ENGINES.iter().zip(written).filter_map(|(engine, text)| match text {
        Ok(_) => measured.next().map(|loading| (engine.name, Ok(loading))),
        Err(why) => Some((engine.name, Err(why))),
    });
    ours.chain(rivals).collect()
}

fn loaded(snapshot: Snapshot) -> (Box<dyn Any>, usize) {
    let count = snapshot.flags().count();
    (Box::new(snapshot), count)
}

fn yaml(text: &str) -> (Box<dyn Any>, usize) {
    loaded(ours::load_yaml(text))
}

fn json(text: &str) -> (Box<dyn Any>, usize) {
    loaded(ours::load_json(text))
}
