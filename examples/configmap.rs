//! A ConfigMap as a service in Kubernetes sees it: the kubelet writes each version beside the one
//! before and swaps a link, and the service follows. One version has a mistake in it.
//!
//! `cargo run --example configmap`. It needs no cluster: it plays the kubelet's part too.

use std::error::Error;
use std::fs;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hoist::{Context, Flags, ReloadEvent, Subscription};

/// What each version of the ConfigMap is about, and its text.
const VERSIONS: [(&str, &str); 5] = [
    (
        "a quarter of New Zealand gets the new checkout, and not ada",
        "version: 1
flags:
  new-checkout:
    rules:
      - name: kiwis
        when: { region: nz }
        rollout: 25%
  page-size: { default: { value: 20 } }
",
    ),
    (
        "all of New Zealand gets it, and pages are longer",
        "version: 1
flags:
  new-checkout:
    rules:
      - name: kiwis
        when: { region: nz }
  page-size: { default: { value: 50 } }
",
    ),
    (
        "Australia is added, and a bracket forgotten",
        "version: 1
flags:
  new-checkout:
    rules:
      - name: oceania
        when: { region: [nz, au }
  page-size: { default: { value: 50 } }
",
    ),
    (
        "the bracket is there",
        "version: 1
flags:
  new-checkout:
    rules:
      - name: oceania
        when: { region: [nz, au] }
  page-size: { default: { value: 50 } }
",
    ),
    (
        "it hurts, and is killed",
        "version: 1
flags:
  new-checkout:
    kill: true
    rules:
      - name: oceania
        when: { region: [nz, au] }
  page-size: { default: { value: 50 } }
",
    ),
];

/// Writes a version into the volume as the kubelet does (`pkg/volume/util/atomic_writer.go` of
/// Kubernetes): into a new directory, which takes the place of the one before in one step.
fn publish(mount: &Path, number: usize, text: &str) -> io::Result<()> {
    let directory = format!("..2026_11_21_09_00_{number:02}.714025361");
    fs::create_dir(mount.join(&directory))?;
    fs::write(mount.join(&directory).join("flags.yaml"), text)?;

    let (data, new) = (mount.join("..data"), mount.join("..data_tmp"));
    let before = fs::read_link(&data).ok();
    symlink(&directory, &new)?;
    fs::rename(&new, &data)?;

    match before {
        Some(before) => fs::remove_dir_all(mount.join(before)),
        None => symlink("..data/flags.yaml", mount.join("flags.yaml")),
    }
}

#[cfg(not(unix))]
fn symlink(_: impl AsRef<Path>, _: impl AsRef<Path>) -> io::Result<()> {
    Err(io::Error::other("a ConfigMap volume is made of links as Unix has them"))
}

/// The volume as `ls -A` shows it.
fn list(mount: &Path) -> io::Result<()> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(mount)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        lines.push(match fs::read_link(entry.path()) {
            Ok(target) => format!("{name} -> {}", target.display()),
            Err(_) => format!("{name}/"),
        });
    }
    lines.sort();
    lines.iter().for_each(|line| println!("  {line}"));
    Ok(())
}

/// A handle, and the news of it.
struct Service {
    flags: Flags,
    news: Receiver<(Instant, ReloadEvent)>,
    _subscription: Subscription,
}

impl Service {
    fn open(path: impl AsRef<Path>) -> Result<Service, hoist::Error> {
        let flags = Flags::open(path)?;
        let (tell, news) = channel();
        let subscription = flags.subscribe(move |event| {
            // The receiver is gone once the program ends.
            let _ = tell.send((Instant::now(), event.clone()));
        });
        Ok(Service { flags, news, _subscription: subscription })
    }

    /// What two users get now.
    fn decisions(&self) -> [(&'static str, String); 2] {
        let snap = self.flags.snapshot();
        [("ada", "nz"), ("bob", "au")].map(|(user, region)| {
            let ctx = Context::new().user(user).region(region);
            (user, snap.decide("new-checkout", &ctx).to_string())
        })
    }

    /// Waits for what comes of a swap, and tells it.
    fn tell_next(&self, swapped: Instant) -> Result<(), Box<dyn Error>> {
        let next = self.news.recv_timeout(Duration::from_secs(10));
        let (at, event) = next.map_err(|_| "no change was seen within 10 s")?;
        let took = at.duration_since(swapped).as_millis();
        match event {
            ReloadEvent::Reloaded(change) => {
                let generation = change.generation;
                println!(
                    "  live in every thread {took} ms after the swap: generation {generation}"
                );
                println!("  changed: {}\n", change.flags().join(", "));
            }
            ReloadEvent::Failed { error } => {
                println!("  refused {took} ms after the swap, and what was live stays so\n");
                for line in error.to_string().lines() {
                    println!("{}", format!("    {line}").trim_end());
                }
                println!();
            }
            other => println!("  {other:?}\n"),
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mount = std::env::temp_dir().join(format!("hoist-configmap-{}", std::process::id()));
    fs::create_dir_all(&mount)?;
    let result = run(&mount);
    fs::remove_dir_all(&mount)?;
    result
}

fn run(mount: &Path) -> Result<(), Box<dyn Error>> {
    let [(about, first), later @ ..] = VERSIONS;
    publish(mount, 1, first)?;
    println!("A ConfigMap with the key flags.yaml, mounted as a volume:\n");
    list(mount)?;

    println!("\nVersion 1: {about}\n");
    std::env::set_current_dir(mount)?;
    let service = Service::open("flags.yaml")?;
    let mut was = service.decisions();
    for (user, decision) in &was {
        println!("  {user} gets  {decision}");
    }

    for (number, (about, text)) in (2..).zip(later) {
        println!("\nVersion {number}: {about}\n");
        let swapped = Instant::now();
        publish(mount, number, text)?;
        service.tell_next(swapped)?;
        let now = service.decisions();
        for ((user, was), (_, now)) in was.iter().zip(&now) {
            println!("  {user} got   {was}");
            println!("      gets  {now}");
        }
        was = now;
    }

    let status = service.flags.status();
    println!("\nThe status in the end:\n");
    println!("  generation {}, {} flags", status.generation, status.flags);
    let reloads = status.reloads;
    println!("  reloads: {} ok, {} failed", reloads.ok, reloads.failed);
    match status.last_error {
        None => println!("  nothing is wrong now"),
        Some(failure) => println!("  wrong now: {}", failure.error),
    }
    Ok(())
}
