//! A picture of medians: both axes logarithmic, every point with its number, colours for a light
//! and for a dark page.

use std::fmt::Write as _;

/// Lines over one axis, in ns a decision.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) axis: &'static str,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) name: String,
    /// Sizes and ns.
    pub(crate) points: Vec<(usize, f64)>,
}

impl Line {
    pub(crate) fn at(&self, size: usize) -> Option<f64> {
        self.points.iter().find(|(known, _)| *known == size).map(|(_, time)| *time)
    }

    pub(crate) fn sizes(&self) -> impl Iterator<Item = usize> {
        self.points.iter().map(|(size, _)| *size)
    }
}

/// The edges of the plot within the picture, which is 760 by 400.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 570.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 340.0;

/// The room that a number needs above a point, each further one above it, and a name.
const DOT: f64 = 8.0;
const LABEL: f64 = 12.0;
const NAME: f64 = 18.0;

const STYLE: &str = "
text { font: 11px system-ui, sans-serif; fill: #52514e }
.title { font-size: 15px; font-weight: 600; fill: #0b0b0b }
.name { font-size: 12px; fill: #0b0b0b }
.number { paint-order: stroke; stroke: #fcfcfb; stroke-width: 3px; stroke-linejoin: round }
.page { fill: #fcfcfb } .grid { stroke: #e1e0d9 }
.line { fill: none; stroke-width: 2 } .dot { stroke: #fcfcfb; stroke-width: 1.5 }
.s0 { stroke: #2a78d6 } .s1 { stroke: #eb6834 } .s2 { stroke: #1baf7a } .s3 { stroke: #4a3aa7 }
.d0 { fill: #2a78d6 } .d1 { fill: #eb6834 } .d2 { fill: #1baf7a } .d3 { fill: #4a3aa7 }
@media (prefers-color-scheme: dark) {
text { fill: #c3c2b7 } .title, .name { fill: #ffffff }
.page { fill: #1a1a19 } .grid { stroke: #3a3a37 } .dot, .number { stroke: #1a1a19 }
.s0 { stroke: #3987e5 } .s1 { stroke: #d95926 } .s2 { stroke: #199e70 } .s3 { stroke: #9085e9 }
.d0 { fill: #3987e5 } .d1 { fill: #d95926 } .d2 { fill: #199e70 } .d3 { fill: #9085e9 }
}
";

impl Plot {
    pub(crate) fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 400\" role=\"img\">\n\
             <title>{0}: ns a decision</title>\n<style>{STYLE}</style>\n\
             <rect class=\"page\" width=\"760\" height=\"400\" rx=\"8\"/>\n\
             <text class=\"title\" x=\"20\" y=\"28\">{0}</text>\n\
             <text x=\"20\" y=\"46\">the median time of one decision on a snapshot</text>\n",
            self.title
        );
        self.grid(&mut svg);
        for (n, line) in self.lines.iter().enumerate() {
            let at = |(size, time): &(usize, f64)| (self.x(*size), self.y(*time));
            let points: Vec<(f64, f64)> = line.points.iter().map(at).collect();
            let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(svg, "<polyline class=\"line s{n}\" points=\"{}\"/>", path.join(" "));
            for (x, y) in points {
                let _ = writeln!(
                    svg,
                    "<circle class=\"dot d{n}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
                );
            }
        }
        self.numbers(&mut svg);
        self.names(&mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<usize> = self.lines.iter().flat_map(Line::sizes).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The places of sizes; none at all stands where a half would.
    fn x(&self, size: usize) -> f64 {
        let scale = |size: usize| (size as f64).max(0.5).log10();
        let sizes = self.sizes();
        let (first, last) = (scale(sizes[0]), scale(sizes[sizes.len() - 1]));
        LEFT + 20.0 + (scale(size) - first) / (last - first) * (RIGHT - LEFT - 40.0)
    }

    /// The powers of ten, in ns, between which all times are.
    fn decades(&self) -> (i32, i32) {
        let times =
            || self.lines.iter().flat_map(|line| &line.points).map(|(_, time)| time.log10());
        let first = times().fold(f64::MAX, f64::min).floor() as i32;
        (first, (times().fold(0.0, f64::max).ceil() as i32).max(first + 2))
    }

    fn y(&self, time: f64) -> f64 {
        let (first, last) = self.decades();
        let part = (time.log10() - f64::from(first)) / f64::from(last - first);
        BOTTOM - part * (BOTTOM - TOP)
    }

    fn grid(&self, svg: &mut String) {
        let (first, last) = self.decades();
        for time in (first..=last).map(|decade| 10_f64.powi(decade)) {
            let (y, text) = (self.y(time), self::time(time));
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                LEFT - 8.0,
                y + 4.0
            );
        }
        for size in self.sizes() {
            let (x, y, size) = (self.x(size), BOTTOM + 18.0, grouped(size));
            let _ =
                writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{size}</text>");
        }
        let (x, y) = ((LEFT + RIGHT) / 2.0, BOTTOM + 40.0);
        let _ =
            writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", self.axis);
    }

    /// The number of each point above it; where there is no room between points, all their numbers
    /// stand above the highest of them.
    fn numbers(&self, svg: &mut String) {
        for size in self.sizes() {
            let mut times: Vec<f64> = self.lines.iter().filter_map(|line| line.at(size)).collect();
            times.sort_by(f64::total_cmp);
            let has_room = |below: &[f64]| below.len() as f64 * LABEL + DOT;
            let mut rest = &times[..];
            while !rest.is_empty() {
                let above = |n: &usize| {
                    rest.get(*n).is_none_or(|next| {
                        self.y(rest[n - 1]) - self.y(*next) > has_room(&rest[..*n])
                    })
                };
                let (together, others) = rest.split_at((1..).find(above).unwrap_or(rest.len()));
                let highest = self.y(together[together.len() - 1]) - DOT;
                for (n, time) in together.iter().enumerate() {
                    let (x, y, text) = (self.x(size), highest - n as f64 * LABEL, short(*time));
                    let _ = writeln!(
                        svg,
                        "<text class=\"number\" x=\"{x:.1}\" y=\"{y:.1}\" \
                         text-anchor=\"middle\">{text}</text>"
                    );
                }
                rest = others;
            }
        }
    }

    /// The name of each line at its end.
    fn names(&self, svg: &mut String) {
        let end = |line: &Line| line.points.last().map_or(BOTTOM, |(_, time)| self.y(*time));
        let mut ends: Vec<(f64, usize, &Line)> =
            self.lines.iter().enumerate().map(|(n, line)| (end(line), n, line)).collect();
        ends.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut free = BOTTOM;
        for (y, n, line) in ends {
            let y = y.min(free);
            free = y - NAME;
            let _ = writeln!(
                svg,
                "<circle class=\"d{n}\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
                 <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                RIGHT + 14.0,
                RIGHT + 24.0,
                y + 4.0,
                line.name
            );
        }
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join("\u{202f}")
}

/// A power of ten of ns, with its unit.
fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1_000.0 => format!("{ns} ns"),
        ns if ns < 1e6 => format!("{} µs", ns / 1e3),
        ns => format!("{} ms", ns / 1e6),
    }
}

/// A time for a narrow place: in ns, unless it says otherwise.
fn short(ns: f64) -> String {
    match ns {
        ns if ns < 9.95 => format!("{ns:.1}"),
        ns if ns < 999.5 => format!("{ns:.0}"),
        ns => format!("{:.1} µs", ns / 1e3),
    }
}
