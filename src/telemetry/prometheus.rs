//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write};

use super::families::{Family, Labels, Samples};

pub(crate) fn text(families: &[Family]) -> String {
    let mut text = String::new();
    for Family { name, help, samples } in families {
        let kind = match samples {
            Samples::Counters(_) => "counter",
            Samples::Gauges(_) => "gauge",
        };
        // To write into a text cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        match samples {
            Samples::Counters(samples) => lines(&mut text, name, samples),
            Samples::Gauges(samples) => lines(&mut text, name, samples),
        }
    }
    text
}

fn lines(text: &mut String, name: &str, samples: &[(Labels, impl Display)]) {
    for (labels, value) in samples {
        text.push_str(name);
        for (position, (label, value)) in labels.iter().enumerate() {
            let before = if position == 0 { '{' } else { ',' };
            let _ = write!(text, "{before}{label}=\"{}\"", escaped(value));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(text, "{after} {value}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
