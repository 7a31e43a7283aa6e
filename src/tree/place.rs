//! Finds a node's place in the text again.
//!
//! Nothing but a number is carried from the tree to a diagnostic. When a report is made, the text
//! is read once more: keys and most texts are borrowed slices of it, which says where they stand;
//! for what is left the reading is stopped at the number, and the parser's error has the place.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::read::{Reading, yaml_offset};
use super::{Node, NodeId, Syntax};

/// How many nodes a report looks for by stopping at each, and how many bytes may be read for it:
/// every one costs a whole reading. Beyond it a place is that of the nearest key or text before
/// the node.
const MAX_STOPS: usize = 64;
const MAX_BYTES: usize = 16 << 20;

/// The byte offset of each wanted node of one text, as well as it can be told.
pub(crate) fn locate(
    text: &str,
    syntax: Syntax,
    first: NodeId,
    wanted: &[NodeId],
) -> BTreeMap<NodeId, usize> {
    let known = Rc::new(RefCell::new(BTreeMap::new()));
    let mut reading = Reading::new(text, first);
    let notes = Rc::clone(&known);
    reading.watch = Some(Box::new(move |id, offset| {
        notes.borrow_mut().insert(id, offset);
    }));
    read_through(&mut reading, text, syntax);
    drop(reading);

    let known = known.take();
    let mut stops = 0;
    let most = MAX_STOPS.min(1 + MAX_BYTES / text.len().max(1));
    let mut found = BTreeMap::new();
    for &id in wanted {
        let exact = known.get(&id).copied().or_else(|| {
            stops += 1;
            (stops <= most).then(|| stop_at(text, first, id)).flatten()
        });
        let nearest = || known.range(..=id).next_back().map(|(_, offset)| *offset);
        if let Some(offset) = exact.or_else(nearest) {
            found.insert(id, offset);
        }
    }
    found
}

fn read_through<'t>(reading: &mut Reading<'_, 't>, text: &'t str, syntax: Syntax) {
    let mut root = Node::default();
    // Whatever the parser complains about is known already: what was seen until then counts.
    match syntax {
        Syntax::Yaml => {
            if let Some(document) = serde_yaml::Deserializer::from_str(text).next() {
                drop(reading.read(document, &mut root));
            }
        }
        Syntax::Json => {
            let mut json = serde_json::Deserializer::from_str(text);
            drop(reading.read(&mut json, &mut root));
        }
    }
}

/// Stops a reading at one node. JSON is read as the YAML that it is too, because its own parser
/// says where a value ends.
fn stop_at(text: &str, first: NodeId, id: NodeId) -> Option<usize> {
    let mut reading = Reading::new(text, first);
    reading.stop_at = Some(id);
    let document = serde_yaml::Deserializer::from_str(text).next()?;
    match reading.read(document, &mut Node::default()) {
        Ok(()) => None,
        Err(error) => Some(yaml_offset(text, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{At, ProblemKind, parse};
    use super::*;

    /// Every node of the text with the place that is found for it, as `line:col`.
    fn places(text: &str, syntax: Syntax) -> Vec<String> {
        let parsed = parse(text, syntax, NodeId(0), 64);
        let ids: Vec<NodeId> = (0..parsed.next.0).map(NodeId).collect();
        let found = locate(text, syntax, NodeId(0), &ids);
        ids.iter()
            .map(|id| {
                let before = text.get(..found[id]).unwrap();
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                format!("{line}:{column}")
            })
            .collect()
    }

    #[test]
    fn every_kind_of_node_is_found_exactly() {
        let text = "a: 1\nü: { b: [true, 'x', 2.5], \"c\": ~ }\nlist:\n  - name: |\n      text\n    n: 3\n  - 4\n";
        assert_eq!(
            places(text, Syntax::Yaml),
            [
                "1:1", "1:1", "1:4", // the map, a, 1
                "2:1", "2:4", "2:6", "2:9", "2:10", "2:16", "2:21", "2:27", "2:32", // ü
                "3:1", "4:3", "4:5", "4:5", "4:11", "6:5", "6:8", "7:5",
            ]
        );
    }

    #[test]
    fn json_is_found_as_exactly() {
        let text = "{\n  \"a\": [1, \"x\"],\n  \"b\": {\"c\": false}\n}\n";
        assert_eq!(
            places(text, Syntax::Json),
            ["1:1", "2:3", "2:8", "2:9", "2:12", "3:3", "3:8", "3:9", "3:14"]
        );
    }

    #[test]
    fn tags_are_found_whatever_they_say() {
        for text in ["a: !!str 1\n", "a: !x 1\n", "a: !<tag:yaml.org,2002:str> 1\n"] {
            let parsed = parse(text, Syntax::Yaml, NodeId(0), 64);
            let tags = parsed.problems.iter().filter(|p| matches!(p.kind, ProblemKind::Tag));
            assert_eq!(tags.count(), 1, "{text}");
        }
        let parsed = parse("a: Hello!! there # !!str\n", Syntax::Yaml, NodeId(0), 64);
        assert!(parsed.problems.is_empty());
    }

    #[test]
    fn aliases_and_brackets_are_bounded() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let item = format!("*a{}", i - 1);
            bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![item; 10].join(", ")));
        }
        let parsed = parse(&bomb, Syntax::Yaml, NodeId(0), 64);
        assert!(parsed.root.is_none());

        let deep = "{a: ".repeat(250_000);
        let parsed = parse(&deep, Syntax::Yaml, NodeId(0), 64);
        assert!(matches!(parsed.problems[0].kind, ProblemKind::TooDeep));
        assert!(matches!(parsed.problems[0].at, At::Offset(_)));
    }
}
