//! A copy of the last good texts on disk, for a start while the files are broken or not there.

use std::fs::Permissions;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::files;
use super::read::{Contents, DiskLists, Good, Layers};
use crate::dialect::native::{ListFiles, Text};
use crate::disk;
use crate::error::Error;
use crate::load::{self, Kills, Loaded, Origin, Settings};
use crate::tree::Syntax;

/// What the copy is made of, as JSON.
#[derive(Serialize, Deserialize)]
struct Copy {
    /// Of the form of the copy.
    version: u32,
    /// XXH3 of the texts, so that a copy that was damaged is not taken for a good one.
    checksum: String,
    /// The hash of the contents, as the state has it.
    hash: u64,
    texts: Texts,
}

#[derive(Serialize, Deserialize)]
struct Texts {
    /// What the handle was told to read: the copy is of no use to another.
    sources: Vec<String>,
    layers: Vec<Vec<Kept>>,
    lists: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    text: String,
}

impl Texts {
    fn checksum(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        format!("xxh3-128:{:032x}", xxh3_128(&bytes))
    }
}

/// The copy of a good state, ready to be written.
pub(super) fn copy_of(
    sources: &Layers,
    contents: &Contents,
    lists: &DiskLists,
    hash: u64,
) -> Vec<u8> {
    let kept = |name: &str, text: &str| Kept { name: name.to_owned(), text: text.to_owned() };
    let layers = contents.layers.iter();
    let texts = Texts {
        sources: names_of(sources),
        layers: layers
            .map(|texts| texts.iter().map(|text| kept(&text.name, &text.text)).collect())
            .collect(),
        lists: lists.read.iter().map(|(path, text)| kept(&path.to_string_lossy(), text)).collect(),
    };
    let copy = Copy { version: 1, checksum: texts.checksum(), hash, texts };
    serde_json::to_vec(&copy).unwrap_or_default()
}

fn names_of(sources: &Layers) -> Vec<String> {
    sources.0.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Writes a copy, unless the same is there.
pub(super) fn write(path: &Path, copy: &[u8]) -> Result<(), String> {
    if files::read(path, copy.len() as u64).is_ok_and(|known| known == copy) {
        return Ok(());
    }
    disk::replace(path, copy, owners_only())
        .map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}

/// Lists can hold what is nobody else's business.
#[cfg(unix)]
fn owners_only() -> Option<Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn owners_only() -> Option<Permissions> {
    None
}

/// Loads the state of a copy.
///
/// # Errors
///
/// Why there is none that can be used.
pub(super) fn load(
    path: &Path,
    sources: &Layers,
    kills: &Kills,
    settings: &Settings,
) -> Result<Loaded, Error> {
    let unusable = |reason: &str| Error::unreadable(path, reason);
    // Ours, and as large as all files together.
    let most = settings.limits.file_bytes.saturating_mul(64);
    let bytes = files::read(path, most).map_err(|reason| unusable(&reason))?;
    let copy: Copy = serde_json::from_slice(&bytes)
        .map_err(|error| unusable(&format!("it is no copy of toggle files: {error}")))?;
    if copy.version != 1 || copy.texts.checksum() != copy.checksum {
        return Err(unusable("it is damaged, or of another version"));
    }
    if copy.texts.sources != names_of(sources) {
        return Err(unusable("it is a copy of other files"));
    }
    let text = |kept: &Kept| Text {
        name: kept.name.as_str().into(),
        text: kept.text.as_str().into(),
        syntax: Syntax::of_path(Path::new(&kept.name)),
    };
    let layers: Vec<Vec<Text>> =
        copy.texts.layers.iter().map(|texts| texts.iter().map(text).collect()).collect();
    let mut origin = Origin {
        layers: &layers,
        list_files: &mut CopiedLists(&copy.texts.lists),
        hash: copy.hash,
        kills,
        settings,
    };
    load::load(&mut origin).map_err(Error::invalid)
}

/// List files as they were copied.
struct CopiedLists<'c>(&'c [Kept]);

impl ListFiles for CopiedLists<'_> {
    fn read(&mut self, named_by: &str, path: &str) -> Result<(Arc<str>, Arc<str>), String> {
        let path = files::beside(named_by, path);
        let name = path.to_string_lossy();
        let kept = self.0.iter().find(|kept| kept.name == name);
        let kept = kept.ok_or_else(|| "the copy lacks it".to_owned())?;
        Ok((kept.name.as_str().into(), kept.text.as_str().into()))
    }
}

impl Good {
    /// The copy of it.
    pub(super) fn copy(&self, sources: &Layers) -> Vec<u8> {
        copy_of(sources, &self.contents, &self.lists, self.loaded.hash)
    }
}
