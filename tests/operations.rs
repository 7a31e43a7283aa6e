//! What `docs/operations.md` shows is true: its toggle files load, and its manifest fits together.

mod folder;

use std::collections::BTreeSet;
use std::path::Path;

use folder::Folder;
use hoist::Context;
use serde::Deserialize as _;
use serde_yaml::{Deserializer, Value};

/// The page's blocks in one language.
fn blocks(language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let page = std::fs::read_to_string(path).unwrap();
    let fenced = page.split("```").skip(1).step_by(2);
    fenced
        .filter_map(|block| block.strip_prefix(&format!("{language}\n")))
        .map(str::to_owned)
        .collect()
}

/// The objects of the manifest.
fn manifest() -> Vec<Value> {
    let manifest = blocks("yaml").into_iter().find(|text| text.contains("kind: Deployment"));
    let manifest = manifest.expect("the page has a manifest");
    Deserializer::from_str(&manifest).map(|object| Value::deserialize(object).unwrap()).collect()
}

/// What is at a path of keys, and of numbers of items.
#[track_caller]
fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => value.get(key).unwrap_or_else(|| panic!("no `{key}` of {path} in {value:?}")),
    })
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    at(value, path).as_str().unwrap()
}

fn kind<'v>(objects: &'v [Value], kind: &str) -> Vec<&'v Value> {
    objects.iter().filter(|object| text(object, "kind") == kind).collect()
}

#[test]
fn the_toggle_files_load_and_the_overlay_fits_the_base() {
    let folder = Folder::new();
    let objects = manifest();
    let flags = kind(&objects, "ConfigMap")
        .into_iter()
        .find_map(|map| at(map, "data").get("flags.yaml")?.as_str())
        .expect("a ConfigMap has the flags");
    folder.write("base.yaml", flags);
    let overlay = blocks("yaml").into_iter().find(|text| text.starts_with("# production.yaml"));
    folder.write("production.yaml", overlay.expect("the page has an overlay"));
    for layers in [&["base.yaml"][..], &["base.yaml", "production.yaml"]] {
        let report = hoist::check(layers.iter().map(|name| folder.at(name)));
        assert_eq!((report.errors(), report.warnings()), (0, 0), "{report}");
        let snap = folder.opened(layers).snapshot();
        for name in blocks("text").iter().flat_map(|names| names.lines()).take(1) {
            let ctx = Context::new().user("42").region("nz").env("production");
            assert!(snap.decide(name, &ctx).place().is_some(), "`{name}` is spoken of");
        }
    }
}

#[test]
fn the_manifest_mounts_directories_and_what_the_handle_opens() {
    let objects = manifest();
    let deployments = kind(&objects, "Deployment");
    let [deployment] = deployments[..] else { panic!("{objects:?}") };
    let pod = at(deployment, "spec.template");
    assert_eq!(at(deployment, "spec.selector.matchLabels"), at(pod, "metadata.labels"));

    let maps = kind(&objects, "ConfigMap");
    let maps: BTreeSet<&str> = maps.iter().map(|map| text(map, "metadata.name")).collect();
    let volumes = at(pod, "spec.volumes").as_sequence().unwrap();
    for map in volumes.iter().filter_map(|volume| volume.get("configMap")) {
        let name = text(map, "name");
        let by_hand = format!("kubectl create configmap {name} ");
        let is_made = blocks("sh").iter().any(|command| command.contains(&by_hand));
        assert!(maps.contains(name) || is_made, "{name}");
    }

    let mounts = at(pod, "spec.containers.0.volumeMounts").as_sequence().unwrap();
    let names = |list: &'_ [Value]| -> BTreeSet<String> {
        list.iter().map(|entry| text(entry, "name").to_owned()).collect()
    };
    assert_eq!(names(mounts), names(volumes));
    assert!(mounts.iter().all(|mount| mount.get("subPath").is_none()));

    let handle = &blocks("rust,ignore")[0];
    let opened = handle.split('"').filter(|part| part.starts_with('/')).map(Path::new);
    let mounted: BTreeSet<&Path> =
        mounts.iter().map(|mount| Path::new(text(mount, "mountPath"))).collect();
    let opened: BTreeSet<&Path> = opened.map(|path| path.parent().unwrap()).collect();
    assert_eq!(opened, mounted);
}
