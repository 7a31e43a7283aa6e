//! The flags that the code declares, held against those of the files.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::ir::{self, Document, Flag, Name};
use crate::program::{FlagId, Id, Program, VariantId};
use crate::report::{Code, Severity, nearest};
use crate::source::{FileId, Owner, Problem, Spot};
use crate::value::{Value, ValueType};

/// A key of any type, as [`flags!`](crate::flags) lists them. It is sealed.
///
/// # Examples
///
/// ```
/// hoist::flags! {
///     static KEYS;
///     SEARCH: bool = "search", default false;
///     PAGE_SIZE: u32 = "page-size", default 20;
/// }
/// let names: Vec<&str> = KEYS.iter().map(|key| key.name()).collect();
/// assert_eq!(names, ["search", "page-size"]);
/// assert_eq!(KEYS[1].value_type(), Some(hoist::ValueType::Integer));
/// ```
pub trait DeclaredKey: sealed::Fits + fmt::Debug + Send + Sync {
    /// The name of the flag.
    fn name(&self) -> &'static str;

    /// The type that the flag must have; `None` for an enum, which goes by the names of variants.
    fn value_type(&self) -> Option<ValueType>;
}

pub(crate) mod sealed {
    use super::{Fit, Value};

    pub trait Fits {
        /// Whether the key can read a variant, and what is to be kept of it.
        fn fits(&self, variant: &str, value: &Value) -> Fit;
    }
}

/// What of a variant is kept for its key, if anything is; or why the key cannot read it.
pub type Fit = Result<Option<Box<dyn Any + Send + Sync>>, Misfit>;

/// Why a key cannot read a variant.
#[derive(Debug)]
pub enum Misfit {
    /// The enum has these, and not it.
    Variant(&'static [&'static str]),
    /// What is wrong with its value.
    Value(String),
}

/// For enums.
pub fn fit_variant(variant: &str, known: &'static [&'static str]) -> Fit {
    if known.contains(&variant) { Ok(None) } else { Err(Misfit::Variant(known)) }
}

/// What a load does about a flag that the code declares and the files lack.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, OnMissingFlag};
///
/// hoist::flags! { static KEYS; SEARCH: bool = "search", default false; }
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-missing-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: {}").unwrap();
/// let flags = Flags::builder().file(&path).keys(KEYS).open()?;
/// assert!(!flags.is_enabled(&SEARCH, &hoist::Context::new())); // the code's default
/// assert_eq!(flags.snapshot().report().warnings(), 1);
///
/// let builder = Flags::builder().file(&path).keys(KEYS);
/// assert!(builder.on_missing_flag(OnMissingFlag::Refuse).open().is_err());
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnMissingFlag {
    /// It is noted in the report, and the code's default is the answer: the code may be ahead of
    /// the file.
    #[default]
    Warn,
    /// It is an error: at the start the files are refused, and at a reload the flag keeps its last
    /// good version. What stands in for the files at a start must have the flag too.
    Refuse,
}

/// The keys that a handle was told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) keys: Vec<&'static dyn DeclaredKey>,
    pub(crate) on_missing: OnMissingFlag,
}

impl Declared {
    /// What is wrong between the keys and the flags of the files. Those in `broken` are there, and
    /// cannot be read.
    pub(crate) fn problems(&self, document: &Document, broken: &BTreeSet<Name>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for key in &self.keys {
            match document.flags.get(key.name()) {
                Some(flag) => problems.extend(mismatches(*key, flag)),
                None if broken.contains(key.name()) => {}
                None => problems.push(self.missing(*key, document)),
            }
        }
        let is_undeclared = self.undeclared();
        for flag in document.flags.iter().filter(|flag| is_undeclared(&flag.name)) {
            let message = format!("no key in the code declares the flag `{}`", flag.name);
            let owner = Owner::Flag(flag.name.clone());
            problems.push(Problem::warning(Code::UndeclaredFlag, message, flag.spot, owner));
        }
        problems
    }

