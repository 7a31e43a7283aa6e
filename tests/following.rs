//! Who looks at the files, and what is told when nobody can.

mod folder;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use folder::{Folder, wait_until};
use hoist::{Condition, Context, Flags, ReloadEvent, ReloadOutcome, Strategy, Watch, WatchMode};

const ON: &str = "version: 1\nflags: { a: on, b: on }\n";
const OFF: &str = "version: 1\nflags: { a: off, b: on }\n";

/// How many threads of this process follow files, as the kernel lists them.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.flatten().filter_map(|task| {
        // A thread that ends meanwhile has no name any more.
        std::fs::read_to_string(task.path().join("comm")).ok()
    });
    names.filter(|name| name.trim() == "hoist-reload").count()
}

#[cfg(target_os = "linux")]
#[test]
fn on_demand_there_is_no_thread_and_no_thread_outlives_its_handle() {
    // In a process of its own: other tests have threads too.
    if std::env::var_os("HOIST_COUNTS_THREADS").is_none() {
        let name = "on_demand_there_is_no_thread_and_no_thread_outlives_its_handle";
        let ran = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env("HOIST_COUNTS_THREADS", "1")
            .status();
        assert!(ran.unwrap().success());
        return;
    }
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let manual = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
    assert_eq!((threads(), manual.status().mode), (0, WatchMode::OnDemand));
    folder.write("flags.yaml", OFF);
    assert!(matches!(manual.reload().unwrap(), ReloadOutcome::Reloaded(_)));
    assert_eq!(threads(), 0);

    let handles: Vec<Flags> = (0..8).map(|_| Flags::open(&path).unwrap()).collect();
    assert_eq!(threads(), 8);
    let last = handles[0].clone();
    drop(handles);
    assert_eq!(threads(), 1);
    drop(last);
    assert_eq!(threads(), 0);
}

#[test]
fn on_demand_a_listener_cannot_ask_and_other_threads_wait() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (asked, notes) = (flags.clone(), Arc::clone(&answers));
    let listener = flags.subscribe(move |_| {
        let answer = asked.reload();
        notes.lock().unwrap().push(answer.is_err());
    });
    folder.write("flags.yaml", OFF);
    flags.reload().unwrap();
    assert_eq!(*answers.lock().unwrap(), [true]);
    drop(listener);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(flags.reload().is_ok()));
        }
    });
    assert_eq!(flags.status().reloads.unchanged, 8);
}

#[test]
fn many_changes_are_a_few_publishes_and_the_newest_counts() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let flags = Flags::builder().file(&path).open().unwrap();
    let published = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&published);
    let _listener = flags.subscribe(move |event| {
        if matches!(event, ReloadEvent::Reloaded(_)) {
            notes.lock().unwrap().push(Instant::now());
        }
    });
    let start = Instant::now();
    let mut n = 0;
    while start.elapsed() < Duration::from_secs(2) {
        n += 1;
        folder.write("new", format!("version: 1\nflags: {{ a: on, b: {{ metadata-{n}: 1 }} }}\n"));
        folder.write("new", format!("{ON}# {n}\nx-n: {n}\n"));
        std::fs::rename(folder.at("new"), &path).unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }
    folder.write("new", OFF);
    std::fs::rename(folder.at("new"), &path).unwrap();
    wait_until("the newest", || !flags.is_enabled("a", &Context::new()));
    let published = published.lock().unwrap();
    assert!(published.len() > 1, "noise does not put it off for ever");
    // Told behind the publish, so that two tellings can be a little closer than two publishes.
    let gaps = published.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(
        gaps.clone().all(|gap| gap > Duration::from_millis(150)),
        "{:?}",
        gaps.collect::<Vec<_>>()
    );
}

