//! What refers to what: rings, depth, and how much one decision can cost.
//!
//! Flags and segments are nodes of one graph; `requires`, `flag.NAME` and `segment` are its edges.
//! It is walked depth first, on a stack of its own: a long chain in a file must not become a deep
//! recursion here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Checked, Fresh};
use crate::ir::{Condition, Document, Flags, Name, Reach, Scope};
use crate::limits::Limits;
use crate::report::Code;
use crate::source::{Owner, Problem, Spot};

/// How deep conditions may nest, after segments and other flags are followed. The evaluator's
/// recursion is bounded by it.
pub(super) const MAX_DEPTH: usize = 64;

/// How many names the paths of all rings show: a thousand flags can make half a million of them.
const MAX_PATH_NAMES: usize = 20_000;

pub(super) fn order(document: &Document, fresh: Fresh<'_>, limits: &Limits, checked: &mut Checked) {
    let graph = Graph::new(document, fresh);
    let nodes = graph.nodes.len();
    let mut walk = Walk {
        graph: &graph,
        limits,
        checked,
        done: vec![None; nodes],
        gave_way: vec![false; nodes],
        path_names: MAX_PATH_NAMES,
    };
    // In the order of the text, so that a ring is closed by the reference a reader would name.
    // Old segments count where an old flag leads to them only: who else would ask them?
    let is_root = |node: &&Node<'_>| node.is_new || matches!(node.what, What::Flag(_));
    let of = |&index: &usize| graph.nodes.get(index).filter(is_root);
    let mut roots: Vec<usize> = (0..nodes).filter(|index| of(index).is_some()).collect();
    if graph.nodes.iter().any(|node| !node.edges.is_empty()) {
        roots.sort_by_key(|index| of(index).map(|node| position(node.spot)));
    }
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
struct Node<'d> {
    what: What<'d>,
    /// Whether it is of the text at hand, and not of a last good version: nothing is wrong with
    /// those, and their spots are of a text that is gone.
    is_new: bool,
    spot: Spot,
    edges: Vec<Edge>,
    /// How deep its own conditions nest.
    depth: usize,
    /// How many tests it has of its own.
    cost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What<'d> {
    Flag(&'d Name),
    Segment(&'d Name),
}

impl<'d> What<'d> {
    fn name(self) -> &'d Name {
        match self {
            What::Flag(name) | What::Segment(name) => name,
        }
    }

    fn flag(self) -> Option<&'d Name> {
        match self {
            What::Flag(name) => Some(name),
            What::Segment(_) => None,
        }
    }

    fn owner(self) -> Owner {
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

struct Graph<'d> {
    nodes: Vec<Node<'d>>,
}

impl<'d> Graph<'d> {
    fn new(document: &'d Document, fresh: Fresh<'_>) -> Graph<'d> {
        // The flags come first, each at its position.
        let flags = &document.flags;
        let mut graph = Graph { nodes: Vec::with_capacity(flags.len()) };
        let mut segments = BTreeMap::new();
        let mut scopes: BTreeMap<*const Scope, &Arc<Scope>> = BTreeMap::new();
        scopes.insert(Arc::as_ptr(&document.scope), &document.scope);
        for flag in flags.iter() {
            graph.add(What::Flag(&flag.name), fresh.has(&flag.name), flag.spot);
            if !Arc::ptr_eq(&flag.scope, &document.scope) {
                scopes.insert(Arc::as_ptr(&flag.scope), &flag.scope);
            }
        }
        for (key, scope) in &scopes {
            let is_new = *key == Arc::as_ptr(&document.scope);
            for (name, segment) in &scope.segments {
                let index = graph.add(What::Segment(name), is_new, segment.spot);
                segments.insert((*key, Arc::clone(name)), index);
            }
        }
        for (from, flag) in flags.iter().enumerate() {
            if !flag.reach.refers {
                graph.alone(from, flag.reach);
                continue;
            }
            for required in &flag.before().requires {
                if let Some(to) = flags.position(&required.flag) {
                    graph.edge(from, Edge { to, spot: required.spot, depth: 1 });
                }
            }
            let key = Arc::as_ptr(&flag.scope);
            for condition in flag.conditions() {
                graph.condition(from, condition, key, flags, &segments, 1);
            }
        }
        for (key, scope) in &scopes {
            for (name, segment) in &scope.segments {
                if let Some(&from) = segments.get(&(*key, Arc::clone(name))) {
                    graph.condition(from, &segment.when, *key, flags, &segments, 1);
                }
            }
        }
        graph
    }

    fn add(&mut self, what: What<'d>, is_new: bool, spot: Spot) -> usize {
        self.nodes.push(Node { what, is_new, spot, edges: Vec::new(), depth: 0, cost: 1 });
        self.nodes.len() - 1
    }

    /// Measures a flag that refers to nothing.
    fn alone(&mut self, at: usize, reach: Reach) {
        if let Some(node) = self.nodes.get_mut(at) {
            node.depth = usize::from(reach.depth);
            node.cost += u64::from(reach.conditions);
        }
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
        flags: &Flags,
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
            Condition::Flag(named) => {
                if let Some(to) = flags.position(&named.flag) {
                    self.edge(from, Edge { to, spot: named.spot, depth });
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
    limits: &'g Limits,
    graph: &'g Graph<'g>,
    checked: &'g mut Checked,
    done: Vec<Option<Measure>>,
    /// The nodes whose new flags were told to give way.
    gave_way: Vec<bool>,
    /// How many names the paths of rings may still show.
    path_names: usize,
}

impl Walk<'_> {
    /// Visits all that can be reached from a node.
    fn from(&mut self, root: usize) {
        let graph = self.graph;
        if self.done.get(root).is_some_and(Option::is_some) {
            return;
        }
        // Most flags refer to nothing.
        if let Some(node) = graph.nodes.get(root).filter(|node| node.edges.is_empty()) {
            self.finish(root, node);
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

    fn ring(&mut self, ring: &[usize], closed_in: &Node<'_>, by: &Edge) {
        let members = || ring.iter().filter_map(|index| self.graph.nodes.get(*index));
        let mut path: Vec<&str> = members().map(|node| &**node.what.name()).collect();
        path.extend(path.first().copied());
        let message = format!("a ring of references: {}", self.shown(&path));
        // What keeps its last good version closed well before: the new ones must give way. The
        // ring is theirs also where a segment closes it: others may use that.
        let mut fresh = members().filter(|node| node.is_new && node.what.flag().is_some());
        let of_fresh = fresh.clone().find(|node| std::ptr::eq(*node, closed_in)).or(fresh.next());
        let owner = of_fresh.unwrap_or(closed_in).what.owner();
        let spot = match of_fresh {
            Some(node) if !closed_in.is_new => node.spot,
            Some(_) | None => by.spot,
        };
        self.checked.problems.push(Problem::error(Code::Cycle, message, spot, owner));
        let fresh = members().filter(|node| node.is_new).filter_map(|node| node.what.flag());
        self.checked.broken.extend(fresh.cloned());
    }

    /// The path of a ring: whole, until the rings of the set fill a book.
    fn shown(&mut self, path: &[&str]) -> String {
        const FEW: usize = 8;
        match self.path_names.checked_sub(path.len()) {
            Some(left) => {
                self.path_names = left;
                path.join(" → ")
            }
            None => {
                let few = path.get(..FEW).unwrap_or(path).join(" → ");
                format!("{few} → …, {} in all", path.len() - 1)
            }
        }
    }

    fn finish(&mut self, at: usize, node: &Node<'_>) {
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
        let Limits { depth: most_depth, decision_tests, .. } = *self.limits;
        let too_deep = measure.depth > most_depth as usize;
        let too_costly = measure.cost > decision_tests;
        if too_deep || too_costly {
            let (code, message) = match too_deep {
                true => (
                    Code::TooDeep,
                    format!(
                        "conditions nest {} deep once what they refer to is followed: {most_depth} \
                         is the limit",
                        measure.depth
                    ),
                ),
                false => (
                    Code::TooComplex,
                    format!("one decision could take more than {decision_tests} tests"),
                ),
            };
            if node.is_new {
                let owner = node.what.owner();
                self.checked.problems.push(Problem::error(code, message, deepest, owner));
                self.checked.broken.extend(node.what.flag().cloned());
            } else {
                self.give_way(at, code, &message);
            }
            // Said once: whoever refers to this one is measured without it.
            measure = Measure { depth: 0, cost: 1 };
        }
        if let Some(slot) = self.done.get_mut(at) {
            *slot = Some(measure);
        }
    }

    /// Breaks the new flags that an old version leads to: with the old ones in their place it was
    /// within the limits.
    fn give_way(&mut self, from: usize, code: Code, message: &str) {
        let mut way = vec![from];
        let mut is_told = false;
        while let Some(at) = way.pop() {
            let Some(node) = self.graph.nodes.get(at) else { continue };
            match self.gave_way.get_mut(at) {
                Some(gave_way) if !*gave_way => *gave_way = true,
                Some(_) | None => continue,
            }
            way.extend(node.edges.iter().map(|edge| edge.to));
            if let Some(name) = node.what.flag().filter(|_| node.is_new) {
                self.checked.broken.insert(Arc::clone(name));
                if !is_told {
                    let owner = node.what.owner();
                    self.checked.problems.push(Problem::error(code, message, node.spot, owner));
                }
                is_told = true;
            }
        }
    }
}
