//! The main job in one go: load a toggle file, ask, explain, edit the file, and see the change
//! arrive without a restart.
//!
//! `cargo run --release --example quickstart`, or with a toggle file of your own behind `--`.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hoist::{Context, Flags, ReloadEvent};

const TOGGLES: &str = r##"version: 1

attributes:
  email: text

segments:
  staff: { attr.email: { ends_with: "@company.com", ignore_case: true } }

flags:
  dark-mode: on
  new-search: 25%

  new-checkout:
    description: The checkout in one page.
    rules:
      - name: qa
        when: { header.x-new-checkout: "1" }
        request_targeting: allow
      - name: staff
        when: { segment: staff }
      - name: canary
        when: { region: [nz, au] }
        rollout: 5%

  button:
    variants: { control: grey, green: "#0a0", blue: "#00f" }
    rules:
      - name: colours
        when: { region: de }
        serve: { control: 50, green: 25, blue: 25 }
    default: control
"##;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("hoist-quickstart-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let text = match std::env::args().nth(1) {
        Some(given) => {
            std::fs::read_to_string(&given).map_err(|error| format!("{given}: {error}"))?
        }
        None => TOGGLES.to_owned(),
    };
    // A copy, so that the example can edit it.
    std::env::set_current_dir(folder)?;
    std::fs::write("flags.yaml", &text)?;
    let flags = Flags::open("flags.yaml")?;

    println!("Decisions, one snapshot for each request:\n");
    let requests = [
        ("a stranger", Context::new().user("mallory").region("fr").header("accept", "*/*")),
        ("a tester with a header", Context::new().user("tess").header("x-new-checkout", "1")),
        ("someone of the staff", Context::new().user("ada").attr("email", "Ada@Company.com")),
        ("a user in New Zealand", Context::new().user("user-60").region("nz")),
        ("a user in Germany", Context::new().user("user-3").region("de")),
    ];
    for (who, ctx) in &requests {
        println!("  {who}");
        let snap = flags.snapshot();
        for name in snap.flags() {
            println!("    {}", snap.decide(name, ctx));
        }
    }

    let snap = flags.snapshot();
    let asked = snap.flags().find(|name| *name == "new-checkout").or(snap.flags().next());
    let Some(asked) = asked else {
        println!("\nThe file has no flags to explain.");
        return Ok(());
    };
    println!("\nWhy did the user in New Zealand get that for {asked}?\n");
    print!("{}", snap.explain(asked, &requests[3].1));

    println!("\nNow the file is edited: `{asked}` is killed.\n");
    let (tell, told) = mpsc::channel();
    let _subscription = flags.subscribe(move |event| {
        // The receiver is gone once the change was seen.
        let _ = tell.send(event.clone());
    });
    let edited = killed(&text, asked);
    let written = Instant::now();
    std::fs::write("flags.yaml", edited)?;
    match told.recv_timeout(Duration::from_secs(5)) {
        Ok(ReloadEvent::Reloaded(change)) => {
            let took = written.elapsed().as_millis();
            println!("  live in every thread after {took} ms, without a restart");
            println!("  changed: {}", change.flags().join(", "));
        }
        Ok(other) => println!("  {other:?}"),
        Err(_) => println!("  no change was seen within 5 s"),
    }
    println!("  the tester now gets {}", flags.snapshot().decide(asked, &requests[1].1));
    Ok(())
}

/// The text with a flag killed: as a line of its own where the flag is a map, or in place of its
/// shorthand.
fn killed(text: &str, flag: &str) -> String {
    let key = format!("  {flag}:");
    let mut edited = String::new();
    for line in text.lines() {
        match line.strip_prefix(&key) {
            Some(rest) if rest.trim().is_empty() || rest.trim().starts_with('#') => {
                edited.push_str(&format!("{line}\n    kill: true\n"));
            }
            Some(_) => edited.push_str(&format!("{key} {{ kill: true }}\n")),
            None => edited.push_str(&format!("{line}\n")),
        }
    }
    edited
}
