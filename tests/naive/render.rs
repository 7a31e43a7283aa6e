//! Writes a tree as YAML in a random style: block and flow, three ways to quote, any order of keys,
//! comments and blank lines.

use super::random::Random;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A text; quoted where plain would mean something else, and sometimes where not.
    Text(String),
    /// Written as it is: numbers, booleans, `on`, aliases, and what may be plain or quoted alike.
    Plain(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(crate) fn text(text: &str) -> Node {
        Node::Text(text.to_owned())
    }

    pub(crate) fn plain(text: impl ToString) -> Node {
        Node::Plain(text.to_string())
    }

    pub(crate) fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
        Node::Map(entries.into_iter().map(|(key, value)| (Node::text(key), value)).collect())
    }
}

/// The tree as the text of a file, `head` first.
pub(crate) fn render(random: &mut Random, head: &str, root: &Node) -> String {
    let step = *random.pick(&[2, 2, 2, 3, 4]);
    let mut renderer = Renderer { random, step };
    let mut text = head.to_owned();
    if head.is_empty() && renderer.random.percent(1) {
        text.push_str(&renderer.flow(root));
        text.push('\n');
    } else {
        renderer.block(root, 0, &mut text);
    }
    if renderer.random.percent(3) { text.replace('\n', "\r\n") } else { text }
}

/// The tree in one line of flow style.
pub(crate) fn in_one_line(random: &mut Random, node: &Node) -> String {
    Renderer { random, step: 2 }.flow(node)
}

struct Renderer<'r> {
    random: &'r mut Random,
    step: usize,
}

impl Renderer<'_> {
    fn block(&mut self, node: &Node, indent: usize, text: &mut String) {
        match node {
            Node::Map(entries) if !entries.is_empty() => {
                for (key, value) in self.shuffled(entries) {
                    self.comment(indent, text);
                    let key = self.flow(&key);
                    text.push_str(&format!("{:indent$}{key}:", ""));
                    let inner = match value {
                        // A list may stand as far left as its key.
                        Node::List(_) if self.random.percent(50) => indent,
                        _ => indent + self.step,
                    };
                    self.value(&value, inner, text);
                }
            }
            Node::List(items) if !items.is_empty() => {
                for item in items {
                    self.comment(indent, text);
                    if is_nested(item) && !self.is_small(item) {
                        let mut inner = String::new();
                        self.block(item, indent + 2, &mut inner);
                        if inner.trim_start().starts_with('#') || matches!(item, Node::List(_)) {
                            text.push_str(&format!("{:indent$}-\n{inner}", ""));
                        } else {
                            let inner = inner.trim_start();
                            text.push_str(&format!("{:indent$}- {inner}", ""));
                        }
                    } else {
                        text.push_str(&format!("{:indent$}-", ""));
                        self.inline(item, text);
                    }
                }
            }
            scalar => self.inline(scalar, text),
        }
    }

    fn value(&mut self, value: &Node, indent: usize, text: &mut String) {
        if is_nested(value) && !self.is_small(value) {
            text.push('\n');
            self.block(value, indent, text);
        } else {
            self.inline(value, text);
        }
    }

    fn inline(&mut self, node: &Node, text: &mut String) {
        text.push(' ');
        text.push_str(&self.flow(node));
        if self.random.percent(3) {
            text.push_str("  # said: \"so\" {it} goes");
        }
        text.push('\n');
    }

    fn comment(&mut self, indent: usize, text: &mut String) {
        if self.random.percent(2) {
            text.push('\n');
        }
        if self.random.percent(2) {
            text.push_str(&format!("{:indent$}# für später: all: [any, not]\n", ""));
        }
    }

    /// True if the node is to be written in flow style: the small ones mostly.
    fn is_small(&mut self, node: &Node) -> bool {
        let chance = match weight(node) {
            0..=4 => 75,
            5..=12 => 40,
            _ => 4,
        };
        self.random.percent(chance)
    }

    fn flow(&mut self, node: &Node) -> String {
        match node {
            Node::Plain(plain) => plain.clone(),
            Node::Text(text) => self.quoted(text),
            Node::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.flow(item)).collect();
                self.bracketed('[', &items, ']')
            }
            Node::Map(entries) => {
                let mut written = Vec::new();
                for (key, value) in self.shuffled(entries) {
                    written.push(format!("{}: {}", self.flow(&key), self.flow(&value)));
                }
                self.bracketed('{', &written, '}')
            }
        }
    }

    fn bracketed(&mut self, open: char, parts: &[String], close: char) -> String {
        let space = *self.random.pick(&["", " "]);
        let last = if !parts.is_empty() && self.random.percent(4) { "," } else { "" };
        // Wherever the line is broken, so far right is deeper than any key that surrounds it.
        let next = if self.random.percent(3) { format!(",\n{:80}", "") } else { ", ".to_owned() };
        format!("{open}{space}{}{last}{space}{close}", parts.join(&next))
    }

    fn quoted(&mut self, text: &str) -> String {
        let plain = is_plain(text) && self.random.percent(70);
        if plain {
            text.to_owned()
        } else if self.random.percent(50) && !text.chars().any(char::is_control) {
            format!("'{}'", text.replace('\'', "''"))
        } else {
            self.double_quoted(text)
        }
    }

    fn double_quoted(&mut self, text: &str) -> String {
        let mut quoted = String::from("\"");
        for character in text.chars() {
            match character {
                '"' | '\\' => quoted.extend(['\\', character]),
                '\n' => quoted.push_str("\\n"),
                control if control.is_control() => {
                    quoted.push_str(&format!("\\x{:02x}", u32::from(control)));
                }
                other if !other.is_ascii() && self.random.percent(20) => {
                    quoted.push_str(&format!("\\U{:08x}", u32::from(other)));
                }
                other => quoted.push(other),
            }
        }
        quoted.push('"');
        quoted
    }

    fn shuffled(&mut self, entries: &[(Node, Node)]) -> Vec<(Node, Node)> {
        let mut entries = entries.to_vec();
        if self.random.percent(30) {
            self.random.shuffle(&mut entries);
        }
        entries
    }
}

fn is_nested(node: &Node) -> bool {
    match node {
        Node::Text(_) | Node::Plain(_) => false,
        Node::List(items) => !items.is_empty(),
        Node::Map(entries) => !entries.is_empty(),
    }
}

fn weight(node: &Node) -> usize {
    match node {
        Node::Text(_) | Node::Plain(_) => 1,
        Node::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Node::Map(entries) => 1 + entries.iter().map(|(_, value)| 1 + weight(value)).sum::<usize>(),
    }
}

/// True if the text may stand without quotes and is still that text, in every schema of YAML.
fn is_plain(text: &str) -> bool {
    let reserved = ["true", "false", "on", "off", "yes", "no", "y", "n", "null", "nan", "inf"];
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
        && !reserved.contains(&text.to_ascii_lowercase().as_str())
}
