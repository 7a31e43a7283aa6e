//! Where changes can show: the directories on the way to the files, and the names that matter in
//! each.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::files::identity_of;

/// How many links are followed on the way to one file; Linux follows as many.
const MOST_LINKS: usize = 40;

/// Directories by their real paths, without a link on the way, and what matters in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directories(BTreeMap<PathBuf, Entries>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entries {
    names: BTreeSet<OsString>,
    /// Whether it is a layer, in which every name may be that of a toggle file.
    is_layer: bool,
    /// Whether what is read lies right in it.
    is_near: bool,
    /// Another directory of the same name is to be watched anew.
    identity: Option<[i64; 2]>,
}

impl Directories {
    /// Those on the way to all these paths.
    pub(super) fn on_the_way_to(paths: impl IntoIterator<Item = PathBuf>) -> Directories {
        let mut directories = Directories::default();
        for path in paths {
            directories.add_way_to(&path);
        }
        directories
    }

    /// Adds every directory that has an entry on the way to a path, as the kernel walks it: the
    /// entry can be replaced there, or the link retargeted.
    fn add_way_to(&mut self, path: &Path) {
        let Ok(path) = std::path::absolute(path) else { return };
        let mut real = PathBuf::from("/");
        let mut rest = parts_of(&path);
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                real.pop();
                continue;
            }
            self.at(&real).names.insert(part.clone());
            let entry = real.join(&part);
            match fs::read_link(&entry) {
                Ok(target) if links < MOST_LINKS => {
                    links += 1;
                    if target.is_absolute() {
                        real = PathBuf::from("/");
                    }
                    rest.extend(parts_of(&target));
                }
                Ok(_) => return,
                // No link, or nothing.
                Err(_) if entry.is_dir() => real = entry,
                Err(_) => {
                    self.at(&real).is_near |= rest.is_empty();
                    return;
                }
            }
        }
        let layer = self.at(&real);
        (layer.is_layer, layer.is_near) = (true, true);
    }

    fn at(&mut self, directory: &Path) -> &mut Entries {
        self.0.entry(directory.to_owned()).or_insert_with(|| Entries {
            identity: fs::metadata(directory).ok().map(|metadata| identity_of(&metadata)),
            ..Entries::default()
        })
    }

    /// The directories, and whether what is read lies right in each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, bool)> {
        self.0.iter().map(|(path, entries)| (path.as_path(), entries.is_near))
    }

    /// Whether a path is one of the directories.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    /// Whether what happened to a path can matter.
    pub(super) fn concern(&self, path: &Path) -> bool {
        let is_entry = || {
            let entries = self.0.get(path.parent()?)?;
            Some(entries.is_layer || entries.names.contains(path.file_name()?))
        };
        self.has(path) || is_entry().unwrap_or(false)
    }
}

/// The parts of a path, the last first.
fn parts_of(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    parts.collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_link_on_the_way_has_its_directory() {
        let root = std::env::temp_dir().join(format!("hoist-directories-{}", std::process::id()));
        for folder in ["real/one", "real/two", "links"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("real/two/flags.yaml"), "").unwrap();
        symlink("../real/one", root.join("links/one")).unwrap();
        symlink("../two/flags.yaml", root.join("real/one/flags.yaml")).unwrap();
        let root = fs::canonicalize(root).unwrap();

        let found = Directories::on_the_way_to([root.join("links/one/flags.yaml")]);
        for (path, matters) in [
            ("links/one", true),
            ("links/other", false),
            ("real/one/flags.yaml", true),
            ("real/two/flags.yaml", true),
            ("real/two/list.txt", false),
            ("real", true),
            ("elsewhere", false),
        ] {
            assert_eq!(found.concern(&root.join(path)), matters, "{path}");
        }
        let near: Vec<_> = found.iter().filter(|(_, is_near)| *is_near).collect();
        assert_eq!(near, [(root.join("real/two").as_path(), true)]);

        // In a layer every name may be that of a toggle file.
        let found = Directories::on_the_way_to([root.join("links/one")]);
        assert!(found.concern(&root.join("real/one/new.yaml")));

        // A link that leads to itself ends.
        symlink("loop", root.join("links/loop")).unwrap();
        assert!(Directories::on_the_way_to([root.join("links/loop")]).has(&root.join("links")));
        fs::remove_dir_all(root).unwrap();
    }
}
