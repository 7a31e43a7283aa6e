//! How the cost of a decision grows: `cargo bench --bench growth`.
//!
//! With the number of flags, of rules in a flag, of entries in a list and of attributes in the
//! context. Each answer is checked before it is timed; all points of an axis take turns, round by
//! round, so that whatever else the machine does hits all alike, and medians leave out what it does
//! seldom. What a process is given, as where its memory lies, can double a time and stays with it:
//! so several processes measure, and the least of their medians counts. For each axis there is a
//! Markdown table, and a picture in `docs/growth`.
//!
//! `cargo bench --bench growth -- rules` measures one axis.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of them")]
#[path = "../asked/mod.rs"]
mod asked;
#[allow(dead_code, reason = "the bench of instructions uses the rest")]
mod axes;
mod svg;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
#[path = "../workloads/mod.rs"]
mod workloads;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use axes::{Axis, Series};
use svg::{Line, Plot};

const PROCESSES: usize = 7;

const ROUNDS: usize = 9;

/// What tells a process to measure an axis and to print it for the one that started it.
const MEASURE: &str = "--measure";

/// How long one point has its turn.
const TURN: Duration = Duration::from_millis(1);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [MEASURE, name] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return print(&measure(axes::ALL.iter().find(|axis| axis.name == name).unwrap()));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/growth");
    std::fs::create_dir_all(&folder).unwrap();
    for axis in axes::ALL {
        if arguments.is_empty() || arguments.iter().any(|name| name == axis.name) {
            let plot = Plot { title: axis.title, axis: axis.unit, lines: least(axis.name) };
            table(&plot);
            std::fs::write(folder.join(axis.name).with_extension("svg"), plot.svg()).unwrap();
        }
    }
}

/// What several processes measured, the least of each point.
fn least(name: &str) -> Vec<Line> {
    let measured = (0..PROCESSES).map(|_| {
        let mut process = Command::new(std::env::current_exe().unwrap());
        let output = process.args([MEASURE, name]).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{name}");
        parse(std::str::from_utf8(&output.stdout).unwrap())
    });
    measured
        .reduce(|mut least, lines| {
            for (line, others) in least.iter_mut().zip(lines) {
                for ((_, known), (_, time)) in line.points.iter_mut().zip(others.points) {
                    *known = known.min(time);
                }
            }
            least
        })
        .unwrap()
}

/// Lines as another process reads them.
fn print(lines: &[Line]) {
    for line in lines {
        for (size, time) in &line.points {
            println!("{}\t{size}\t{time}", line.name);
        }
    }
}

fn parse(printed: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for point in printed.lines() {
        let mut fields = point.split('\t');
        let mut next = || fields.next().unwrap();
        let (name, size, time) = (next(), next().parse().unwrap(), next().parse().unwrap());
        match lines.last_mut().filter(|line| line.name == name) {
            Some(line) => line.points.push((size, time)),
            None => lines.push(Line { name: name.to_owned(), points: vec![(size, time)] }),
        }
    }
    lines
}

/// A series with what was timed of it.
struct Measured {
    series: Series,
    /// For each point, how many decisions fill a turn, and what one took in each round.
    counts: Vec<usize>,
    times: Vec<Vec<f64>>,
}

impl Measured {
    fn new(series: Series) -> Measured {
        let counts = series.points.iter().map(|point| {
            let start = Instant::now();
            let mut count = 0;
            while start.elapsed() < TURN {
                black_box((point.batch)(64));
                count += 64;
            }
            count.max(point.turns)
        });
        let counts = counts.collect();
        let times = vec![Vec::with_capacity(ROUNDS); series.points.len()];
        Measured { series, counts, times }
    }

    fn round(&mut self) {
        for ((point, count), times) in
            self.series.points.iter().zip(&self.counts).zip(&mut self.times)
        {
            // The caches are as the point before left them: all requests in turn warm them up.
            black_box((point.batch)(point.turns));
            let start = Instant::now();
            black_box((point.batch)(*count));
            times.push(start.elapsed().as_nanos() as f64 / *count as f64);
        }
    }

    fn line(mut self) -> Line {
        let medians = self.times.iter_mut().map(|times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        let sizes = self.series.points.iter().map(|point| point.size);
        Line { name: self.series.name.to_owned(), points: sizes.zip(medians).collect() }
    }
}

fn measure(axis: &Axis) -> Vec<Line> {
    let mut all: Vec<Measured> = (axis.series)(axis.sizes).into_iter().map(Measured::new).collect();
    for _ in 0..ROUNDS {
        all.iter_mut().for_each(Measured::round);
    }
    all.into_iter().map(Measured::line).collect()
}

/// Prints the medians in ns, and how much the largest is of the smallest.
fn table(plot: &Plot) {
    let row = |first: &str, cell: &dyn Fn(&Line) -> String| {
        let cells: Vec<String> = plot.lines.iter().map(cell).collect();
        println!("| {first} | {} |", cells.join(" | "));
    };
    println!("\n**{}**: ns a decision\n", plot.title);
    row(plot.axis, &|line| line.name.clone());
    row("---", &|_| "---:".to_owned());
    let sizes: BTreeSet<usize> = plot.lines.iter().flat_map(|line| line.sizes()).collect();
    for size in sizes {
        let number = |value: f64| match value < 100.0 {
            true => format!("{value:.1}"),
            false => format!("{value:.0}"),
        };
        row(&svg::grouped(size), &|line| line.at(size).map_or("–".to_owned(), number));
    }
    row("most / least", &|line| {
        let times = || line.points.iter().map(|(_, time)| *time);
        format!("{:.1} ×", times().fold(0.0, f64::max) / times().fold(f64::MAX, f64::min))
    });
}
