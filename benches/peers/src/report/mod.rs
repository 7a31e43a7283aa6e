//! What the run came to, and the three forms that it is told in.

pub(crate) mod chart;
pub(crate) mod table;

use std::process::Command;

use crate::loading::Loading;
use crate::measure::Figures;
use crate::rivals::{ENGINES, LEFT_OUT, Why};

/// The command, from the root of the project.
const COMMAND: &str = "cargo run --release --manifest-path benches/peers/Cargo.toml";

/// Everything that is told.
pub(crate) struct Results {
    /// hoist in its ways, then the rivals.
    pub(crate) engines: Vec<&'static str>,
    /// The rows, in the bands that they are shown in.
    pub(crate) bands: Vec<Vec<Measured>>,
    /// hoist's two forms, then the rivals.
    pub(crate) loads: Vec<(&'static str, Result<Loading, Why>)>,
    /// How many flags the documents of the loads have.
    pub(crate) loaded: usize,
}

/// One row.
pub(crate) struct Measured {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    /// For each engine; the first is what the others are compared with.
    pub(crate) cells: Vec<Option<Figures>>,
    /// The engines that cannot say it, and why.
    pub(crate) whys: Vec<(&'static str, Why)>,
}

impl Measured {
    /// How many times the first way's time a time is.
    fn ratio(&self, figures: &Figures) -> Option<f64> {
        Some(figures.ns / self.cells.first()?.as_ref()?.ns)
    }
}

impl Results {
    fn rows(&self) -> impl Iterator<Item = &Measured> {
        self.bands.iter().flatten()
    }

    /// Where, with what and when it was measured.
    fn machine(&self) -> Vec<String> {
        let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let models = cpus.lines().filter_map(|line| line.strip_prefix("model name"));
        let model = models.clone().next().and_then(|line| line.split(": ").nth(1));
        let rustc = Command::new("rustc").arg("--version").output();
        let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        vec![
            format!("{} × {}", models.count().max(1), model.unwrap_or("unknown processor")),
            rustc.unwrap_or_else(|_| "unknown compiler".to_owned()),
            jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            COMMAND.to_owned(),
        ]
    }

    /// What is missing, each reason once, with the rows that it is a reason in.
    fn missing(&self) -> Vec<String> {
        let mut reasons: Vec<(&str, &str, Vec<&str>)> = Vec::new();
        let rows = self.rows().flat_map(|row| row.whys.iter().map(|why| (row.id, why)));
        let loads = self.loads.iter().filter_map(|(name, load)| {
            load.as_ref().err().map(|why| ("LOAD", *name, why.as_str()))
        });
        let rows = rows.map(|(id, (name, why))| (id, *name, why.as_str()));
        for (id, name, why) in rows.chain(loads) {
            match reasons.iter_mut().find(|(engine, reason, _)| (*engine, *reason) == (name, why)) {
                Some((_, _, ids)) => ids.push(id),
                None => reasons.push((name, why, vec![id])),
            }
        }
        reasons.sort_by_key(|(name, _, _)| self.engines.iter().position(|engine| engine == name));
        let told = |(name, why, ids): &(&str, &str, Vec<&str>)| {
            format!("{name}: {why} ({})", ids.join(", "))
        };
        let left_out = LEFT_OUT.iter().map(|(name, why)| format!("{name} is not here: {why}"));
        reasons.iter().map(told).chain(left_out).collect()
    }
}

/// The rivals by name, with the version that was built and what is timed of it.
fn rivals() -> Vec<(&'static str, String, &'static str)> {
    let versioned = |crate_name: &str| {
        let lock = include_str!("../../Cargo.lock");
        let entry = format!("name = \"{crate_name}\"\nversion = \"");
        let version = lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next());
        format!("{crate_name} {}", version.unwrap_or("?"))
    };
    ENGINES.map(|engine| (engine.name, versioned(engine.crate_name), engine.timed)).into()
}

/// A time in nanoseconds, in no more than five characters.
fn time(ns: f64) -> String {
    match ns {
        ns if ns < 9.95 => format!("{ns:.1}"),
        ns if ns < 9_999.5 => format!("{ns:.0}"),
        ns if ns < 999_500.0 => format!("{:.0}k", ns / 1e3),
        ns if ns < 9_950_000.0 => format!("{:.1}M", ns / 1e6),
        ns => format!("{:.0}M", ns / 1e6),
    }
}

/// A ratio, in no more than five characters.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 9.95 => format!("{ratio:.1}×"),
        ratio if ratio < 9_999.5 => format!("{ratio:.0}×"),
        ratio if ratio < 999_500.0 => format!("{:.0}k×", ratio / 1e3),
        ratio => format!("{:.1}M×", ratio / 1e6),
    }
}

/// A number of allocations, in no more than four characters.
fn allocations(count: f64) -> String {
    match count {
        count if count < 999.5 => format!("{count:.0}"),
        count if count < 99_500.0 => format!("{:.0}k", count / 1e3),
        count => format!("{:.1}M", count / 1e6),
    }
}
