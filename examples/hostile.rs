//! scratch
use hoist::{Context, Snapshot};
use std::fmt::Write as _;
use std::time::Instant;

fn rss() -> u64 {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    let l = s.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    l.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn main() {
    let which = std::env::args().nth(1).unwrap();
    let n: usize = std::env::args().nth(2).map(|n| n.parse().unwrap()).unwrap_or(0);
    let mut doc = String::from("version: 1\n");
    let mut json = false;
    match which.as_str() {
        "one-line-errors" => {
            doc.push_str("flags: {");
            for i in 0..n {
                write!(doc, "f{i}: {{zzzzzzzzzzzz: 1}}, ").unwrap();
            }
            doc.push_str("}\n");
        }
        "json-errors" => {
            json = true;
            doc = String::from("{\"version\":1,\"flags\":{");
            for i in 0..n {
                if i > 0 {
                    doc.push(',');
                }
                write!(doc, "\"f{i}\":{{\"qqqqqqqqqqqq\":1}}").unwrap();
            }
            doc.push_str("}}");
        }
        "line-errors" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: {{zzzzzzzzzzzz: 1}}").unwrap();
            }
        }
        "int-errors" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: 5").unwrap();
            }
        }
        "unknown-refs" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  feature-{i}: {{ requires: featur3-{i} }}").unwrap();
            }
        }
        "unknown-segments" => {
            doc.push_str("segments:\n");
            for i in 0..n {
                writeln!(doc, "  segment-{i}: {{ region: nz }}").unwrap();
            }
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  feature-{i}: {{ rules: [{{when: {{segment: segmant-{i} }}}}] }}")
                    .unwrap();
            }
        }
        "chain" => {
            doc.push_str("flags:\n  f0: on\n");
            for i in 1..n {
                writeln!(doc, "  f{i}: {{ requires: f{}, default: on }}", i - 1).unwrap();
            }
        }
        "seg-chain" => {
            doc.push_str("segments:\n  s0: { region: nz }\n");
            for i in 1..n {
                writeln!(doc, "  s{i}: {{ segment: s{} }}", i - 1).unwrap();
            }
            writeln!(doc, "flags: {{ a: {{ rules: [{{ when: {{ segment: s{} }} }}] }} }}", n - 1)
                .unwrap();
        }
        "exp-seg" => {
            doc.push_str("segments:\n  s0: { region: nz }\n");
            for i in 1..n {
                writeln!(doc, "  s{i}: {{ all: [{{segment: s{0}}}, {{segment: s{0}}}] }}", i - 1)
                    .unwrap();
            }
            writeln!(doc, "flags: {{ a: {{ rules: [{{ when: {{ segment: s{} }} }}] }} }}", n - 1)
                .unwrap();
        }
        "ring" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: {{ requires: f{}, default: on }}", (i + 1) % n).unwrap();
            }
        }
        "rings2" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: {{ requires: [f{}, f{}] }}", (i + 1) % n, (i + 7) % n)
                    .unwrap();
            }
        }
        "complete" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                write!(doc, "  f{i}: {{ requires: [").unwrap();
                for j in 0..n {
                    write!(doc, "f{j}, ").unwrap();
                }
                doc.push_str("] }\n");
            }
        }
        "alias-text" => {
            // one long escaped text, aliased n times
            let long = "x".repeat(1_000_000);
            writeln!(doc, "x-a: &a \"\\t{long}\"\nx-b: [").unwrap();
            for _ in 0..n {
                doc.push_str("*a,");
            }
            doc.push_str("]\nflags: {}\n");
        }
        "alias-nodes" => {
            doc.push_str("x-a: &a [x,x,x,x,x,x,x,x,x,x]\nx-b: [");
            for _ in 0..n {
                doc.push_str("*a,");
            }
            doc.push_str("]\nflags: {}\n");
        }
        "dashes" => {
            doc.push_str("x-a: ");
            doc.push('\n');
            doc.push_str(&"- ".repeat(n));
            doc.push_str("a\nflags: {}\n");
        }
        "questions" => {
            doc.push_str(&"? ".repeat(n));
            doc.push_str("a\nflags: {}\n");
        }
        "brackets" => {
            doc.push_str("x-a: ");
            doc.push_str(&"[".repeat(999));
            doc.push_str(&"a,".repeat(n));
            doc.push_str(&"]".repeat(999));
            doc.push_str("\nflags: {}\n");
        }
        "brackets60" => {
            doc.push_str("x-a: ");
            doc.push_str(&"[".repeat(60));
            doc.push_str(&"a,".repeat(n));
            doc.push_str(&"]".repeat(60));
            doc.push_str("\nflags: {}\n");
        }
        "anchors" => {
            doc.push_str("x-a: [");
            for i in 0..n {
                write!(doc, "&a{i} x,").unwrap();
            }
            doc.push_str("]\nflags: {}\n");
        }
        "anchors-alias" => {
            doc.push_str("x-a: [");
            for i in 0..n {
                write!(doc, "&a{i} x,*a{i},").unwrap();
            }
            doc.push_str("]\nflags: {}\n");
        }
        "wide-map" => {
            doc.push_str("flags: {");
            for i in 0..n {
                write!(doc, "f{i}: on,").unwrap();
            }
            doc.push_str("}\n");
        }
        "long-key" => {
            writeln!(doc, "? {}\n: 1\nflags: {{}}", "k".repeat(n)).unwrap();
        }
        "long-value" => {
            writeln!(doc, "flags: {{ a: {{ description: \"{}\" }} }}", "k\\n".repeat(n)).unwrap();
        }
        "patterns" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: {{ rules: [{{ when: {{ user: {{ matches: '(a|b){i}\\w[0-9]+$' }} }} }}] }}").unwrap();
            }
        }
        "patterns-u" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(
                    doc,
                    "  f{i}: {{ rules: [{{ when: {{ user: {{ matches: '\\w{{1,9}}{i}' }} }} }}] }}"
                )
                .unwrap();
            }
        }
        "one-rule-many" => {
            doc.push_str("flags: { a: { rules: [{ when: { any: [");
            for i in 0..n {
                write!(doc, "{{attr.a{i}: x}},").unwrap();
            }
            doc.push_str("] } }] } }\n");
        }
        "rules" => {
            doc.push_str("flags:\n  a:\n    rules:\n");
            for i in 0..n {
                writeln!(doc, "    - {{ name: r{i}, when: {{ region: r{i} }} }}").unwrap();
            }
        }
        "dup-rules" => {
            doc.push_str("flags:\n  a:\n    rules:\n");
            for _ in 0..n {
                writeln!(doc, "    - {{ name: r, when: {{ region: r }} }}").unwrap();
            }
        }
        "variants" => {
            doc.push_str("flags:\n  a:\n    default: v0\n    variants:\n");
            for i in 0..n {
                writeln!(doc, "      v{i}: {i}").unwrap();
            }
        }
        "split" => {
            doc.push_str("flags:\n  a:\n    default: v0\n    variants:\n");
            for i in 0..n {
                writeln!(doc, "      v{i}: {i}").unwrap();
            }
            doc.push_str("    rules:\n      - when: everyone\n        serve:\n");
            for i in 0..n {
                writeln!(doc, "          v{i}: 1").unwrap();
            }
        }
        "ramp" => {
            doc.push_str("flags:\n  a:\n    rules:\n    - rollout:\n");
            for i in 0..n {
                writeln!(doc, "        2026-01-01T00:00:00.{i:09}Z: 5%").unwrap();
            }
        }
        "attributes" => {
            doc.push_str("attributes:\n");
            for i in 0..n {
                writeln!(doc, "  a{i}: text").unwrap();
            }
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: {{ rules: [{{ when: {{ attr.aa{i}: x }} }}] }}").unwrap();
            }
        }
        "allowed" => {
            doc.push_str("attributes:\n  a: [");
            for i in 0..n {
                write!(doc, "v{i},").unwrap();
            }
            doc.push_str("]\nflags: { f: { rules: [{ when: { attr.a: [");
            for i in 0..n {
                write!(doc, "v{i},").unwrap();
            }
            doc.push_str("] } }] } }\n");
        }
        "strategies" => {
            doc.push_str("strategies: [");
            for i in 0..n {
                write!(doc, "s{i},").unwrap();
            }
            doc.push_str("]\nflags: { a: on }\n");
        }
        "tests" => {
            doc.push_str("flags: { a: on }\ntests:\n");
            for i in 0..n {
                writeln!(doc, "  - {{ name: t{i}, expect: {{ b{i}: on }} }}").unwrap();
            }
        }
        "ips" => {
            doc.push_str("flags: { f: { rules: [{ when: { ip: [");
            for i in 0..n {
                write!(doc, "10.{}.{}.{},", i >> 16 & 255, i >> 8 & 255, i & 255).unwrap();
            }
            doc.push_str("] } }] } }\n");
        }
        "headers-dup" => {
            doc.push_str("flags: { f: { rules: [{ when: {");
            for i in 0..n {
                write!(doc, "header.h{i}: x,").unwrap();
            }
            doc.push_str("} }] } }\n");
        }
        "tags" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: !!str on").unwrap();
            }
        }
        "tags2" => {
            doc.push_str("flags:\n");
            for i in 0..n {
                writeln!(doc, "  f{i}: !a on").unwrap();
            }
        }
        "blanks" => {
            doc.push_str(&"\n".repeat(n));
            doc.push_str("flags: {}\n");
        }
        "spaces" => {
            doc.push_str("flags: {");
            doc.push_str(&" ".repeat(n));
            doc.push_str("}\n");
        }
        "comments" => {
            for _ in 0..n {
                doc.push_str("# [\n");
            }
            doc.push_str("flags: {}\n");
        }
        other => panic!("{other}"),
    }
    if std::env::args().nth(3).as_deref() == Some("show") {
        println!("{doc}");
    }
    let bytes = doc.len();
    let start = Instant::now();
    let loaded = if json { Snapshot::from_json(&doc) } else { Snapshot::from_yaml(&doc) };
    let took = start.elapsed();
    let said = match &loaded {
        Ok(s) => format!("ok, {} flags", s.flags().count()),
        Err(e) => format!(
            "{} errors; first: {}",
            e.report().unwrap().errors(),
            e.report().unwrap().diagnostics()[0].to_string().chars().take(150).collect::<String>()
        ),
    };
    println!("{which} {n}: {bytes} bytes, load {took:?}, {said}, peak {} MiB", rss());
    match loaded {
        Ok(snap) => {
            let name = snap.flags().last().unwrap_or("x").to_owned();
            let ctx = Context::new()
                .user("ada")
                .region("nz")
                .attr("a", "v1")
                .headers(&[("a", "b")] as &'static [(&str, &str); 1]);
            let start = Instant::now();
            let on = snap.is_enabled(&*name, &ctx);
            let took = start.elapsed();
            let start = Instant::now();
            let text = snap.explain(&*name, &ctx).to_string();
            println!(
                "   decide {name} = {on} {took:?}, explain {:?} {} bytes, peak {} MiB",
                start.elapsed(),
                text.len(),
                rss()
            );
            let start = Instant::now();
            drop(snap);
            println!("   drop {:?}", start.elapsed());
        }
        Err(e) => {
            let start = Instant::now();
            let text = e.to_string();
            println!("   render {:?} {} bytes, peak {} MiB", start.elapsed(), text.len(), rss());
        }
    }
}
