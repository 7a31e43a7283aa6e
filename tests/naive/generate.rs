//! Random valid toggle files.

use super::pools::{DECLARED, FLAGS, PERCENTAGES, PLANS, SEEDS, SEGMENTS, VARIANTS};
use super::random::Random;
use super::render::{Node, in_one_line, render};

/// The text of a random valid toggle file, the same for the same seed.
pub(crate) fn document(seed: u64) -> String {
    let mut random = Random::new(seed ^ 0x646f_6375_6d65_6e74);
    let declared = random.percent(50);
    let names = random.some(FLAGS, 3, 12);
    let mut generator = Generator {
        random,
        declared,
        level: 0,
        in_segment: false,
        shared: 0,
        flags: Vec::new(),
        segments: Vec::new(),
    };
    let (head, root) = generator.file(&names);
    render(&mut generator.random, &head, &root)
}

/// How deep references go: a flag or segment refers to those of lower levels only, so that there
/// is no cycle, and no chain longer than the format allows.
const LEVELS: usize = 4;

type Entries = Vec<(Node, Node)>;

pub(crate) struct Generator {
    pub(crate) random: Random,
    /// The document declares its attributes.
    pub(crate) declared: bool,
    pub(crate) level: usize,
    pub(crate) in_segment: bool,
    /// How many conditions there are to alias.
    pub(crate) shared: usize,
    pub(crate) flags: Vec<Shape>,
    pub(crate) segments: Vec<(&'static str, usize)>,
}

/// What others may say of a flag, and what its own rules serve.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) level: usize,
    pub(crate) kind: Kind,
    declared: Vec<(String, Node)>,
    /// Variants written where they are served, by the names of their rules.
    pub(crate) written: Vec<(String, Node)>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Shorthand,
    Boolean,
    /// With `variants:`, and perhaps values in rules too.
    Declared,
    /// With values in the rules and the default alone.
    Written,
}

impl Shape {
    pub(crate) fn is_boolean(&self) -> bool {
        matches!(self.kind, Kind::Shorthand | Kind::Boolean)
    }

    pub(crate) fn variants(&self) -> Vec<String> {
        let mut names: Vec<String> = match self.kind {
            Kind::Shorthand | Kind::Boolean => vec!["on".to_owned(), "off".to_owned()],
            Kind::Written => vec!["default".to_owned()],
            Kind::Declared => vec![],
        };
        names.extend(self.declared.iter().chain(&self.written).map(|(name, _)| name.clone()));
        names
    }
}

