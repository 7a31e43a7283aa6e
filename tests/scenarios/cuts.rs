//! Texts of which a part is there: cut at every byte, and left behind by a writer that was killed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use hoist::{Error, Flags, Snapshot};

use crate::folder::Folder;
use crate::following::{Answer, Follower, Mode, Told};
use crate::random::Random;
use crate::ways;

/// A bit of everything, so that a cut can fall into it.
const SAMPLE: &str = r##"version: 1
attributes: { plan: [free, pro], email: text }
segments:
  staff: { attr.email: { ends_with: "@company.com" } }
flags:
  dark-mode: on
  search: 25%
  checkout:
    description: "Replaces the \"old\" one: é, 日本."
    kill: false
    requires: dark-mode
    rules:
      - name: staff
        when: { segment: staff }
      - name: pilot
        when: { all: [ { region: [nz, au] }, { not: { attr.plan: free } } ] }
        rollout: 5%
        else: off
      - { name: ramp, when: everyone, rollout: { 2026-12-01T09:00:00Z: 1% }, hold: 1% }
  button:
    variants: { control: grey, green: "#0a0" }
    rules:
      - name: colours
        when: { region: de }
        serve: { control: 50, green: 50 }
    default: control
"##;

/// The same document, as JSON.
fn json(text: &str) -> String {
    let tree: serde_json::Value = serde_yaml::from_str(text).unwrap();
    serde_json::to_string_pretty(&tree).unwrap()
}

/// That an error says what is wrong with a file, and where.
#[track_caller]
fn has_a_place(error: &Error, path: &Path) {
    let report = error.report().expect("it can be read");
    assert!(report.has_errors());
    for problem in report.diagnostics() {
        assert_eq!(Path::new(problem.file()), path);
        assert!(problem.line() >= 1 && problem.column() >= 1, "{report}");
    }
}

/// Puts each prefix of a text in the place of the file, and gives how many of them load.
#[track_caller]
fn loading_prefixes(name: &str, text: &str) -> usize {
    let folder = Folder::new();
    let path = folder.write(name, text);
    let flags = Flags::builder().file(&path).watch(hoist::Watch::OnDemand).open().unwrap();
    let whole = flags.status();
    let mut loading = 0;
    for end in 0..text.len() {
        let new = folder.write("new", &text.as_bytes()[..end]);
        fs::rename(new, &path).unwrap();
        match Snapshot::from_files([&path]) {
            Ok(snap) => {
                assert!(snap.flags().count() <= whole.flags);
                loading += 1;
            }
            Err(error) => has_a_place(&error, &path),
        }
        // A flag that is cut keeps its last good version, so that a reload takes more.
        if let Err(error) = flags.reload() {
            has_a_place(&error, &path);
        }
    }
    let new = folder.write("new", text);
    fs::rename(new, &path).unwrap();
    flags.reload().unwrap();
    let status = flags.status();
    assert_eq!((status.hash, status.flags), (whole.hash, whole.flags));
    assert!(status.last_error.is_none() && status.kept.is_empty(), "{status:?}");
    loading
}

/// Nothing in a YAML text says that it goes on: this is what the reader's other guards are for.
#[test]
fn a_prefix_of_yaml_is_refused_with_its_place_or_loads() {
    let loading = loading_prefixes("flags.yaml", SAMPLE);
    println!("{loading} of {} prefixes of the YAML text load", SAMPLE.len());
    assert!(loading > 0);
}

#[test]
fn no_prefix_of_json_loads() {
    assert_eq!(loading_prefixes("flags.json", &json(SAMPLE)), 0);
}

/// Set for the process that writes: the path, how many bytes it writes of the text, and which.
const WRITER: &str = "HOIST_TEST_WRITER";

/// The words of that variable.
struct Job {
    path: String,
    bytes: usize,
    number: usize,
}

impl Job {
    fn of(words: &str) -> Job {
        let parts: Vec<&str> = words.split('|').collect();
        let [path, bytes, number] = parts[..] else { panic!("{words}") };
        let (bytes, number) = (bytes.parse().unwrap(), number.parse().unwrap());
        Job { path: path.to_owned(), bytes, number }
    }

    /// The text to write.
    fn text(path: &str, number: usize) -> String {
        let text = ways::text(number);
        if path.contains("json") { json(&text) } else { text }
    }

    /// Writes as far as it is to, says so, and waits for its end, or for that of who started it.
    fn work(&self) {
        let text = Job::text(&self.path, self.number);
        let mut file = File::create(&self.path).unwrap();
        // In small steps, each of which another process may see.
        for step in text.as_bytes()[..self.bytes].chunks(7) {
            file.write_all(step).unwrap();
        }
        eprintln!("written");
        let _ = std::io::stdin().read(&mut [0]);
    }
}

/// Starts a writer, and kills it when it has written so many bytes of a text.
fn killed_writer(path: &Path, bytes: usize, number: usize) {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cuts::the_writer", "--nocapture"])
        .env(WRITER, format!("{}|{bytes}|{number}", path.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(writer.stderr.take().unwrap());
    let is_written = said.lines().any(|line| line.unwrap() == "written");
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(is_written);
}

/// No test, but the process that the others start.
#[test]
fn the_writer() {
    if let Ok(words) = std::env::var(WRITER) {
        Job::of(&words).work();
    }
}

/// How often a writer is killed, each time while it writes the next text.
const KILLED: usize = 8;

/// Kills writers of a file at random points, each time finishing their work; gives how many parts
/// of a text were live between.
#[track_caller]
fn published_parts(name: &str, writes: &str, mode: Mode) -> usize {
    let mut random = Random::new(20_261_121);
    let folder = Folder::new();
    folder.write(name, Job::text(name, 0));
    let follower = Follower::of(&folder, name, mode);
    let mut parts = 0;
    for number in 1..=KILLED {
        let text = Job::text(name, number);
        killed_writer(&folder.at(writes), random.below(text.len()), number);
        // Taken, or refused with its place; nothing is asked of it but that it answers.
        if let Err(error) = follower.flags.reload() {
            has_a_place(&error, &folder.at(name));
        }
        let between = follower.told();
        fs::rename(folder.write("new", text), folder.at(name)).unwrap();
        let told = between.into_iter().chain(follower.sees(number));
        let whole = [number - 1, number].map(|number| Told::Published(Answer::right(number)));
        let is_part = |told: &Told| matches!(told, Told::Published(_)) && !whole.contains(told);
        parts += told.filter(is_part).count();
    }
    parts
}

#[test]
fn a_writer_of_yaml_that_is_killed_and_finished() {
    for mode in [Mode::EventsAndPolling, Mode::PollingAlone] {
        let parts = published_parts("flags.yaml", "flags.yaml", mode);
        println!("{parts} parts of {KILLED} YAML texts were live, {mode:?}");
    }
}

#[test]
fn a_writer_of_json_that_is_killed_leaves_no_part_that_counts() {
    for mode in [Mode::EventsAndPolling, Mode::PollingAlone] {
        assert_eq!(published_parts("flags.json", "flags.json", mode), 0);
    }
}

#[test]
fn a_writer_beside_the_file_that_is_killed_leaves_no_part_that_counts() {
    for mode in [Mode::EventsAndPolling, Mode::PollingAlone] {
        assert_eq!(published_parts("flags.yaml", ".flags.yaml.new", mode), 0);
    }
}
