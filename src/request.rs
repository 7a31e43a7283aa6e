//! What is known of one request, found by names that were made ready at load.

use serde_json::Value as Json;

use crate::bucket::UnitHash;
use crate::context::{Address, Attribute, Builtin, Context, ContextBuf, Found};
use crate::literal::number::Number;
use crate::program::{AttributeId, AttributeName, Known, Subject, Table, UnitSource};

/// A request: its own context, and what the service knows of every request. Its own counts first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'r> {
    pub(crate) ctx: &'r Context<'r>,
    pub(crate) base: &'r ContextBuf,
}

type Attributes = Table<AttributeId, AttributeName>;

impl<'r> Request<'r> {
    #[inline]
    pub(crate) fn builtin(&self, builtin: Builtin) -> Option<&'r str> {
        self.ctx.builtin(builtin).or_else(|| self.base.builtin(builtin))
    }

    pub(crate) fn address(&self) -> Option<Address> {
        self.ctx.address().or_else(|| self.base.address())
    }

    pub(crate) fn user_hash(&self) -> Option<UnitHash> {
        self.ctx.user_hash().or_else(|| self.base.user_hash())
    }

    /// The hash of the first unit that is there.
    pub(crate) fn first_unit(
        &self,
        sources: &[UnitSource],
        attributes: &Attributes,
    ) -> Option<UnitHash> {
        sources.iter().find_map(|source| match source {
            UnitSource::Builtin(Builtin::User) => self.user_hash(),
            UnitSource::Builtin(builtin) => {
                self.builtin(*builtin).map(|text| UnitHash::of(text.as_bytes()))
            }
            UnitSource::Attribute(id) => {
                self.attribute(attributes.get(*id)).and_then(Attribute::unit_hash)
            }
        })
    }

    /// The attribute of the exact name, or what its name leads to inside a json attribute.
    fn attribute(&self, name: &AttributeName) -> Option<Attribute<'r>> {
        let own = self.ctx.own_attribute(|known| name.name.is(known));
        self.attribute_beyond(own, name)
    }

    /// An attribute of which it is known whether the request's own context has it.
    pub(crate) fn attribute_beyond(
        &self,
        own: Option<&Attribute<'r>>,
        name: &AttributeName,
    ) -> Option<Attribute<'r>> {
        let exact = own.copied().or_else(|| {
            let text = name.name.text();
            self.ctx.attribute_under(text).or_else(|| self.base.attribute(text))
        });
        let named = |name: &str| self.ctx.attribute(name).or_else(|| self.base.attribute(name));
        let value = exact.or_else(|| {
            name.paths.iter().find_map(|path| match named(&path.attribute)? {
                Attribute::Json(json) => {
                    let at = path.keys.iter().try_fold(json, |json, key| json.get(&**key))?;
                    Some(Attribute::Json(at))
                }
                Attribute::Text(_)
                | Attribute::Integer(_)
                | Attribute::Unsigned(_)
                | Attribute::Float(_)
                | Attribute::Boolean(_)
                | Attribute::Instant(_)
                | Attribute::List(_)
                | Attribute::Texts(_) => None,
            })
        });
        value.filter(|value| !matches!(value, Attribute::Json(Json::Null)))
    }

    /// What tests of equality compare with.
    pub(crate) fn known_of(&self, subject: &Subject, attributes: &Attributes) -> Known<'r> {
        let of_bytes =
            |bytes: &'r [u8]| std::str::from_utf8(bytes).map_or(Known::Nothing, Known::Text);
        match subject {
            Subject::Builtin(Builtin::User) => {
                self.user_hash().map_or(Known::Nothing, Known::Hashed)
            }
            Subject::Builtin(builtin) => self.builtin(*builtin).map_or(Known::Nothing, Known::Text),
            Subject::Header(name) => match self.ctx.find_header(name) {
                Found::NotGiven | Found::Absent => Known::Nothing,
                Found::Value(bytes) => of_bytes(bytes),
            },
            Subject::Cookie(name) => match self.ctx.find_cookie(name) {
                Found::NotGiven | Found::Absent => Known::Nothing,
                // It is compared as it is, and decoded.
                Found::Value(bytes) if bytes.contains(&b'%') => Known::Several,
                Found::Value(bytes) => of_bytes(bytes),
            },
            Subject::Attribute(id) => {
                let name = attributes.get(*id);
                match self.ctx.own_attribute(|known| name.name.is(known)) {
                    // PERF: what nearly all are needs no copy (W6).
                    Some(Attribute::Text(text)) => Known::Text(text),
                    own => match self.attribute_beyond(own, name) {
                        None => Known::Nothing,
                        Some(Attribute::Text(text)) => Known::Text(text),
                        Some(Attribute::Integer(value)) => {
                            Known::Number(Number::Integer(i128::from(value)))
                        }
                        Some(Attribute::Float(value)) if value.is_finite() => {
                            Known::Number(Number::Float(value))
                        }
                        Some(_) => Known::Several,
                    },
                }
            }
            Subject::Ip => Known::Several,
        }
    }
}
