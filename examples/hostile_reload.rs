//! scratch
use hoist::{Context, Flags};
use std::fmt::Write as _;
use std::time::Instant;

fn main() {
    let which = std::env::args().nth(1).unwrap();
    let n: usize = std::env::args().nth(2).map(|n| n.parse().unwrap()).unwrap_or(0);
    let (mut a, mut b) = (String::from("version: 1\n"), String::from("version: 1\n"));
    match which.as_str() {
        "errors" => {
            a.push_str("flags: {}\n");
            b.push_str("flags:\n");
            for i in 0..n {
                writeln!(b, "  f{i}: {{zzzzzzzzzzzz: 1}}").unwrap();
            }
        }
        "refs" => {
            a.push_str("flags: {}\n");
            b.push_str("flags:\n");
            for i in 0..n {
                writeln!(b, "  f{i}: {{requires: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz{i}}}")
                    .unwrap();
            }
        }
        "cascade" => {
            // f0 breaks; f(i) needs the new variant of f(i-1)
            a.push_str("flags:\n");
            b.push_str("flags:\n");
            for i in 0..n {
                writeln!(a, "  f{i}: {{ variants: [x, y], default: x }}").unwrap();
            }
            writeln!(b, "  f0: {{ variants: [x, z], default: x, typo: 1 }}").unwrap();
            for i in 1..n {
                writeln!(
                    b,
                    "  f{i}: {{ variants: [x, z], default: x, requires: {{ f{}: z }} }}",
                    i - 1
                )
                .unwrap();
            }
        }
        "cascade-short" => {
            // the same in groups of 30, to stay within the depth
            a.push_str("flags:\n");
            b.push_str("flags:\n");
            for i in 0..n {
                writeln!(a, "  f{i}: {{ variants: [x, y], default: x }}").unwrap();
            }
            for i in 0..n {
                if i % 30 == 0 {
                    writeln!(
                        b,
                        "  f{i}: {{ variants: [x, z], default: x, {} }}",
                        if i == 0 { "typo: 1" } else { "" }
                    )
                    .unwrap();
                } else {
                    writeln!(
                        b,
                        "  f{i}: {{ variants: [x, z], default: x, requires: {{ f{}: z }} }}",
                        i - 1
                    )
                    .unwrap();
                }
            }
        }
        "segments" => {
            a.push_str("segments:\n  s0: { region: nz }\n");
            b.push_str("segments:\n  s0: { regoin: nz }\n");
            for i in 1..n {
                writeln!(a, "  s{i}: {{ region: nz }}").unwrap();
                writeln!(b, "  s{i}: {{ segment: s{} }}", i - 1).unwrap();
            }
            for t in [&mut a, &mut b] {
                writeln!(t, "flags: {{ f: {{ rules: [{{ when: {{ segment: s{} }} }}] }} }}", n - 1)
                    .unwrap();
            }
        }
        "deep" => {
            // odd flags keep an old version that nests deep and names the next; even ones are new
            a.push_str("flags:\n");
            b.push_str("flags:\n");
            for i in 0..n {
                if i % 2 == 1 {
                    let deep = |inner: &str| {
                        let mut s = inner.to_owned();
                        for _ in 0..20 {
                            s = format!("{{all: [{s}]}}");
                        }
                        s
                    };
                    writeln!(
                        a,
                        "  f{i}: {{ rules: [{{ when: {} }}] }}",
                        deep(&format!("{{flag.f{}: on}}", i + 1))
                    )
                    .unwrap();
                    writeln!(b, "  f{i}: {{ typo: 1 }}").unwrap();
                } else {
                    writeln!(a, "  f{i}: on").unwrap();
                    writeln!(b, "  f{i}: {{ requires: f{}, default: on }}", i + 1).unwrap();
                }
            }
            for t in [&mut a, &mut b] {
                writeln!(t, "  f{n}: on").unwrap();
            }
        }
        "exp" => {
            a.push_str("flags:\n");
            b.push_str("flags:\n");
            for i in 0..n {
                if i % 2 == 1 {
                    let one = format!("{{flag.f{}: off}}", i + 1);
                    let many = vec![one; 50].join(",");
                    writeln!(
                        a,
                        "  f{i}: {{ rules: [{{ when: {{any: [{many}]}} }}], default: on }}"
                    )
                    .unwrap();
                    writeln!(b, "  f{i}: {{ typo: 1 }}").unwrap();
                } else {
                    writeln!(a, "  f{i}: on").unwrap();
                    let one = format!("{{flag.f{}: off}}", i + 1);
                    let many = vec![one; 50].join(",");
                    writeln!(
                        b,
                        "  f{i}: {{ rules: [{{ when: {{any: [{many}]}} }}], default: on }}"
                    )
                    .unwrap();
                }
            }
            for t in [&mut a, &mut b] {
                writeln!(t, "  f{n}: on").unwrap();
            }
        }
        other => panic!("{other}"),
    }
    let path = std::env::temp_dir().join(format!("hoist-hostile-{}.yaml", std::process::id()));
    std::fs::write(&path, &a).unwrap();
    let start = Instant::now();
    let flags = Flags::builder().file(&path).without_following().open().unwrap();
    println!("{which} {n}: {} then {} bytes, open {:?}", a.len(), b.len(), start.elapsed());
    flags.reload().unwrap();
    std::fs::write(&path, &b).unwrap();
    let start = Instant::now();
    let outcome = flags.reload();
    std::fs::remove_file(&path).unwrap();
    println!(
        "  reload {:?}: {}",
        start.elapsed(),
        match outcome {
            Ok(o) => format!("{o:?}"),
            Err(e) => e.to_string().chars().take(300).collect(),
        }
    );
    let s = flags.status();
    println!("  kept {} left out {} flags {}", s.kept.len(), s.left_out.len(), s.flags);
    let snap = flags.snapshot();
    if let Some(name) = snap.flags().next() {
        let start = Instant::now();
        let on = snap.is_enabled(name, &Context::new());
        println!("  decide {name} {on} {:?}", start.elapsed());
    }
}
