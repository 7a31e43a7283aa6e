//! What refers to what: rings, depth, and how much one decision can cost.
//!
//! Flags and segments are nodes of one graph; `requires`, `flag.NAME` and `segment` are its edges.
//! It is walked depth first, on a stack of its own: a long chain in a file must not become a deep
//! recursion here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Checked;
use crate::ir::{Condition, Document, Name, Scope};
use crate::report::Code;
use crate::source::{Owner, Problem, Spot};

/// How deep conditions may nest, after segments and other flags are followed. The evaluator's
/// recursion is bounded by it.
pub(super) const MAX_DEPTH: usize = 64;

/// How many tests one decision may take at the most.
const MAX_COST: u64 = 50_000;

pub(super) fn order(document: &Document, fresh: &BTreeSet<Name>, checked: &mut Checked) {
    let graph = Graph::new(document);
    let mut walk = Walk { graph: &graph, fresh, checked, done: vec![None; graph.nodes.len()] };
    // In the order of the text, so that a ring is closed by the reference a reader would name.
    let mut roots: Vec<usize> = (0..graph.nodes.len()).collect();
    roots.sort_by_key(|&index| graph.nodes.get(index).map(|node| position(node.spot)));
    for root in roots {
        walk.from(root);
    }
}

/// Where something stands in the text, for sorting.
fn position(spot: Spot) -> u32 {
    match spot {
        Spot::Node(id) => id.0,
        Spot::Offset(..) | Spot::Line(..) => u32::MAX,
    }
}

/// A flag or a segment.
struct Node {
    what: What,
    spot: Spot,
    edges: Vec<Edge>,
    /// How deep its own conditions nest.
    depth: usize,
    /// How many tests it has of its own.
    cost: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Flag(Name),
    Segment(Name),
}

impl What {
    fn name(&self) -> &Name {
        match self {
            What::Flag(name) | What::Segment(name) => name,
        }
    }

    fn owner(&self) -> Owner {
        match self {
            What::Flag(name) => Owner::Flag(Arc::clone(name)),
            What::Segment(name) => Owner::Segment(Arc::clone(name)),
        }
    }
}

struct Edge {
    to: usize,
    spot: Spot,
    /// How deep in the conditions of its node the reference stands.
    depth: usize,
}

struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    fn new(document: &Document) -> Graph {
        let mut graph = Graph { nodes: Vec::new() };
        let mut flags = BTreeMap::new();
        let mut segments = BTreeMap::new();
        let mut scopes: BTreeMap<*const Scope, &Arc<Scope>> = BTreeMap::new();
        scopes.insert(Arc::as_ptr(&document.scope), &document.scope);
        for (name, flag) in &document.flags {
            let index = graph.add(What::Flag(Arc::clone(name)), flag.spot);
            flags.insert(Arc::clone(name), index);
            scopes.insert(Arc::as_ptr(&flag.scope), &flag.scope);
        }
        for (key, scope) in &scopes {
            for (name, segment) in &scope.segments {
                let index = graph.add(What::Segment(Arc::clone(name)), segment.spot);
                segments.insert((*key, Arc::clone(name)), index);
            }
        }
        for (name, flag) in &document.flags {
            let Some(&from) = flags.get(name) else { continue };
            for required in &flag.requires {
                if let Some(&to) = flags.get(&required.flag) {
                    graph.edge(from, Edge { to, spot: required.spot, depth: 1 });
                }
            }
            let key = Arc::as_ptr(&flag.scope);
            for condition in flag.conditions() {
                graph.condition(from, condition, key, &flags, &segments, 1);
            }
        }
        for (key, scope) in &scopes {
            for (name, segment) in &scope.segments {
                if let Some(&from) = segments.get(&(*key, Arc::clone(name))) {
                    graph.condition(from, &segment.when, *key, &flags, &segments, 1);
                }
            }
        }
        graph
    }

    fn add(&mut self, what: What, spot: Spot) -> usize {
        self.nodes.push(Node { what, spot, edges: Vec::new(), depth: 0, cost: 1 });
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, edge: Edge) {
        if let Some(node) = self.nodes.get_mut(from) {
            node.edges.push(edge);
        }
    }

    fn condition(
        &mut self,
        from: usize,
        condition: &Condition,
        scope: *const Scope,
        flags: &BTreeMap<Name, usize>,
        segments: &BTreeMap<(*const Scope, Name), usize>,
        depth: usize,
    ) {
        if let Some(node) = self.nodes.get_mut(from) {
            node.depth = node.depth.max(depth);
            node.cost += 1;
        }
        match condition {
            Condition::Segment { name, spot } => {
                if let Some(&to) = segments.get(&(scope, Arc::clone(name))) {
                    self.edge(from, Edge { to, spot: *spot, depth });
                }
            }
            Condition::Flag { name, spot, .. } => {
                if let Some(&to) = flags.get(name) {
                    self.edge(from, Edge { to, spot: *spot, depth });
                }
            }
            Condition::Everyone
            | Condition::All(_)
            | Condition::Any(_)
            | Condition::Not(_)
            | Condition::Test(_)
            | Condition::Strategy { .. }
            | Condition::Rollout { .. } => {}
        }
        for part in condition.parts() {
            self.condition(from, part, scope, flags, segments, depth + 1);
        }
    }
}

