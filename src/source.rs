//! The texts of one load, and what is known of where things stand in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::report::{Code, Diagnostic, Report, Severity, SourceLine};
use crate::tree::{At, NodeId, Syntax, place};

/// The number of a file within one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId(pub(crate) u16);

/// Where a problem is, in whatever form the finder of it knew.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot {
    Node(NodeId),
    Offset(FileId, u32),
    /// A line of a file, from 1.
    Line(FileId, u32),
}

impl Spot {
    pub(crate) fn offset(file: FileId, offset: usize) -> Spot {
        Spot::Offset(file, u32::try_from(offset).unwrap_or(u32::MAX))
    }
}

/// Spots say where a thing was written, never what it is: two flags that mean the same are equal.
impl PartialEq for Spot {
    fn eq(&self, _: &Spot) -> bool {
        true
    }
}

/// The [`Spot`] of what is always a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeSpot(pub(crate) NodeId);

/// As with a [`Spot`].
impl PartialEq for NodeSpot {
    fn eq(&self, _: &NodeSpot) -> bool {
        true
    }
}

impl From<NodeSpot> for Spot {
    fn from(spot: NodeSpot) -> Spot {
        Spot::Node(spot.0)
    }
}

/// A file and a line to show to people.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
}

/// As with a [`Spot`]: a flag that moved down a line is the same flag.
impl PartialEq for Place {
    fn eq(&self, _: &Place) -> bool {
        true
    }
}

/// A line of a file that is known by its number; 0 where the line is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileLine {
    pub(crate) file: FileId,
    pub(crate) line: u32,
}

/// As with a [`Spot`].
impl PartialEq for FileLine {
    fn eq(&self, _: &FileLine) -> bool {
        true
    }
}

/// What a problem breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// The whole set of files.
    Set,
    Flag(Arc<str>),
    Segment(Arc<str>),
    /// The `tests:` of a file, which break nothing.
    Tests,
}

/// One problem before its place is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Where the other thing is that this one clashes with.
    pub(crate) first: Option<Spot>,
    pub(crate) spot: Spot,
    pub(crate) owner: Owner,
}

impl Problem {
    pub(crate) fn error(
        code: Code,
        message: impl Into<String>,
        spot: Spot,
        owner: Owner,
    ) -> Problem {
        let severity = Severity::Error;
        let message = message.into();
        Problem { severity, code, message, help: None, first: None, spot, owner }
    }

    pub(crate) fn warning(
        code: Code,
        message: impl Into<String>,
        spot: Spot,
        owner: Owner,
    ) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(code, message, spot, owner) }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
}

/// One text of a load.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file as it was named.
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) syntax: Syntax,
    /// The number of the text's first node.
    pub(crate) first: NodeId,
    /// The byte at which each line after the first starts.
    breaks: Vec<u32>,
}

impl Source {
    /// The line of a byte, from 1.
    fn line(&self, offset: usize) -> u32 {
        let line = self.breaks.partition_point(|start| *start as usize <= offset);
        u32::try_from(line).unwrap_or(u32::MAX - 1) + 1
    }

    /// The byte at which the line of a byte starts.
    fn line_start(&self, offset: usize) -> usize {
        let breaks = self.breaks.partition_point(|start| *start as usize <= offset);
        let last = breaks.checked_sub(1).and_then(|at| self.breaks.get(at));
        last.map_or(0, |start| *start as usize)
    }

    /// The part of a line around a byte of it, as far as a picture reaches.
    fn around(&self, offset: usize, column: u32) -> Option<SourceLine> {
        let before = self.text.get(self.line_start(offset)..offset)?;
        let behind = self.text.get(offset..)?;
        let on_line = behind.char_indices().take_while(|(_, c)| *c != '\n');
        let last = on_line.take(SourceLine::REACH).last();
        let end = last.map_or(0, |(at, c)| at + c.len_utf8());
        let reach = before.char_indices().rev().take(SourceLine::REACH);
        let start = reach.last().map_or(before.len(), |(at, _)| at);
        let (before, behind) = (before.get(start..)?, behind.get(..end)?);
        let text = format!("{before}{}", behind.strip_suffix('\r').unwrap_or(behind));
        let skipped = (column as usize - 1).saturating_sub(before.chars().count());
        (!text.is_empty()).then_some(SourceLine { text, skipped })
    }
}

/// Counts columns in characters. From place to place in the order of the text, a line is gone
/// through once, however many places it has.
#[derive(Default)]
struct Columns {
    file: Option<FileId>,
    line_start: usize,
    offset: usize,
    column: usize,
}

impl Columns {
    /// The column of a byte, from 1.
    fn of(&mut self, file: FileId, source: &Source, offset: usize) -> u32 {
        let line_start = source.line_start(offset);
        let goes_on =
            self.file == Some(file) && self.line_start == line_start && self.offset <= offset;
        if !goes_on {
            *self = Columns { file: Some(file), line_start, offset: line_start, column: 1 };
        }
        self.column += source.text.get(self.offset..offset).unwrap_or("").chars().count();
        self.offset = offset;
        u32::try_from(self.column).unwrap_or(u32::MAX)
    }
}

