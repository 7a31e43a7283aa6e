//! A Rust module of typed keys, written from toggle files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::dialect::native::{self, Said};
use crate::error::Error;
use crate::ir::{Flag, Variant};
use crate::load::{Kills, Settings};
use crate::reload::read::{Good, Layers};
use crate::value::{Value, ValueType};

/// Writes the Rust module of the flags of a toggle file, or of a directory of them, with overlays
/// in their order behind it: what `hoist codegen` prints.
///
/// It has a key for each flag, an enum for each with `variants:`, and the list `KEYS` for
/// [`Builder::keys`](crate::Builder::keys). A name is spelt as Rust does: `new-search` becomes
/// `NEW_SEARCH`, and its enum `NewSearch`; a flag `keys` becomes `KEYS_`. The docs of a key are the flag's description, owner and
/// date of expiry. Its default is the value of the off variant; that of a boolean flag is `false`
/// and that of json is null: its type is `Json<serde_json::Value>`, and a service that wants one of
/// its own declares that key by hand.
///
/// Commit the module, and let a test compare; or write it in a build script, with hoist among the
/// `build-dependencies`:
///
/// ```no_run
/// // build.rs; in the crate: mod flags { include!(concat!(env!("OUT_DIR"), "/flags.rs")); }
/// println!("cargo::rerun-if-changed=flags.yaml");
/// let module = hoist::codegen::module(["flags.yaml"]).unwrap();
/// let out = std::env::var_os("OUT_DIR").unwrap();
/// std::fs::write(std::path::Path::new(&out).join("flags.rs"), module).unwrap();
/// ```
///
/// # Errors
///
/// If a file cannot be read, if anything in one is wrong, or if two names are one in Rust.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("hoist-doc-codegen-{}.yaml", std::process::id()));
/// std::fs::write(&path, "
/// version: 1
/// flags:
///   new-search: { description: Finds what is meant., default: on }
///   button: { variants: { control: grey, green: '#0a0' }, default: control }
/// ").unwrap();
/// let module = hoist::codegen::module([&path])?;
/// assert!(module.contains("
///     /// Finds what is meant.
///     pub NEW_SEARCH: bool = \"new-search\", default false;
/// "));
/// assert!(module.contains("pub BUTTON: Button = \"button\", default Button::Control;"));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
pub fn module<P: AsRef<Path>>(layers: impl IntoIterator<Item = P>) -> Result<String, Error> {
    let settings = Settings::default();
    let Good { loaded, contents, .. } = Layers::of(layers)?.load(&Kills::default(), &settings)?;
    let said = native::said(&contents.layers, &settings.limits);
    let unsaid = Said::default();
    let (mut statics, mut types) = (Names::new(screaming), Names::new(camel));
    let (mut enums, mut keys) = (String::new(), String::new());
    for flag in loaded.document.flags.iter().map(|flag| flag.unpacked()) {
        let flag = &flag;
        let said = said.get(&*flag.name).unwrap_or(&unsaid);
        let name = statics.of(&flag.name, "FLAG_")?;
        let (value_type, default) = match said.has_variants {
            true => {
                let enum_name = types.of(&flag.name, "Flag")?;
                let arms = arms(flag)?;
                let off = arms.get(usize::from(flag.off.0)).map_or("", String::as_str);
                let default = format!("{enum_name}::{off}");
                write_enum(&mut enums, flag, &enum_name, &arms);
                (enum_name, default)
            }
            false => of_values(flag),
        };
        write_docs(&mut keys, flag, said);
        line(
            &mut keys,
            format_args!("    pub {name}: {value_type} = {:?}, default {default};", flag.name),
        );
    }
    Ok(format!("{HEAD}{enums}{LIST}{keys}}}\n"))
}

const HEAD: &str = "// Made by `hoist codegen` from the toggle files: not to be edited.\n\n";

const LIST: &str =
    "hoist::flags! {\n    /// All keys, for `Builder::keys`.\n    pub static KEYS;\n";

/// Writes a line; a text takes whatever is written to it.
fn line(to: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = writeln!(to, "{what}");
}

/// The names of the variants in Rust, in the order of the flag.
fn arms(flag: &Flag) -> Result<Vec<String>, Error> {
    let mut names = Names::new(camel);
    flag.variants.iter().map(|variant| names.of(&variant.name, "V")).collect()
}

fn write_enum(to: &mut String, flag: &Flag, name: &str, arms: &[String]) {
    line(to, format_args!("hoist::variants! {{"));
    line(to, format_args!("    /// The variants of the flag `{}`.", flag.name));
    line(to, format_args!("    pub enum {name} {{"));
    for (arm, variant) in arms.iter().zip(flag.variants.iter()) {
        line(to, format_args!("        {arm} = {:?},", variant.name));
    }
    line(to, format_args!("    }}\n}}\n"));
}