#[test]
fn a_service_that_changes_its_directory_reads_no_other_files() {
    // In a process of its own: the directory is one for all threads.
    const INSIDE: &str = "HOIST_CHANGES_DIRECTORY";
    let Some(place) = std::env::var_os(INSIDE) else {
        let folder = Folder::new();
        folder.write("a/flags.yaml", ON);
        folder.write("b/flags.yaml", OFF);
        let name = "a_service_that_changes_its_directory_reads_no_other_files";
        let ran = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(INSIDE, folder.path())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        return;
    };
    let place = std::path::PathBuf::from(place);
    std::env::set_current_dir(place.join("a")).unwrap();
    let builder = Flags::builder().file("flags.yaml").kill_file("kill.txt");
    let flags = builder.watch(Watch::OnDemand).open().unwrap();
    std::env::set_current_dir(place.join("b")).unwrap();
    std::fs::write(place.join("a/kill.txt"), "b\n").unwrap();
    let error = flags.reload().unwrap_err().to_string();
    assert!(error.contains("give absolute paths"), "{error}");
    let ctx = Context::new();
    assert!(flags.is_enabled("a", &ctx) && !flags.is_enabled("b", &ctx), "and the kill landed");
    std::env::set_current_dir(place.join("a")).unwrap();
    assert!(flags.reload().is_ok() && flags.status().last_error.is_none());
}

#[cfg(unix)]
#[test]
fn a_fork_is_told_that_nobody_follows() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let flags = Flags::open(&path).unwrap();
    // SAFETY: the child does little, and ends without running what the parent still has to run.
    #[allow(unsafe_code, reason = "nothing else forks")]
    let child = unsafe { libc::fork() };
    if child == 0 {
        let stopped =
            matches!(flags.status().mode, WatchMode::Stopped(why) if why.contains("forked"));
        let refused = flags.reload().is_err_and(|error| error.to_string().contains("forked"));
        let answers = flags.is_enabled("a", &Context::new());
        drop(flags);
        let code = i32::from(!(stopped && refused && answers));
        // SAFETY: as above.
        #[allow(unsafe_code, reason = "an exit that runs no handlers")]
        unsafe {
            libc::_exit(code)
        }
    }
    let mut status = 0;
    // SAFETY: the child is ours, and the place for its status is there.
    #[allow(unsafe_code, reason = "nothing else waits for a fork")]
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0));
    assert_eq!(flags.status().mode, WatchMode::EventsAndPolling, "the parent goes on");
    assert!(flags.reload().is_ok());
}

/// A strategy that panics while it is compiled, if it is told to.
struct Moody(Arc<AtomicBool>);
struct Always;

impl Strategy for Moody {
    fn compile(&self, _: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        assert!(!self.0.load(Ordering::Relaxed), "a bad day");
        Ok(Box::new(Always))
    }
}

impl Condition for Always {
    fn holds(&self, _: &Context<'_>, _: SystemTime) -> Option<bool> {
        Some(true)
    }

    fn describe(&self) -> String {
        "always".to_owned()
    }
}

#[test]
fn a_strategy_that_panics_ends_nothing() {
    let folder = Folder::new();
    let text = |word: &str| {
        format!(
            "version: 1\nstrategies: [moody]\nflags: {{ a: {word}, m: {{ rules: [{{ when: {{ \
             strategy.moody: 1 }} }}] }} }}\n"
        )
    };
    let path = folder.write("flags.yaml", text("on"));
    let is_bad = Arc::new(AtomicBool::new(false));
    let builder = Flags::builder().file(&path).strategy("moody", Moody(Arc::clone(&is_bad)));
    let flags = builder.open().unwrap();
    let is_on = |flag: &str| flags.is_enabled(flag, &Context::new());
    assert!(is_on("m"));
    is_bad.store(true, Ordering::Relaxed);
    folder.write("flags.yaml", text("off"));
    // Whose conditions it makes keep those that they had; the others move on.
    wait_until("the reload", || !is_on("a"));
    assert!(is_on("m") && flags.status().kept == ["m"]);
    assert!(flags.status().last_error.unwrap().error.to_string().contains("panicked"));
    is_bad.store(false, Ordering::Relaxed);
    folder.write("flags.yaml", text("on"));
    wait_until("the reload", || is_on("a"));
    assert!(is_on("m") && flags.status().last_error.is_none());
}