impl Generator {
    fn file(&mut self, names: &[&'static str]) -> (String, Node) {
        let mut head = String::new();
        if self.random.percent(10) {
            head = "x-shared:\n".to_owned();
            for index in 0..2 {
                let condition = self.condition(1);
                let line = in_one_line(&mut self.random, &condition);
                head.push_str(&format!("- &c{index} {line}\n"));
            }
            self.shared = 2;
        }
        let (flags, segments) = self.items(names);
        let mut root = vec![(Node::text("version"), Node::plain(1))];
        if self.random.percent(30) {
            root.push((Node::text("by"), self.by()));
        }
        if self.declared {
            root.push((Node::text("attributes"), self.attributes()));
        }
        if !segments.is_empty() {
            root.push((Node::text("segments"), Node::Map(segments)));
        }
        root.push((Node::text("flags"), Node::Map(flags)));
        if self.random.percent(5) {
            root.push((Node::text("x-owner"), Node::map([("team", Node::text("core"))])));
        }
        (head, Node::Map(root))
    }

    /// All flags and segments, those of lower levels first.
    fn items(&mut self, names: &[&'static str]) -> (Entries, Entries) {
        let segment_names = self.random.some(SEGMENTS, 0, 4);
        let (mut flags, mut segments) = (Vec::new(), Vec::new());
        let flag_levels: Vec<usize> = names.iter().map(|_| self.random.below(LEVELS)).collect();
        let segment_levels: Vec<usize> =
            segment_names.iter().map(|_| self.random.below(LEVELS - 1)).collect();
        for level in 0..LEVELS {
            self.level = level;
            for (name, _) in segment_names.iter().zip(&segment_levels).filter(|(_, l)| **l == level)
            {
                segments.push((Node::text(name), self.segment()));
                self.segments.push((name, level));
            }
            for (name, _) in names.iter().zip(&flag_levels).filter(|(_, l)| **l == level) {
                let shape = self.shape(name);
                flags.push((Node::text(name), self.flag(&shape)));
                self.flags.push(shape);
            }
        }
        self.random.shuffle(&mut flags);
        self.random.shuffle(&mut segments);
        (flags, segments)
    }

    fn attributes(&mut self) -> Node {
        let mut declared: Vec<(Node, Node)> =
            DECLARED.iter().map(|(name, kind)| (Node::text(name), Node::text(kind))).collect();
        let plans = PLANS.iter().map(|plan| Node::text(plan)).collect();
        declared.push((Node::text("plan"), Node::List(plans)));
        Node::Map(declared)
    }

    fn segment(&mut self) -> Node {
        self.in_segment = true;
        let Node::Map(mut condition) = self.condition(2) else {
            unreachable!("an alias is for rules")
        };
        self.in_segment = false;
        if self.random.percent(5) {
            condition.push((Node::text("x-why"), Node::text("a free word")));
        }
        Node::Map(condition)
    }

    fn shape(&mut self, name: &'static str) -> Shape {
        let kind = *self.random.pick(&[
            Kind::Shorthand,
            Kind::Boolean,
            Kind::Boolean,
            Kind::Boolean,
            Kind::Declared,
            Kind::Declared,
            Kind::Written,
        ]);
        let mut shape =
            Shape { name, level: self.level, kind, declared: Vec::new(), written: Vec::new() };
        let value_type = self.random.below(5);
        if kind == Kind::Declared {
            for variant in self.random.some(VARIANTS, 2, 4) {
                let value = self.value(value_type);
                shape.declared.push((variant.to_owned(), value));
            }
        }
        let written = match kind {
            Kind::Written => 3,
            Kind::Declared if self.random.percent(25) => 1,
            _ => 0,
        };
        for name in ["acme", "Rule-2", "third.rule"].iter().take(written) {
            let value = self.value(value_type);
            shape.written.push(((*name).to_owned(), value));
        }
        shape
    }

    /// A value of the type: boolean, integer, float, text, json.
    fn value(&mut self, value_type: usize) -> Node {
        match value_type {
            0 => Node::plain(self.random.percent(50)),
            1 => Node::plain(self.random.pick(&[0_i64, 20, 100, -5, 9_007_199_254_740_993])),
            2 => Node::plain(self.random.pick(&["0.5", "1.0", "-2.25", "100.125"])),
            3 => Node::text(self.random.word(&["grey", "#0a0", "", "on", "Größe", "18", "a\nb"])),
            _ => {
                let list = Node::List(vec![Node::plain(1), Node::plain(2.5), Node::text("x")]);
                let size = Node::plain(self.random.below(3));
                match self.random.below(3) {
                    0 => list,
                    1 => Node::map([("size", size), ("ok", Node::plain(true))]),
                    _ => Node::map([("size", size), ("inner", Node::map([("list", list)]))]),
                }
            }
        }
    }

    fn flag(&mut self, shape: &Shape) -> Node {
        if shape.kind == Kind::Shorthand {
            let mut shorthands = vec!["on", "off", "true", "false"];
            shorthands.extend([*self.random.pick(PERCENTAGES); 3]);
            return Node::plain(self.random.pick(&shorthands));
        }
        let mut keys: Vec<(&str, Node)> = Vec::new();
        if self.random.percent(10) {
            keys.push(("description", Node::text("Was: \"es\" tut, und warum # so")));
            keys.push(("owner", Node::text("payments")));
            keys.push(("created", Node::plain("2026-11-01")));
            keys.push(("expires", Node::plain("2027-02-01")));
        }
        if self.random.percent(10) {
            keys.push(("kill", Node::plain(self.random.percent(50))));
        }
        if self.random.percent(25)
            && let Some(requires) = self.requires()
        {
            keys.push(("requires", requires));
        }
        if self.random.percent(12) {
            keys.push(("unless", self.unless()));
        }
        if self.random.percent(15) {
            keys.push(("by", self.by()));
        }
        if self.random.percent(10) {
            keys.push(("seed", Node::text(self.random.word(SEEDS))));
        }
        if !shape.declared.is_empty() {
            keys.push(("variants", self.variants(shape)));
        }
        if !shape.is_boolean() && self.random.percent(30) {
            keys.push(("off_variant", self.one_variant(shape)));
        }
        if self.random.percent(90) || !shape.written.is_empty() {
            keys.push(("rules", self.rules(shape)));
        }
        match shape.kind {
            Kind::Written => {
                let Some((_, value)) = shape.written.first() else { unreachable!() };
                keys.push(("default", Node::map([("value", value.clone())])));
            }
            Kind::Declared => keys.push(("default", self.one_variant(shape))),
            _ if self.random.percent(60) => keys.push(("default", self.one_variant(shape))),
            _ => {}
        }
        if self.random.percent(3) {
            keys.push(("x-note", Node::List(vec![Node::plain(1), Node::text("two")])));
        }
        Node::Map(keys.into_iter().map(|(key, value)| (Node::text(key), value)).collect())
    }

    /// `variants:` with values, or as a list of names.
    fn variants(&mut self, shape: &Shape) -> Node {
        let texts = shape.written.is_empty()
            && shape.declared.iter().all(|(name, value)| {
                matches!(value, Node::Text(_)) && name != "off" && name != "0"
            });
        if texts && self.random.percent(50) {
            return Node::List(shape.declared.iter().map(|(name, _)| Node::text(name)).collect());
        }
        let entry =
            |(name, value): &(String, Node)| (self.variant_node(name, false), value.clone());
        Node::Map(shape.declared.iter().map(entry).collect())
    }

    /// One variant of another flag, or a list of some.
    pub(crate) fn variants_of(&mut self, shape: &Shape) -> Node {
        let variants = shape.variants();
        if self.random.percent(60) {
            return self.one_variant(shape);
        }
        let chosen = self.random.some(&variants, 1, 2);
        let node = |name: &String| self.variant_node(name, shape.is_boolean());
        Node::List(chosen.iter().map(node).collect())
    }

    pub(crate) fn variant_node(&mut self, name: &str, boolean: bool) -> Node {
        match name {
            "on" if boolean => Node::plain(self.random.pick(&["on", "true"])),
            "off" if boolean => Node::plain(self.random.pick(&["off", "false"])),
            "on" | "off" => Node::plain(name),
            _ => Node::text(name),
        }
    }

    fn requires(&mut self) -> Option<Node> {
        let below = self.flags_below();
        let chosen = self.random.some(&below, 1, 2);
        let mut required = Vec::new();
        for shape in &chosen {
            if shape.is_boolean() && self.random.percent(60) {
                required.push(Node::text(shape.name));
            } else {
                let variants = self.variants_of(shape);
                required.push(Node::Map(vec![(Node::text(shape.name), variants)]));
            }
        }
        match (required.len(), self.random.below(3)) {
            (0, _) => None,
            (1, 0 | 1) => required.pop(),
            // One map for all of them.
            (_, 0) => {
                let mut entries = Vec::new();
                for shape in &chosen {
                    entries.push((Node::text(shape.name), self.variants_of(shape)));
                }
                Some(Node::Map(entries))
            }
            _ => Some(Node::List(required)),
        }
    }

    pub(crate) fn flags_below(&self) -> Vec<Shape> {
        self.flags.iter().filter(|shape| shape.level < self.level).cloned().collect()
    }
}
