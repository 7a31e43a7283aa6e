//! The visitor of the keys of maps.

use std::borrow::Cow;
use std::collections::{HashMap, hash_map};
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::read::Reading;
use super::{Entry, Key, NodeId, ProblemKind, Seeded};

impl<'t> Reading<'_, 't> {
    /// Numbers a key that starts at this byte.
    pub(super) fn key<E: de::Error>(
        &mut self,
        text: Cow<'t, str>,
        offset: Option<usize>,
    ) -> Result<Key<'t>, E> {
        let id = self.enter_text(&text)?;
        if text == "<<" {
            self.complain(ProblemKind::MergeKey, id);
        }
        let offset = offset.and_then(|offset| u32::try_from(offset).ok());
        Ok(Key { id, text, is_odd: false, offset })
    }
}

/// The seed and visitor of a key.
pub(super) struct KeySeed<'r, 'p, 't>(pub(super) &'r mut Reading<'p, 't>);

impl<'t> KeySeed<'_, '_, 't> {
    fn key<E: de::Error>(self, text: Cow<'t, str>) -> Result<Key<'t>, E> {
        let offset = match &text {
            Cow::Borrowed(part) => self.0.seen(NodeId(self.0.next), part),
            Cow::Owned(_) => None,
        };
        self.0.key(text, offset)
    }

    fn odd<E: de::Error>(self, kind: ProblemKind) -> Result<Key<'t>, E> {
        let id = self.0.enter()?;
        self.0.complain(kind, id);
        Ok(Key { id, text: Cow::Borrowed(""), is_odd: true, offset: None })
    }
}

impl<'t> DeserializeSeed<'t> for KeySeed<'_, '_, 't> {
    type Value = Key<'t>;

    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<Key<'t>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for KeySeed<'_, '_, 't> {
    type Value = Key<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Key<'t>, E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Key<'t>, E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Key<'t>, E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Key<'t>, E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Key<'t>, E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Key<'t>, E> {
        self.odd(ProblemKind::OddKey("a float"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Key<'t>, E> {
        self.key(Cow::Owned(value.to_owned()))
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'t str) -> Result<Key<'t>, E> {
        self.key(Cow::Borrowed(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Key<'t>, E> {
        self.odd(ProblemKind::NullKey)
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<Key<'t>, A::Error> {
        let key = self.odd(ProblemKind::OddKey("a list"))?;
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(key)
    }

    fn visit_map<A: MapAccess<'t>>(self, mut items: A) -> Result<Key<'t>, A::Error> {
        let key = self.odd(ProblemKind::OddKey("a map"))?;
        while items.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Ok(key)
    }

    fn visit_enum<A: EnumAccess<'t>>(self, tagged: A) -> Result<Key<'t>, A::Error> {
        let (_, inner) = tagged.variant::<de::IgnoredAny>()?;
        let at = NodeId(self.0.next);
        self.0.complain(ProblemKind::Tag, at);
        inner.newtype_variant_seed(self)
    }
}

/// A map of fewer entries is looked through one by one.
const SMALL: usize = 16;

/// The keys of a map so far, as far as it takes to tell whether one is there already.
#[derive(Default)]
pub(super) struct Seen<'t> {
    /// One bit for each key, which few keys of one map share.
    bits: u64,
    /// How many keys were asked for.
    count: usize,
    /// Where each first stands. Small maps, which most are, do without.
    first: Option<HashMap<Cow<'t, str>, NodeId, Seeded>>,
}

impl<'t> Seen<'t> {
    /// The key of a map that is the same as this one, if there is one; what it has so far are the
    /// entries. All its keys are asked for, in their order.
    ///
    /// PERF: LOAD. Of a key whose bit no other has, nothing is compared.
    #[inline(always)]
    pub(super) fn first_of<'e>(
        &mut self,
        key: &Key<'t>,
        entries: impl FnOnce() -> &'e [Entry<'t>],
    ) -> Option<NodeId>
    where
        't: 'e,
    {
        let bit = 1 << key_place(&key.text);
        let is_new = self.bits & bit == 0 && self.count < SMALL;
        self.bits |= bit;
        self.count += 1;
        if is_new { None } else { self.first_among(key, entries()) }
    }

    #[inline(never)]
    fn first_among(&mut self, key: &Key<'t>, entries: &[Entry<'t>]) -> Option<NodeId> {
        if entries.len() < SMALL {
            let first = entries.iter().find(|entry| entry.key.text == key.text);
            return first.map(|entry| entry.key.id);
        }
        self.first_of_many(key, entries)
    }

    fn first_of_many(&mut self, key: &Key<'t>, entries: &[Entry<'t>]) -> Option<NodeId> {
        let first = self.first.get_or_insert_with(|| {
            let mut first = HashMap::default();
            for Entry { key, .. } in entries {
                first.entry(key.text.clone()).or_insert(key.id);
            }
            first
        });
        match first.entry(key.text.clone()) {
            hash_map::Entry::Occupied(first) => Some(*first.get()),
            hash_map::Entry::Vacant(room) => {
                room.insert(key.id);
                None
            }
        }
    }
}

/// A number below 64 for a key, which few keys of one map share; of the format's own words in a map, no
/// two.
#[inline]
pub(crate) const fn key_place(key: &str) -> usize {
    let first = match key.as_bytes() {
        [first, ..] => *first as usize,
        [] => 0,
    };
    (first + 21 * key.len()) % 64
}