/// The texts of one load, numbered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a text; its nodes are numbered from `first`.
    pub(crate) fn add(
        &mut self,
        name: Arc<str>,
        text: Arc<str>,
        syntax: Syntax,
        first: NodeId,
    ) -> FileId {
        let id = FileId(u16::try_from(self.files.len()).unwrap_or(u16::MAX));
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let breaks = ends.filter_map(|at| u32::try_from(at + 1).ok()).collect();
        self.files.push(Source { name, text, syntax, first, breaks });
        id
    }

    fn file(&self, id: FileId) -> Option<&Source> {
        self.files.get(usize::from(id.0))
    }

    /// The file that a node was read from.
    fn file_of(&self, id: NodeId) -> Option<FileId> {
        let after = self.files.partition_point(|file| file.first <= id);
        u16::try_from(after.checked_sub(1)?).ok().map(FileId)
    }

    /// Whether a node was read from a later file than another.
    pub(crate) fn is_later_file(&self, id: NodeId, than: NodeId) -> bool {
        self.file_of(id) > self.file_of(than)
    }

    /// The line of a key, as far as it is known without reading the text again.
    pub(crate) fn line(&self, id: NodeId, offset: Option<u32>) -> FileLine {
        let file = self.file_of(id).unwrap_or(FileId(u16::MAX));
        let line = offset.zip(self.file(file)).map(|(offset, file)| file.line(offset as usize));
        FileLine { file, line: line.unwrap_or(0) }
    }

    /// The name of the file that a node was read from.
    pub(crate) fn name_of(&self, id: NodeId) -> Arc<str> {
        let file = self.file_of(id).and_then(|id| self.file(id));
        file.map_or_else(|| Arc::from(""), |file| Arc::clone(&file.name))
    }

    /// The names of the files so far, each at its number.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.files.iter().map(|file| Arc::clone(&file.name)).collect()
    }

    /// Turns problems into a report, each with its place.
    pub(crate) fn report(&self, problems: &[Problem]) -> Report {
        let found = self.locate(problems);
        let mut placed: Vec<(Option<FileId>, usize, &Problem)> = problems
            .iter()
            .map(|problem| {
                let (file, offset) = self.offset_of(problem.spot, &found);
                (file, offset, problem)
            })
            .collect();
        placed.sort_by_key(|(file, offset, _)| (*file, *offset));
        let mut columns = Columns::default();
        let diagnostics = placed.into_iter().map(|(file, offset, problem)| {
            let source = file.and_then(|id| Some((id, self.file(id)?)));
            let (line, column) = source.map_or((1, 1), |(id, source)| {
                (source.line(offset), columns.of(id, source, offset))
            });
            Diagnostic {
                severity: problem.severity,
                code: problem.code,
                message: one_line(&problem.message),
                help: self.help(problem, file, &found),
                file: source.map_or_else(|| Arc::from(""), |(_, source)| Arc::clone(&source.name)),
                line,
                column,
                flag: match &problem.owner {
                    Owner::Flag(name) => Some(Arc::clone(name)),
                    Owner::Set | Owner::Segment(_) | Owner::Tests => None,
                },
                source_line: source.and_then(|(_, source)| source.around(offset, column)),
            }
        });
        Report::new(diagnostics.collect())
    }

    /// What helps, and where the thing is that was there before.
    fn help(
        &self,
        problem: &Problem,
        file: Option<FileId>,
        found: &BTreeMap<NodeId, usize>,
    ) -> Option<String> {
        let first = problem.first.and_then(|first| {
            let (first_file, offset) = self.offset_of(first, found);
            let source = first_file.and_then(|file| self.file(file))?;
            let line = source.line(offset);
            Some(match first_file == file {
                true => format!("the first is in line {line}"),
                false => format!("the first is in {}:{line}", source.name),
            })
        });
        let parts: Vec<String> =
            problem.help.as_deref().map(one_line).into_iter().chain(first).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// The file and the byte of a spot.
    fn offset_of(&self, spot: Spot, found: &BTreeMap<NodeId, usize>) -> (Option<FileId>, usize) {
        match spot {
            Spot::Node(id) => (self.file_of(id), found.get(&id).copied().unwrap_or(0)),
            Spot::Offset(file, offset) => (Some(file), offset as usize),
            Spot::Line(file, line) => {
                let source = self.file(file);
                let back = (line as usize).checked_sub(2);
                let start = back.and_then(|at| source?.breaks.get(at)).map_or(0, |at| *at);
                (Some(file), start as usize)
            }
        }
    }

    fn locate(&self, problems: &[Problem]) -> BTreeMap<NodeId, usize> {
        let mut wanted: BTreeMap<FileId, Vec<NodeId>> = BTreeMap::new();
        for spot in problems.iter().flat_map(|problem| [Some(problem.spot), problem.first]) {
            if let Some(Spot::Node(id)) = spot {
                if let Some(file) = self.file_of(id) {
                    wanted.entry(file).or_default().push(id);
                }
            }
        }
        let mut found = BTreeMap::new();
        for (file, ids) in wanted {
            if let Some(source) = self.file(file) {
                found.extend(place::locate(&source.text, source.syntax, source.first, &ids));
            }
        }
        found
    }

    /// The spot of a problem that the reader of a file met.
    pub(crate) fn spot(file: FileId, at: At) -> Spot {
        match at {
            At::Node(id) => Spot::Node(id),
            At::Offset(offset) => Spot::offset(file, offset),
        }
    }
}

/// What a text of a file says in a message must not break its line, nor speak to the terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
