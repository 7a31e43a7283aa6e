//! Zero network: nothing that a default build links opens a socket or is an asynchronous runtime.
//!
//! Which crates there are on every platform is read from `Cargo.lock`, because a build downloads
//! those of its own platform only and this must work after it without a network; which features
//! they have is asked of cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

/// Crates that open sockets, speak a protocol over them, or run tasks that would.
const REFUSED: [&str; 34] = [
    "async-executor",
    "async-io",
    "async-net",
    "async-std",
    "axum",
    "curl",
    "curl-sys",
    "h2",
    "h3",
    "hyper",
    "hyper-util",
    "isahc",
    "minreq",
    "native-tls",
    "openssl",
    "openssl-sys",
    "polling",
    "quinn",
    "quinn-udp",
    "reqwest",
    "rustls",
    "s2n-quic",
    "smol",
    "socket2",
    "ssh2",
    "surf",
    "tiny_http",
    "tokio",
    "tonic",
    "tungstenite",
    "ureq",
    "warp",
    "websocket",
    "zmq",
];

/// What crates say of themselves on crates.io.
const REFUSED_CATEGORIES: [&str; 5] = [
    "asynchronous",
    "network-programming",
    "web-programming::http-client",
    "web-programming::http-server",
    "web-programming::websocket",
];

/// It watches file descriptors for the file events of `notify`; its sockets are a feature.
const WATCHER: &str = "mio";

/// Crates of these categories that are looked at: one has no sockets without its feature, the
/// other computes with addresses.
const EXCUSED: [&str; 2] = [WATCHER, "ipnet"];

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What cargo knows of the packages of this platform.
fn metadata() -> Json {
    let about = String::from_utf8(cargo(&["-vV"])).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let json = cargo(&[
        "metadata",
        "--format-version=1",
        "--offline",
        "--locked",
        "--filter-platform",
        host,
    ]);
    serde_json::from_slice(&json).unwrap()
}

fn packages(metadata: &Json) -> BTreeMap<&str, &Json> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (package["name"].as_str().unwrap(), package)).collect()
}

fn words(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// The features that follow from some.
fn implied<'f>(
    package: &'f Json,
    features: impl IntoIterator<Item = &'f str>,
) -> BTreeSet<&'f str> {
    let mut open: Vec<&str> = features.into_iter().collect();
    let mut all = BTreeSet::new();
    while let Some(feature) = open.pop() {
        if all.insert(feature) {
            open.extend(words(&package["features"][feature]));
        }
    }
    all
}

/// The normal dependencies that a build of the crate with a feature has of its own.
fn of_build<'j>(hoist: &'j Json, feature: &'j str) -> Vec<&'j Json> {
    let features = implied(hoist, [feature]);
    let declared = hoist["dependencies"].as_array().unwrap().iter();
    declared
        .filter(|declared| declared["kind"].is_null())
        .filter(|declared| {
            let name = declared["name"].as_str().unwrap();
            let is_asked = features.contains(name) || features.contains(&*format!("dep:{name}"));
            is_asked || !declared["optional"].as_bool().unwrap()
        })
        .collect()
}

/// Each package of `Cargo.lock` with the names of those it depends on, on any platform.
fn locked() -> BTreeMap<String, BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let text = fs::read_to_string(path).unwrap();
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in text.split("[[package]]").skip(1) {
        let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
        let name = package.lines().find(|line| line.starts_with("name = ")).and_then(quoted);
        let dependencies = package.lines().filter(|line| line.starts_with(' ')).filter_map(quoted);
        // Where there are two versions of a package its name is followed by one of them.
        let names = dependencies.map(|named| named.split(' ').next().unwrap().to_owned());
        packages.entry(name.unwrap()).or_default().extend(names);
    }
    packages
}

