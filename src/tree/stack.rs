//! What is in the lists and maps of a text that are being read.

use super::{Entry, Kind, Node};

/// The items of lists, or the entries of maps, that are not read to their end.
///
/// Those of each stand behind those of the one around it; what ends takes its own away, in a vector as
/// large as it needs. Where vectors are kept that were used before, each takes one of them instead.
///
/// PERF: LOAD, by the vectors that grow and by the room that they leave.
#[derive(Debug)]
pub(super) struct Stack<T> {
    pub(super) open: Vec<T>,
    used: Vec<Vec<T>>,
}

/// What is open of one list or map.
pub(super) struct Part<T> {
    used: Option<Vec<T>>,
    start: usize,
}

impl<T> Default for Stack<T> {
    fn default() -> Stack<T> {
        Stack { open: Vec::new(), used: Vec::new() }
    }
}

impl<T> Stack<T> {
    pub(super) fn begin(&mut self) -> Part<T> {
        Part { used: self.used.pop(), start: self.open.len() }
    }

    #[inline]
    pub(super) fn push(&mut self, part: &mut Part<T>, item: T) {
        part.used.as_mut().unwrap_or(&mut self.open).push(item);
    }

    #[inline]
    pub(super) fn so_far<'s>(&'s self, part: &'s Part<T>) -> &'s [T] {
        part.used.as_deref().or_else(|| self.open.get(part.start..)).unwrap_or_default()
    }

    #[inline]
    pub(super) fn end(&mut self, part: Part<T>) -> Vec<T> {
        match (part.used, part.start) {
            (Some(used), _) => used,
            // To split all off would take the room of the stack along.
            (None, 0) => self.open.drain(..).collect(),
            (None, start) => self.open.split_off(start),
        }
    }
}

/// Keeps the vectors of a tree that is done with, but for large ones, which small lists would get.
///
/// PERF: LOAD. What is taken as soon as it is read is made of the same few vectors.
pub(super) fn keep<'t>(
    items: &mut Stack<Node<'t>>,
    entries: &mut Stack<Entry<'t>>,
    tree: &mut Node<'t>,
) {
    const LARGE: usize = 64;
    match &mut tree.kind {
        Kind::List(list) if list.capacity() <= LARGE => {
            let nested = list.iter_mut().filter(|item| is_nested(item));
            nested.for_each(|item| keep(items, entries, item));
            list.clear();
            items.used.push(std::mem::take(list));
        }
        Kind::Map(map) if map.capacity() <= LARGE => {
            let nested =
                map.iter_mut().map(|entry| &mut entry.value).filter(|value| is_nested(value));
            nested.for_each(|value| keep(items, entries, value));
            map.clear();
            entries.used.push(std::mem::take(map));
        }
        Kind::Null
        | Kind::Boolean(_)
        | Kind::Integer(_)
        | Kind::Float(_)
        | Kind::Text(..)
        | Kind::List(_)
        | Kind::Map(_) => {}
    }
}

/// PERF: most values are texts, for which there is nothing to do (LOAD).
fn is_nested(node: &Node<'_>) -> bool {
    matches!(node.kind, Kind::List(_) | Kind::Map(_))
}
