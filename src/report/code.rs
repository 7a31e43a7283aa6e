//! The stable codes of what can be wrong with a toggle file.

use std::fmt;

/// Defines the codes, their spelling and what `docs/errors.md` says of them, once.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal, $about:literal;)*) => {
        /// What is wrong, as a code that stays the same from release to release.
        ///
        /// The text form is what a report shows in brackets and what `docs/errors.md` lists.
        ///
        /// # Examples
        ///
        /// ```
        /// let report = hoist::Snapshot::from_yaml("version: 1\nflags: { a: 5 }").unwrap_err();
        /// let first = &report.report().unwrap().diagnostics()[0];
        /// assert_eq!(first.code().as_str(), "percentage");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meta])* #[doc = $about] $name,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as reports spell it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }

            /// One sentence on what the code means.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Code::$name => $about,)*
                }
            }
        }
    };
}

codes! {
    // The text.
    Unreadable = "unreadable", "A file is not there, cannot be read, or is larger than the limit, 64 MiB unless it is set.";
    NoFile = "no-file", "A directory holds no toggle file: no `*.yaml`, `*.yml` or `*.json`.";
    Syntax = "syntax", "The text is not well-formed YAML, or JSON in a `*.json` file.";
    InvalidUtf8 = "invalid-utf8", "The text is not UTF-8.";
    ControlCharacter = "control-character", "The text holds a control character.";
    Checksum = "checksum", "The text is not what its `# hoist-checksum:` line was made of, or lacks the line where it is demanded.";
    Directive = "directive", "A YAML directive (`%YAML`, `%TAG`) is not part of the format.";
    SeveralDocuments = "several-documents", "A file holds more than one YAML document.";
    Empty = "empty-file", "The file is empty.";
    TooDeep = "too-deep", "The text, or what its names refer to, nests deeper than the limit, 64 unless it is set lower.";
    TooLarge = "too-large", "Aliases grow the text beyond its budget.";
    TooComplex = "too-complex", "One decision could take more tests than the limit, 50000 unless it is set.";
    MergeKey = "merge-key", "YAML merge keys (`<<`) are not part of the format.";
    Tag = "tag", "YAML tags (`!name`, `!!str`) are not part of the format.";
    NullKey = "null-key", "A key is null.";
    OddKey = "odd-key", "A key is a float, a list or a map.";
    NotFinite = "not-finite", "A number is infinite or not a number.";
    // The structure.
    DuplicateKey = "duplicate-key", "A map has a key twice, in the same spelling or in another of the same meaning.";
    UnknownKey = "unknown-key", "A key is not part of the format here, or patches a rule that is not there.";
    MissingKey = "missing-key", "A required key is missing.";
    Reserved = "reserved", "A word is reserved for a later version.";
    WrongType = "wrong-type", "A value is of another type than is needed here.";
    NullValue = "null-value", "A key has no value, or an overlay takes away what is not there.";
    EmptyValue = "empty-value", "A map, a list or a text is empty where one must say something.";
    Version = "version", "`version` is not 1.";
    Name = "name", "A name is empty, is too long, or has a character that it may not have.";
    // Values.
    Percentage = "percentage", "A share is not a percentage from 0% to 100%, with its sign and at most three decimals.";
    Weight = "weight", "A weight is not a whole number from 0 to 1000000, or all are zero.";
    Instant = "instant", "A value is not an instant as RFC 3339 writes it, with `T` and an offset.";
    Date = "date", "A value is not a date, as `2026-12-01`.";
    Switch = "switch", "A value is neither on nor off: `yes`, `no` and `enabled` are not words of the format.";
    Quote = "quote-it", "A value without quotes stands where a text is needed, or could be a text or a boolean.";
    Integer = "integer", "An integer does not fit 64 bits.";
    Pattern = "pattern", "A `matches:` pattern is not a regular expression, is too long, or grows too large.";
    VersionRange = "version-range", "A `version:` test is not a list of comparators.";
    Address = "address", "A text is not an address or a network, or a network has bits set behind its prefix.";
    Operand = "operand", "`gt`, `gte`, `lt` or `lte` compares with something that is not a number.";
    IgnoreCase = "ignore-case", "`ignore_case` stands without a text test beside it, or beside values that are not texts.";
    ListFile = "list-file", "A list file cannot be read, or has no entry.";
    // Meaning.
    UnknownFlag = "unknown-flag", "A flag that is named does not exist.";
    UnknownVariant = "unknown-variant", "A variant that is named does not exist.";
    UnknownSegment = "unknown-segment", "A segment that is named does not exist.";
    UnknownStrategy = "unknown-strategy", "A strategy that is named is not declared, or not registered.";
    Strategy = "strategy", "A strategy refuses its parameters.";
    UnknownAttribute = "unknown-attribute", "An attribute that is named is not declared.";
    AttributeType = "attribute-type", "A test or value does not fit the declared type of its attribute.";
    DuplicateFlag = "duplicate-flag", "A flag is given twice in one layer.";
    DuplicateName = "duplicate-name", "A rule or a segment is given twice, or two files of one directory differ in `by`.";
    Cycle = "cycle", "Flags or segments refer to each other in a ring.";
    NoCondition = "no-condition", "A rule does not say whom it is for.";
    NoOutcome = "no-outcome", "A rule of a flag with variants does not say what it serves.";
    SeveralConditions = "several-conditions", "Several conditions stand where one is needed, or a rule has both `serve` and `value`.";
    MixedValues = "mixed-values", "The values of a flag are not of one type.";
    VariantClash = "variant-clash", "Two variants of a flag have the same name: a `value:` makes one named after its rule.";
    Requires = "requires", "A required flag has variants, and none of them is named.";
    OneVariant = "one-variant", "Weights or something else stand where the name of one variant is needed.";
    Window = "window", "`from` is not before `until`.";
    Ramp = "ramp", "The shares of a ramp fall, or its instants are not distinct.";
    Else = "else", "`else` stands without a `rollout`.";
    Hold = "hold", "`hold` stands without a ramp.";
    Rollout = "rollout-here", "`rollout` is a condition in a segment only.";
    Unit = "unit", "`by` names something that cannot be bucketed.";
    Overlay = "overlay", "An overlay says what only a base may say, or changes what it may not.";
    // Against the keys of the code.
    MissingFlag = "missing-flag", "The code declares a flag that the files lack: a warning, unless the handle refuses it.";
    UndeclaredFlag = "undeclared-flag", "A flag is there that no key in the code declares: a warning.";
    KeyType = "key-type", "The values of a flag are of another type than its key in the code.";
    KeyVariant = "key-variant", "A flag has a variant that the enum of its key in the code lacks.";
    KeyValue = "key-value", "A value is beyond the range of the flag's key in the code, or is not json of its type.";
    // Warnings.
    Expired = "expired", "A flag is past the date in its `expires`.";
    RequestTargeting = "request-targeting", "A header or a cookie alone turns a flag on.";
    LetsIn = "lets-in", "A rule takes in whoever lacks an attribute.";
    Unreachable = "unreachable-rule", "A rule stands behind one that takes everyone.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}
