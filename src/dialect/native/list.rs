//! `in_file:` lists.

use std::sync::Arc;

use ipnet::IpNet;

use super::Lowering;
use super::fields::cut;
use crate::ir::{Declared, Entries, Listed, Matcher, Name, Subject};
use crate::report::Code;
use crate::source::{FileId, Problem, Spot};
use crate::tree::{Node, NodeId, Syntax};

/// Where the texts of list files come from.
pub(crate) trait ListFiles {
    /// The text of a list file that another file names, and the name to show for it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, in words for a message.
    fn read(&mut self, named_by: &str, path: &str) -> Result<(Arc<str>, Arc<str>), String>;
}

/// For texts that stand in no file.
pub(crate) struct NoListFiles;

impl ListFiles for NoListFiles {
    fn read(&mut self, _: &str, _: &str) -> Result<(Arc<str>, Arc<str>), String> {
        Err("a text that stands in no file cannot name one".to_owned())
    }
}

/// The entries of a list file, with the line of each.
#[derive(Clone)]
pub(super) struct List {
    file: FileId,
    name: Name,
    entries: Arc<[Name]>,
    lines: Arc<[u32]>,
}

impl List {
    /// Each entry with its line.
    fn numbered(&self) -> impl Iterator<Item = (u32, &Name)> {
        self.lines.iter().copied().zip(self.entries.iter())
    }
}

impl Lowering<'_> {
    pub(super) fn list_file(
        &mut self,
        node: &Node<'_>,
        subject: &Subject,
        ignore_case: bool,
    ) -> Option<Matcher> {
        let path = self.text(node, "`in_file`")?;
        let list = self.list(node, path)?;
        if let Subject::Attribute(_, Declared::OneOf(allowed)) = subject {
            let odd = list.numbered().find(|(_, entry)| !allowed.contains(entry));
            if let Some((line, entry)) = odd {
                let message = format!("`{}` is not among the declared values", cut(entry));
                self.error_in_list(&list, line, Code::AttributeType, message);
                return None;
            }
        }
        let entries = match subject {
            Subject::Ip => Entries::Networks(self.networks_of(&list)?.into()),
            _ => Entries::Texts { texts: list.entries, ignore_case },
        };
        Some(Matcher::Listed(Box::new(Listed { file: list.name, entries })))
    }

    fn networks_of(&mut self, list: &List) -> Option<Vec<IpNet>> {
        let mut networks = Vec::new();
        for (line, entry) in list.numbered() {
            let spot = Spot::Line(list.file, line);
            let owner = self.owner.clone();
            networks.extend(self.network_of(entry, |lowering, code, message| {
                lowering.push(Problem::error(code, message, spot, owner))
            }));
        }
        (networks.len() == list.entries.len()).then_some(networks)
    }

    fn error_in_list(&mut self, list: &List, line: u32, code: Code, message: String) {
        let spot = Spot::Line(list.file, line);
        let owner = self.owner.clone();
        self.push(Problem::error(code, message, spot, owner));
    }

    /// Reads a list file, once for a load.
    fn list(&mut self, node: &Node<'_>, path: &str) -> Option<List> {
        let named_by = self.sources.name_of(node.id);
        let key = (Arc::clone(&named_by), Name::from(path));
        if let Some(known) = self.lists_read.get(&key) {
            return known.clone().or_else(|| {
                let message = format!("the list file `{}` cannot be used", cut(path));
                self.error(Code::ListFile, node.id, message);
                None
            });
        }
        let list = self.read_list(node, &named_by, path);
        self.lists_read.insert(key, list.clone());
        list
    }

    fn read_list(&mut self, node: &Node<'_>, named_by: &str, path: &str) -> Option<List> {
        let (name, text) = match self.list_files.read(named_by, path) {
            Ok(read) => read,
            Err(reason) => {
                let message = format!("the list file `{}` cannot be read: {reason}", cut(path));
                self.error(Code::ListFile, node.id, message)
                    .help("it is looked for beside the file that names it");
                return None;
            }
        };
        let (lines, entries): (Vec<u32>, Vec<Name>) = (1..)
            .zip(text.strip_prefix('\u{feff}').unwrap_or(&text).lines())
            .map(|(line, entry)| (line, entry.trim()))
            .filter(|(_, entry)| !entry.is_empty() && !entry.starts_with('#'))
            .map(|(line, entry)| (line, Name::from(entry)))
            .unzip();
        // It has no nodes: its number is behind that of every node there can be.
        let (list, nowhere) = (Arc::clone(&name), NodeId(u32::MAX));
        let file = self.sources.add(list, Arc::clone(&text), Syntax::Yaml, nowhere);
        self.check_seal(file, text.strip_prefix('\u{feff}').unwrap_or(&text))?;
        if entries.is_empty() {
            let message = format!("the list file `{}` has no entry", cut(path));
            self.error(Code::ListFile, node.id, message)
                .help("nobody is `kill: true` or a rollout of `0%`");
            return None;
        }
        Some(List { file, name, entries: entries.into(), lines: lines.into() })
    }
}