    /// What tells whether no key declares a flag, if any key is known.
    pub(crate) fn undeclared(&self) -> impl Fn(&str) -> bool + use<> {
        let names: BTreeSet<&'static str> = self.keys.iter().map(|key| key.name()).collect();
        move |flag| !names.is_empty() && !names.contains(flag)
    }

    fn missing(&self, key: &dyn DeclaredKey, document: &Document) -> Problem {
        let name = key.name();
        let message = format!("the code declares a flag `{name}`, and the files lack it");
        let spot = Spot::Line(FileId(0), 1);
        let problem =
            Problem::error(Code::MissingFlag, message, spot, Owner::Flag(Name::from(name)));
        let severity = match self.on_missing {
            OnMissingFlag::Warn => Severity::Warning,
            OnMissingFlag::Refuse => Severity::Error,
        };
        let near = nearest(name, document.flags.keys().map(|name| &**name));
        let help = match near {
            Some(near) => format!("is `{near}` the same?"),
            None => "the code's default is the answer".to_owned(),
        };
        Problem { severity, ..problem.with_help(help) }
    }
}

/// What a key cannot read of its flag.
fn mismatches(key: &dyn DeclaredKey, flag: &Flag) -> Vec<Problem> {
    let name = &flag.name;
    let error = |code, message: String| {
        Problem::error(code, message, flag.spot, Owner::Flag(Name::clone(name)))
    };
    let wanted = key.value_type().filter(|wanted| *wanted != flag.value_type);
    if let Some(wanted) = wanted {
        let found = flag.value_type;
        let message = format!("the values of `{name}` are {found}, and the code asks for {wanted}");
        return vec![error(Code::KeyType, message)];
    }
    let misfits = flag.variants.iter().filter_map(|variant| {
        Some((&variant.name, key.fits(&variant.name, &variant.value).err()?))
    });
    let problems = misfits.map(|(variant, misfit)| match misfit {
        Misfit::Variant(known) => {
            let message = format!("the code knows no variant `{variant}` of `{name}`");
            error(Code::KeyVariant, message).with_help(format!("it knows `{}`", known.join("`, `")))
        }
        Misfit::Value(why) => {
            let message =
                format!("the code cannot read the variant `{variant}` of `{name}`: {why}");
            error(Code::KeyValue, message)
        }
    });
    problems.collect()
}

/// Values as the types of the keys that ask for them, by their variants. One value may be there
/// for several types.
#[derive(Clone, Debug, Default)]
pub(crate) struct ParsedValues(Arc<[(VariantId, Box<dyn Any + Send + Sync>)]>);

impl ParsedValues {
    /// All that keys have to parse of the flags of a program.
    pub(crate) fn of(declared: &Declared, flags: &ir::Flags, program: &Program) -> ParsedValues {
        let mut parsed = Vec::new();
        for key in &declared.keys {
            let Some(at) = flags.position(key.name()) else { continue };
            let Some(flag) = flags.at(at) else { continue };
            // Not from its default, in whose place a kill or a test puts another variant.
            let first = program.flags.get(FlagId::new(at)).first_variant(flag.off.0).index();
            for (index, variant) in flag.variants.iter().enumerate() {
                if let Ok(Some(value)) = key.fits(&variant.name, &variant.value) {
                    parsed.push((VariantId::new(first + index), value));
                }
            }
        }
        parsed.sort_by_key(|(variant, _)| *variant);
        ParsedValues(parsed.into())
    }

    /// The value of a variant as a type.
    #[inline]
    pub(crate) fn find<T: 'static>(&self, variant: VariantId) -> Option<&T> {
        let first = self.0.partition_point(|(other, _)| *other < variant);
        let same = self.0.get(first..)?.iter().take_while(|(other, _)| *other == variant);
        same.into_iter().find_map(|(_, value)| (**value).downcast_ref())
    }
}
