//! The visitor of the keys of maps.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::read::Reading;
use super::{Key, NodeId, ProblemKind};

impl<'t> Reading<'_, 't> {
    /// Numbers a key that starts at this byte.
    #[inline(always)]
    pub(super) fn key<E: de::Error>(
        &mut self,
        text: Cow<'t, str>,
        offset: Option<usize>,
        into: &mut Key<'t>,
    ) -> Result<(), E> {
        let id = self.enter_text(&text)?;
        if text == "<<" {
            self.complain(ProblemKind::MergeKey, id);
        }
        let offset = offset.and_then(|offset| u32::try_from(offset).ok());
        *into = Key { id, place: key_place(&text), text, is_odd: false, offset };
        Ok(())
    }
}

impl<'t> Key<'t> {
    /// The same key with another text.
    pub(crate) fn renamed(&self, text: &'static str) -> Key<'t> {
        Key { place: key_place(text), text: Cow::Borrowed(text), ..self.clone() }
    }

    /// The [`key_place`] of its text.
    #[inline]
    pub(crate) fn place(&self) -> u8 {
        self.place
    }
}

/// The seed and visitor of a key.
pub(super) struct KeySeed<'r, 'p, 't> {
    pub(super) reading: &'r mut Reading<'p, 't>,
    pub(super) into: &'r mut Key<'t>,
}

impl<'t> KeySeed<'_, '_, 't> {
    fn key<E: de::Error>(self, text: Cow<'t, str>) -> Result<(), E> {
        let offset = match &text {
            Cow::Borrowed(part) => self.reading.seen(NodeId(self.reading.next), part),
            Cow::Owned(_) => None,
        };
        self.reading.key(text, offset, self.into)
    }

    fn odd<E: de::Error>(self, kind: ProblemKind) -> Result<(), E> {
        let id = self.reading.enter()?;
        self.reading.complain(kind, id);
        *self.into = Key { id, is_odd: true, ..Key::default() };
        Ok(())
    }
}

impl<'t> DeserializeSeed<'t> for KeySeed<'_, '_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for KeySeed<'_, '_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<(), E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<(), E> {
        self.key(Cow::Owned(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.odd(ProblemKind::OddKey("a float"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.key(Cow::Owned(value.to_owned()))
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'t str) -> Result<(), E> {
        self.key(Cow::Borrowed(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.odd(ProblemKind::NullKey)
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        self.odd(ProblemKind::OddKey("a list"))?;
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        self.odd(ProblemKind::OddKey("a map"))?;
        while items.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'t>>(self, tagged: A) -> Result<(), A::Error> {
        let (_, inner) = tagged.variant::<de::IgnoredAny>()?;
        let at = NodeId(self.reading.next);
        self.reading.complain(ProblemKind::Tag, at);
        inner.newtype_variant_seed(self)
    }
}

/// A number below 64 for a key, which few keys of one map share; of the format's own words in a map, no
/// two.
#[inline]
pub(crate) const fn key_place(key: &str) -> u8 {
    let first = match key.as_bytes() {
        [first, ..] => *first,
        [] => 0,
    };
    first.wrapping_add((key.len() as u8).wrapping_mul(21)) % 64
}
