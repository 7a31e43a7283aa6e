//! What flags say of themselves for people, as the files have it: the ir keeps none of it.

use std::collections::BTreeMap;

use super::Text;
use crate::limits::Limits;
use crate::tree::{self, Kind, Node, NodeId};

/// What a flag says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) description: Option<String>,
    pub(crate) owner: Option<String>,
    /// Whether it has `variants:`, and not values where they are served.
    pub(crate) has_variants: bool,
}

/// What the flags of layers say, the base first; the layers are known to be good.
pub(crate) fn said(layers: &[Vec<Text>], limits: &Limits) -> BTreeMap<String, Said> {
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    for text in layers.iter().flatten() {
        let parsed = tree::parse(&text.text, text.syntax, NodeId(0), limits.depth);
        let flags = parsed.root.as_ref().and_then(|root| root.entry("flags"));
        for flag in flags.and_then(|flags| flags.value.map()).unwrap_or_default() {
            let known = said.entry(flag.key.text.to_string()).or_default();
            let text = |node: &Node<'_>| node.text().map(str::to_owned);
            if let Some(entry) = flag.value.entry("description") {
                known.description = text(&entry.value);
            }
            if let Some(entry) = flag.value.entry("owner") {
                known.owner = text(&entry.value);
            }
            if let Some(entry) = flag.value.entry("variants") {
                known.has_variants = !matches!(entry.value.kind, Kind::Null);
            }
        }
    }
    said
}
