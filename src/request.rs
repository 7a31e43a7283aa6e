//! What is known of one request, found by names that were made ready at load.

use std::cell::Cell;
use std::hint::black_box;

use serde_json::Value as Json;

use crate::bucket::{self, Salt, UnitHash};
use crate::context::{Address, Attribute, Builtin, Context, ContextBuf, Found};
use crate::literal::number::Number;
use crate::program::{AttributeName, Known, Program, Subject, UnitSource, Units};

/// A request: its own context, and what the service knows of every request. Its own counts first.
#[derive(Debug)]
pub(crate) struct Request<'r> {
    /// PERF: always the same, which the compiler does not know: it would load before the loop over the
    /// steps what only some of them need (W4, W7). See [`Request::set_anew`].
    ctx: Cell<&'r Context<'r>>,
    base: &'r ContextBuf,
}

impl<'r> Request<'r> {
    #[inline(always)]
    pub(crate) fn new(ctx: &'r Context<'r>, base: &'r ContextBuf) -> Request<'r> {
        Request { ctx: Cell::new(ctx), base }
    }

    #[inline(always)]
    pub(crate) fn ctx(&self) -> &'r Context<'r> {
        self.ctx.get()
    }

    /// Sets the context to what it is, in the one way that a compiler cannot see through.
    #[inline(always)]
    pub(crate) fn set_anew(&self) {
        self.ctx.set(black_box(self.ctx.get()));
    }

    #[inline]
    pub(crate) fn builtin(&self, builtin: Builtin) -> Option<&'r str> {
        self.ctx().builtin(builtin).or_else(|| self.base.builtin(builtin))
    }

    pub(crate) fn address(&self) -> Option<Address> {
        self.ctx().address().or_else(|| self.base.address())
    }

    pub(crate) fn user_hash(&self) -> Option<UnitHash> {
        self.ctx().user_hash().or_else(|| self.base.user_hash())
    }

    /// The bucket of what is bucketed, if it is there.
    ///
    /// PERF: nearly all units are users whom the request itself names (W3, W4, PRODUCT).
    #[inline(always)]
    pub(crate) fn bucket(&self, units: Units, salt: Salt, program: &Program) -> Option<u32> {
        match (units, self.ctx().own_user_hash()) {
            (Units::User, Some(user)) => Some(bucket::bucket(user, salt)),
            _ => self.bucket_elsewhere(units, salt, program),
        }
    }

    #[inline(never)]
    fn bucket_elsewhere(&self, units: Units, salt: Salt, program: &Program) -> Option<u32> {
        let unit = match units {
            Units::User => self.user_hash(),
            Units::FirstOf(units) => {
                let mut sources = program.units.get(units).iter();
                sources.find_map(|source| self.unit(*source, program))
            }
        };
        unit.map(|unit| bucket::bucket(unit, salt))
    }

    fn unit(&self, source: UnitSource, program: &Program) -> Option<UnitHash> {
        match source {
            UnitSource::Builtin(Builtin::User) => self.user_hash(),
            UnitSource::Builtin(builtin) => {
                self.builtin(builtin).map(|text| UnitHash::of(text.as_bytes()))
            }
            UnitSource::Attribute(id) => {
                self.attribute(program.attributes.get(id)).and_then(Attribute::unit_hash)
            }
        }
    }

    /// The attribute of the exact name, or what its name leads to inside a json attribute.
    fn attribute(&self, name: &AttributeName) -> Option<Attribute<'r>> {
        self.attribute_beyond(self.own_attribute(name), name)
    }

    /// The attribute of the exact name that the request's own context has.
    #[inline]
    pub(crate) fn own_attribute(&self, name: &AttributeName) -> Option<&'r Attribute<'r>> {
        self.ctx().own_attribute(name.mark, name.name.is_one())
    }

    /// An attribute of which it is known whether the request's own context has it.
    pub(crate) fn attribute_beyond(
        &self,
        own: Option<&Attribute<'r>>,
        name: &AttributeName,
    ) -> Option<Attribute<'r>> {
        let exact = own.copied().or_else(|| {
            let text = name.name.text();
            self.ctx().attribute_under(text).or_else(|| self.base.attribute(text))
        });
        let named = |name: &str| self.ctx().attribute(name).or_else(|| self.base.attribute(name));
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

    /// An attribute of the request's own context, unless it lies further off; its name must not be
    /// [long](crate::program::Literal::is_long).
    #[inline(always)]
    pub(crate) fn attribute_in_place(&self, name: &AttributeName) -> Option<&'r Attribute<'r>> {
        self.ctx().attribute_in_place(name.mark, |known, key| name.is(known, key))
    }

    /// What is asked for, if it is an attribute that is in place.
    #[inline(always)]
    pub(crate) fn in_place(&self, subject: &Subject) -> Option<&'r Attribute<'r>> {
        match subject {
            Subject::Attribute(name) if !name.name.is_long() => self.attribute_in_place(name),
            _ => None,
        }
    }

    /// What a first-match table looks up.
    #[inline(never)]
    pub(crate) fn known_of(&self, subject: &Subject) -> Known<'r> {
        let of_bytes =
            |bytes: &'r [u8]| std::str::from_utf8(bytes).map_or(Known::Nothing, Known::Text);
        match subject {
            Subject::Builtin(Builtin::User) => {
                match (self.builtin(Builtin::User), self.user_hash()) {
                    (Some(user), Some(hash)) => Known::Hashed(user, hash),
                    _ => Known::Nothing,
                }
            }
            Subject::Builtin(builtin) => self.builtin(*builtin).map_or(Known::Nothing, Known::Text),
            Subject::Header(name) => match self.ctx().find_header(name) {
                Found::NotGiven | Found::Absent => Known::Nothing,
                Found::Value(bytes) => of_bytes(bytes),
            },
            Subject::Cookie(name) => match self.ctx().find_cookie(name) {
                Found::NotGiven | Found::Absent => Known::Nothing,
                // It is compared as it is, and decoded.
                Found::Value(bytes) if bytes.contains(&b'%') => Known::Several,
                Found::Value(bytes) => of_bytes(bytes),
            },
            Subject::Attribute(name) => match self.attribute(name) {
                None => Known::Nothing,
                Some(Attribute::Text(text)) => Known::Text(text),
                Some(Attribute::Integer(value)) => {
                    Known::Number(Number::Integer(i128::from(value)))
                }
                Some(Attribute::Unsigned(value)) => {
                    Known::Number(Number::Integer(i128::from(value)))
                }
                Some(Attribute::Float(value)) if value.is_finite() => {
                    Known::Number(Number::Float(value))
                }
                Some(_) => Known::Several,
            },
            Subject::Ip => Known::Several,
        }
    }
}