#[test]
fn a_clock_that_panics_ends_nothing() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let is_bad = Arc::new(AtomicBool::new(false));
    let mood = Arc::clone(&is_bad);
    let clock = move || {
        assert!(!mood.load(Ordering::Relaxed), "a bad day");
        SystemTime::now()
    };
    let flags = Flags::builder().file(&path).clock(clock).open().unwrap();
    is_bad.store(true, Ordering::Relaxed);
    folder.write("flags.yaml", OFF);
    wait_until("the failure", || flags.status().last_error.is_some());
    assert!(flags.status().last_error.unwrap().error.to_string().contains("panicked"));
    assert!(flags.is_enabled("a", &Context::new()));
    is_bad.store(false, Ordering::Relaxed);
    drop(flags.reload());
    wait_until("the reload", || !flags.is_enabled("a", &Context::new()));
}

#[test]
fn a_listener_that_panics_stops_no_other() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let flags = Flags::open(&path).unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let notes = Arc::clone(&heard);
    let _bad = flags.subscribe(|_| panic!("a bad listener"));
    let _good = flags.subscribe(move |_| {
        notes.fetch_add(1, Ordering::Relaxed);
    });
    for (n, text) in [OFF, ON, OFF].into_iter().enumerate() {
        folder.write("flags.yaml", text);
        wait_until("the telling", || heard.load(Ordering::Relaxed) == n + 1);
    }
    assert_eq!(flags.status().mode, WatchMode::EventsAndPolling);
}

#[test]
fn a_status_is_json_for_whoever_watches() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", ON);
    let kills = folder.write("kill.txt", "b\n");
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let builder = Flags::builder().file(&path).kill_file(&kills).clock(move || at);
    let flags = builder.watch(Watch::OnDemand).open().unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&events);
    let _listener = flags.subscribe(move |event| {
        notes.lock().unwrap().push(serde_json::to_value(event).unwrap());
    });
    folder.write("flags.yaml", "version: 1\nflags: { a: 5, b: off, c: on }\n");
    flags.reload().unwrap();
    let status = serde_json::to_value(flags.status()).unwrap();
    let first = flags.status().last_reload.unwrap().from;
    let generation = flags.status().generation;
    let hash = format!("{:016x}", flags.status().hash);
    let name = path.display().to_string();
    let last_reload = serde_json::json!({
        "generation": generation, "from": first, "hash": hash, "at": "2027-01-15T08:00:00Z",
        "added": ["c"], "removed": [], "changed": ["b"], "broken": ["a"],
        "problems": [format!("{name}:2:13: percentage: `5` could be a percentage or a weight")],
        "mended": [], "killed": [], "lifted": [],
    });
    let expected = serde_json::json!({
        "set_id": null,
        "generation": generation,
        "hash": hash,
        "loaded_at": "2027-01-15T08:00:00Z",
        "origin": "files",
        "flags": 3,
        "sources": [name, kills],
        "kept": ["a"],
        "left_out": [],
        "missing": [],
        "undeclared": [],
        "killed": ["b"],
        "held": null,
        "refused": false,
        "last_error": {
            "error": {
                "message": "the toggle file has an error",
                "diagnostics": [{
                    "severity": "error",
                    "code": "percentage",
                    "message": "`5` could be a percentage or a weight",
                    "help": "write `5%` for a share of units; weights stand under `serve:`",
                    "file": name,
                    "line": 2,
                    "column": 13,
                    "flag": "a",
                }],
            },
            "since": "2027-01-15T08:00:00Z",
            "count": 1,
        },
        "last_reload": last_reload,
        "warnings": [],
        "reloads": { "ok": 1, "failed": 0, "unchanged": 0, "held": 0 },
        "mode": "on-demand",
        "retired": 1,
    });
    assert_eq!(status, expected);
    let mut told = last_reload;
    told["event"] = "reloaded".into();
    assert_eq!(*events.lock().unwrap(), [told]);
    folder.remove("flags.yaml");
    assert!(flags.reload().is_err());
    let events = events.lock().unwrap();
    assert_eq!(events[1]["event"], "failed");
    assert!(events[1]["error"]["message"].as_str().unwrap().contains("cannot be read"));
}