/// The type of a flag whose values count, and the default of its key.
fn of_values(flag: &Flag) -> (String, String) {
    let off = flag.variants.get(usize::from(flag.off.0)).map(|variant: &Variant| &variant.value);
    let default = match off {
        // Nothing but a file turns a feature on.
        Some(Value::Boolean(_)) | None => "false".to_owned(),
        Some(Value::Integer(value)) => value.to_string(),
        Some(Value::Float(value)) => format!("{value:?}"),
        Some(Value::Text(value)) => format!("{value:?}"),
        Some(Value::Json(_)) => "serde_json::Value::Null".to_owned(),
    };
    let value_type = match flag.value_type {
        ValueType::Boolean => "bool",
        ValueType::Integer => "i64",
        ValueType::Float => "f64",
        ValueType::Text => "&'static str",
        ValueType::Json => "hoist::Json<serde_json::Value>",
    };
    (value_type.to_owned(), default)
}

/// What a flag says of itself, each line of a description as one of the docs.
fn write_docs(to: &mut String, flag: &Flag, said: &Said) {
    let description = said.description.clone();
    let mut parts = vec![description.unwrap_or_else(|| format!("The flag `{}`.", flag.name))];
    parts.extend(said.owner.as_ref().map(|owner| format!("Owner: {owner}.")));
    parts.extend(flag.metadata.expires.map(|expires| format!("Expires: {expires}.")));
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            line(to, format_args!("    ///"));
        }
        for text in part.trim().lines() {
            // What people write there is no code to be run, no link and no tag.
            let clean: String = text.trim().chars().filter(|c| !c.is_control()).collect();
            let clean = clean.replace("```", "\\`\\`\\`").replace('<', "\\<").replace('[', "\\[");
            line(to, format_args!("    /// {clean}"));
        }
    }
}

/// Names of Rust, each for one name of a file.
struct Names {
    spell: fn(&str) -> String,
    taken: BTreeMap<String, String>,
}

impl Names {
    fn new(spell: fn(&str) -> String) -> Names {
        Names { spell, taken: BTreeMap::new() }
    }

    /// The spelling of a name; `before` goes before one that starts with a digit.
    fn of(&mut self, name: &str, before: &str) -> Result<String, Error> {
        let spelt = (self.spell)(name);
        let spelt = match spelt.starts_with(|c: char| c.is_ascii_digit()) {
            true => format!("{before}{spelt}"),
            // A word of Rust, and the list of all.
            false if spelt == "Self" || spelt == "KEYS" => format!("{spelt}_"),
            false => spelt,
        };
        match self.taken.insert(spelt.clone(), format!("`{name}`")) {
            None => Ok(spelt),
            Some(other) => {
                Err(Error::unspeakable(format!("{other} and `{name}` would both be `{spelt}`")))
            }
        }
    }
}

/// The words of a name: it is split where it is no letter or digit, and before a capital.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let is_capital =
            c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if is_capital || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(c);
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `NEW_SEARCH`.
fn screaming(name: &str) -> String {
    words(name).join("_").to_ascii_uppercase()
}

/// `NewSearch`; digits that were apart stay so, as in `V1_0`.
fn camel(name: &str) -> String {
    let mut joined = String::new();
    for word in words(name) {
        let mut chars = word.chars();
        let Some(first) = chars.next() else { continue };
        if first.is_ascii_digit() && joined.ends_with(|c: char| c.is_ascii_digit()) {
            joined.push('_');
        }
        joined.push(first.to_ascii_uppercase());
        joined.push_str(&chars.as_str().to_ascii_lowercase());
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelt_as_rust_does() {
        for (name, statics, types) in [
            ("new-search", "NEW_SEARCH", "NewSearch"),
            ("team.newSearch", "TEAM_NEW_SEARCH", "TeamNewSearch"),
            ("v1.0", "V1_0", "V1_0"),
            ("SHOUT", "SHOUT", "Shout"),
            ("a--b_", "A_B", "AB"),
        ] {
            assert_eq!((&*screaming(name), &*camel(name)), (statics, types));
        }
    }

    #[test]
    fn no_two_names_are_one() {
        let mut names = Names::new(screaming);
        assert_eq!(names.of("2fa", "FLAG_").unwrap(), "FLAG_2FA");
        assert_eq!(names.of("a-b", "FLAG_").unwrap(), "A_B");
        let error = names.of("a.b", "FLAG_").unwrap_err().to_string();
        assert!(error.contains("`a-b` and `a.b` would both be `A_B`"), "{error}");
    }
}
