//! hoist beside other flag engines: the same flags, the same requests, one interleaved run.
//!
//! `cargo run --release` here. Row by row, every engine answers every request once before anything
//! is timed, and must be right; then all of them take turns, round by round, so that whatever else
//! the machine does hits all alike. The table is printed, and written with a chart to `results/`;
//! with names of rows behind `--`, only those are run, and nothing is written.

mod count;
mod loading;
mod logic;
mod measure;
mod ours;
mod report;
mod rivals;
mod rows;
#[allow(dead_code, reason = "hoist's own benches use the rest")]
#[path = "../../workloads/mod.rs"]
mod workloads;

use std::path::Path;

use loading::LOADED;
use measure::Entry;
use report::{Measured, Results};
use rivals::ENGINES;
use rows::{BANDS, Maker};

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [argument, engine] = wanted.as_slice()
        && argument == loading::ARGUMENT
    {
        return loading::print(engine);
    }
    let wants = |id: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == id);
    let band = |band: &[Maker; 4]| -> Vec<Measured> {
        band.iter().filter(|(id, _, _)| wants(id)).map(measured).collect()
    };
    let results = Results {
        engines: ours::WAYS.into_iter().chain(ENGINES.map(|engine| engine.name)).collect(),
        bands: BANDS.iter().map(band).filter(|band| !band.is_empty()).collect(),
        loads: if wants("LOAD") { loading::measured() } else { Vec::new() },
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
