//! The chart: a panel of bars for each row, and two for LOAD, all on logarithmic scales of as many
//! decades, in colours for light and for dark pages.

use std::fmt::Write as _;

use super::{Measured, Results, time};
use crate::loading::Loading;

const COLUMNS: usize = 2;
const PANEL: f64 = 392.0;
const GAP: f64 = 24.0;
/// The height of a bar with the space below it.
const STEP: f64 = 14.0;
/// Where the bars begin in a panel, and how long the longest is.
const BARS: f64 = 118.0;
const LONGEST: f64 = 216.0;
/// The room above the bars for the title of a panel, and below them for the scale.
const TITLE: f64 = 40.0;
const SCALE: f64 = 26.0;
/// The room above all panels.
const HEAD: f64 = 56.0;

/// The scales. A bar that is longer ends in an arrow.
const TIMES: [&str; 7] = ["1 ns", "10", "100", "1 µs", "10", "100", "1 ms"];
const BYTES: [&str; 7] = ["1", "10", "100", "1 kB", "10", "100", "1 MB"];

const STYLE: &str = "
text { font: 11px system-ui, sans-serif; fill: #1f2328 }
.head { font-size: 17px; font-weight: 600 } .title { font-size: 12px; font-weight: 600 }
.soft { fill: #59636e } .end { text-anchor: end } .mid { text-anchor: middle }
.page { fill: #ffffff } .grid { stroke: #d1d9e0 }
.ours { fill: #0969da } .theirs { fill: #a7b1bc }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .soft { fill: #9198a1 } .page { fill: #0d1117 } .grid { stroke: #3d444d }
.ours { fill: #4493f8 } .theirs { fill: #6e7781 }
}
";

/// One panel: a title, what it shows, and a bar for each engine that has a figure.
struct Panel<'a> {
    title: &'a str,
    what: &'a str,
    decades: [&'static str; 7],
    bars: Vec<(&'a str, Option<f64>)>,
}

fn panels(results: &Results) -> Vec<Panel<'_>> {
    let rows = results.rows().map(|Measured { id, what, cells, .. }| {
        let figures = cells.iter().map(|cell| cell.as_ref().map(|cell| cell.ns));
        let bars = results.engines.iter().copied().zip(figures).collect();
        Panel { title: id, what, decades: TIMES, bars }
    });
    let loads = |title, what, decades, figure: fn(&Loading) -> f64| {
        let bars = results.loads.iter();
        let bars = bars.map(|(name, load)| (*name, load.as_ref().ok().map(figure))).collect();
        Panel { title, what, decades, bars }
    };
    rows.chain([
        loads("LOAD", "loading one of many flags", TIMES, |load| load.microseconds * 1e3),
        loads("MEMORY", "bytes that a loaded flag holds", BYTES, |load| load.live),
    ])
    .collect()
}

pub(crate) fn svg(results: &Results) -> String {
    let panels = panels(results);
    let panel_height = TITLE + STEP * results.engines.len() as f64 + SCALE;
    let width = COLUMNS as f64 * (PANEL + GAP) + GAP;
    let height = HEAD + panels.len().div_ceil(COLUMNS) as f64 * panel_height + GAP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>hoist beside other flag engines, nanoseconds for one decision</title>\n\
         <style>{STYLE}</style>\n<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    put(&mut svg, GAP, 28.0, "head", "One decision, in nanoseconds; and loading");
    let machine = results.machine();
    let below = format!(
        "Logarithmic; shorter is better. {}",
        machine.get(..3).unwrap_or_default().join(", ")
    );
    put(&mut svg, GAP, 46.0, "soft", &below);
    for (at, panel) in panels.iter().enumerate() {
        let x = GAP + (at % COLUMNS) as f64 * (PANEL + GAP);
        let y = HEAD + (at / COLUMNS) as f64 * panel_height;
        draw(&mut svg, panel, (x, y));
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, panel: &Panel<'_>, (x, y): (f64, f64)) {
    put(svg, x, y + 18.0, "title", panel.title);
    put(svg, x, y + 32.0, "soft", panel.what);
    let (left, top) = (x + BARS, y + TITLE);
    let bottom = top + STEP * panel.bars.len() as f64;
    let across = LONGEST / (panel.decades.len() - 1) as f64;
    for (decade, label) in panel.decades.into_iter().enumerate() {
        let at = left + decade as f64 * across;
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{at:.1} {top:.1}V{bottom:.1}\"/>");
        put(svg, at, bottom + 12.0, "soft mid", label);
    }
    for (at, (engine, figure)) in panel.bars.iter().enumerate() {
        let line = top + STEP * at as f64;
        let class = if engine.starts_with("hoist") { "ours" } else { "theirs" };
        put(svg, left - 5.0, line + 10.5, "end", engine);
        match figure {
            None => put(svg, left + 5.0, line + 10.5, "soft", "–"),
            Some(figure) => {
                let length = (figure.log10() * across).clamp(1.0, LONGEST);
                let (tip, up) = (if length == LONGEST { 6.0 } else { 0.0 }, STEP / 2.0 - 2.0);
                let _ = writeln!(
                    svg,
                    "<path class=\"{class}\" d=\"M{left:.1} {:.1}h{length:.1}l{tip} {up}l-{tip} \
                     {up}h-{length:.1}z\"/>",
                    line + 2.0
                );
                let length = length + tip;
                put(svg, left + length + 4.0, line + 10.5, "", &time(*figure));
            }
        }
    }
}

/// Puts a text at a place.
fn put(svg: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}