/// How deep a node goes with all that it refers to, and what it costs.
#[derive(Clone, Copy)]
struct Measure {
    depth: usize,
    cost: u64,
}

struct Walk<'g> {
    graph: &'g Graph,
    fresh: &'g BTreeSet<Name>,
    checked: &'g mut Checked,
    done: Vec<Option<Measure>>,
}

impl Walk<'_> {
    /// Visits all that can be reached from a node.
    fn from(&mut self, root: usize) {
        let graph = self.graph;
        if self.done.get(root).is_some_and(Option::is_some) {
            return;
        }
        // The nodes on the way, each with the edge that is next.
        let mut way: Vec<(usize, usize)> = vec![(root, 0)];
        let mut on_way: BTreeSet<usize> = BTreeSet::from([root]);
        while let Some((at, next)) = way.last_mut() {
            let at = *at;
            let Some(node) = graph.nodes.get(at) else { break };
            let Some(edge) = node.edges.get(*next) else {
                self.finish(at, node);
                on_way.remove(&at);
                way.pop();
                continue;
            };
            *next += 1;
            if on_way.contains(&edge.to) {
                let ring: Vec<usize> =
                    way.iter().map(|(at, _)| *at).skip_while(|at| *at != edge.to).collect();
                self.ring(&ring, node, edge);
            } else if self.done.get(edge.to).is_some_and(Option::is_none) {
                way.push((edge.to, 0));
                on_way.insert(edge.to);
            }
        }
    }

    fn ring(&mut self, ring: &[usize], closed_in: &Node, by: &Edge) {
        let members = || ring.iter().filter_map(|index| self.graph.nodes.get(*index));
        let mut path: Vec<&str> = members().map(|node| &**node.what.name()).collect();
        path.extend(path.first().copied());
        let message = format!("a ring of references: {}", path.join(" → "));
        let flags: Vec<Name> = members()
            .filter_map(|node| match &node.what {
                What::Flag(name) => Some(Arc::clone(name)),
                What::Segment(_) => None,
            })
            .collect();
        let problem = Problem::error(Code::Cycle, message, by.spot, closed_in.what.owner());
        self.checked.problems.push(problem);
        // What keeps its last good version closed well before: the new ones must give way.
        let fresh = flags.iter().filter(|name| self.fresh.contains(*name));
        self.checked.broken.extend(fresh.cloned());
    }

    fn finish(&mut self, at: usize, node: &Node) {
        let mut measure = Measure { depth: node.depth, cost: node.cost };
        let mut deepest = node.spot;
        for edge in &node.edges {
            let Some(Some(target)) = self.done.get(edge.to).copied() else { continue };
            measure.cost = measure.cost.saturating_add(target.cost);
            let depth = edge.depth + target.depth;
            if depth > measure.depth {
                measure.depth = depth;
                deepest = edge.spot;
            }
        }
        let too_deep = measure.depth > MAX_DEPTH;
        let too_costly = measure.cost > MAX_COST;
        if too_deep || too_costly {
            let (code, message) = match too_deep {
                true => (
                    Code::TooDeep,
                    format!(
                        "conditions nest {} deep once what they refer to is followed: {MAX_DEPTH} \
                         is the limit",
                        measure.depth
                    ),
                ),
                false => (
                    Code::TooComplex,
                    format!("one decision could take more than {MAX_COST} tests"),
                ),
            };
            self.checked.problems.push(Problem::error(code, message, deepest, node.what.owner()));
            if let What::Flag(name) = &node.what {
                self.checked.broken.insert(Arc::clone(name));
            }
            // Said once: whoever refers to this one is measured without it.
            measure = Measure { depth: 0, cost: 1 };
        }
        if let Some(slot) = self.done.get_mut(at) {
            *slot = Some(measure);
        }
    }
}