/// The names of all packages that a build with a feature has on some platform, with one that asks
/// for it.
fn of_every_platform(hoist: &Json, feature: &str) -> BTreeMap<String, String> {
    let locked = locked();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Vec<(String, String)> = of_build(hoist, feature)
        .into_iter()
        .map(|declared| (declared["name"].as_str().unwrap().to_owned(), "hoist".to_owned()))
        .collect();
    while let Some((name, asked_by)) = open.pop() {
        if found.insert(name.clone(), asked_by).is_none() {
            let dependencies = locked.get(&name).expect(&name);
            open.extend(dependencies.iter().map(|other| (other.clone(), name.clone())));
        }
    }
    found
}

#[test]
fn no_dependency_opens_a_socket_or_runs_tasks() {
    let metadata = metadata();
    let packages = packages(&metadata);
    let found = of_every_platform(packages["hoist"], "default");
    // What the walk must have met, or it does not walk.
    for known in ["serde", "libc", "notify", WATCHER, "windows-sys", "kqueue", "libyaml-rs"] {
        assert!(found.contains_key(known), "{known} is not found: {:?}", found.keys());
    }
    for (name, asked_by) in &found {
        assert!(!REFUSED.contains(&&**name), "`{asked_by}` brings `{name}`");
        let about = packages.get(&**name).map(|package| words(&package["categories"]));
        let network = about.into_iter().flatten().find(|word| REFUSED_CATEGORIES.contains(word));
        let is_known = network.is_none() || EXCUSED.contains(&&**name);
        assert!(is_known, "`{asked_by}` brings `{name}`, which is of the category {network:?}");
    }
}

/// What stands in a service's stack or tells its telemetry is a guest of its runtime, and brings
/// none.
#[test]
fn the_layers_for_services_bring_no_runtime() {
    let metadata = metadata();
    let packages = packages(&metadata);
    for (feature, known) in [
        ("http", "http"),
        ("tower", "tower-layer"),
        ("axum", "axum-core"),
        ("metrics", "metrics"),
        ("tracing", "siphasher"),
    ] {
        let found = of_every_platform(packages["hoist"], feature);
        assert!(found.contains_key(known), "{known} is not found: {:?}", found.keys());
        let refused = REFUSED.iter().find(|name| found.contains_key(**name));
        assert_eq!(refused, None, "by the feature {feature}");
    }
}

#[test]
fn the_watcher_has_no_sockets() {
    let metadata = metadata();
    let packages = packages(&metadata);
    let hoist = packages["hoist"];
    let found = of_every_platform(hoist, "default");
    let mut asked = BTreeSet::new();
    for name in found.keys() {
        let Some(package) = packages.get(&**name) else { continue };
        let declared = package["dependencies"].as_array().unwrap().iter();
        for declared in declared.filter(|declared| declared["name"] == WATCHER) {
            asked.extend(words(&declared["features"]));
            asked.extend(declared["uses_default_features"].as_bool().unwrap().then_some("default"));
        }
    }
    // Not on every platform is there one at all.
    let Some(watcher) = packages.get(WATCHER) else { return };
    let features = implied(watcher, asked);
    assert!(features.contains("os-poll"), "who asks for it is not found: {features:?}");
    assert!(!features.contains("net"), "{features:?}");
}

/// Without it a number in JSON can differ in its last bit from the same number in YAML, and both
/// from build to build, by what other crates ask of serde_json.
#[test]
fn json_numbers_are_read_exactly_in_every_build() {
    let metadata = metadata();
    let packages = packages(&metadata);
    let own = of_build(packages["hoist"], "default");
    let json = own.into_iter().find(|declared| declared["name"] == "serde_json").unwrap();
    assert!(words(&json["features"]).contains(&"float_roundtrip"));
}

/// The tool that looks at the supply chain refuses the same crates.
#[test]
fn the_tool_refuses_the_same() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let text = fs::read_to_string(path).unwrap();
    let listed = text.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \""));
    let listed: Vec<&str> = listed.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(listed, REFUSED);
}
