//! What is wrong with a text as YAML or JSON, in words.

use std::collections::BTreeMap;

use super::Lowering;
use super::fields::cut;
use crate::report::Code;
use crate::source::{FileId, Owner, Problem, Sources, Spot};
use crate::tree::{self, At, NodeId, ProblemKind};

impl Lowering<'_> {
    /// Says what the reader of a text met, on behalf of the flag or segment that it is in.
    pub(super) fn tree_problem(
        &mut self,
        file: FileId,
        problem: tree::Problem,
        owners: &BTreeMap<NodeId, Owner>,
    ) {
        let owned = match problem.at {
            At::Node(id) if !problem.kind.is_fatal() => {
                owners.range(..=id).next_back().map(|(start, owned)| (*start == id, owned))
            }
            At::Node(_) | At::Offset(_) => None,
        };
        let is_duplicate = matches!(problem.kind, ProblemKind::DuplicateKey { .. });
        if let Some((true, Owner::Flag(_))) = owned {
            if is_duplicate {
                // The merge says so, because it sees all files of the layer.
                return;
            }
        }
        let owner = owned.map_or(Owner::Set, |(_, owned)| owned.clone());
        let mut first_one = None;
        let (code, message, help) = match problem.kind {
            ProblemKind::Syntax { message, help } => {
                let spot = Sources::spot(file, problem.at);
                let mut said = Problem::error(Code::Syntax, message, spot, owner);
                said.help = help;
                self.problems.push(said);
                return;
            }
            ProblemKind::ControlCharacter(byte) => {
                let message = format!("the control character U+{byte:04X} is not text");
                (Code::ControlCharacter, message, None)
            }
            ProblemKind::Directive => {
                (Code::Directive, "YAML directives are not part of the format".into(), None)
            }
            ProblemKind::SeveralDocuments => (
                Code::SeveralDocuments,
                "a file holds one document: here a second one starts".into(),
                Some("several files can be read as a directory"),
            ),
            ProblemKind::TooDeep => {
                let depth = self.limits.depth;
                (Code::TooDeep, format!("the text nests deeper than {depth}"), None)
            }
            ProblemKind::TooLarge => (
                Code::TooLarge,
                "aliases grow the text beyond its budget".into(),
                Some("name the thing once as a segment instead"),
            ),
            ProblemKind::DuplicateKey { text, first } => {
                first_one = Some(Spot::Node(first));
                let code = match owned {
                    Some((true, Owner::Segment(_))) => Code::DuplicateName,
                    _ => Code::DuplicateKey,
                };
                (code, format!("`{}` is there already", cut(&text)), None)
            }
            ProblemKind::MergeKey => (
                Code::MergeKey,
                "merge keys are not part of the format".into(),
                Some("name what is shared as a segment"),
            ),
            ProblemKind::Tag => (
                Code::Tag,
                "tags are not part of the format".into(),
                Some("quote a value to make it a text"),
            ),
            ProblemKind::NullKey => (Code::NullKey, "the key is null".into(), Some("quote it")),
            ProblemKind::OddKey(noun) => {
                (Code::OddKey, format!("the key is {noun}"), Some("quote it"))
            }
            ProblemKind::NotFinite => (Code::NotFinite, "the number is not finite".into(), None),
        };
        let mut said = Problem::error(code, message, Sources::spot(file, problem.at), owner);
        said.help = help.map(str::to_owned);
        said.first = first_one;
        self.problems.push(said);
    }
}
