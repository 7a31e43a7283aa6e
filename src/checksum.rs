//! The trailer that tells a whole file from one that was cut.
//!
//! A YAML file that is cut is usually YAML still, and says something else. Its last line can hold
//! the checksum of all that stands before it: XXH3 of 128 bits, seed 0, over the bytes of the text
//! without a byte-order mark, as 32 hexadecimal digits.

use xxhash_rust::xxh3::xxh3_128;

/// How the trailer starts. It is a comment to YAML and to list files.
const MARK: &str = "# hoist-checksum:";

/// The one algorithm that there is.
const ALGORITHM: &str = "xxh3-128:";

/// Whether a text is as it was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    /// It has no trailer.
    Missing,
    /// It is whole.
    Holds,
    /// It is not what was sealed; its trailer stands at this byte.
    Broken { at: usize, why: &'static str },
}

/// Looks at the trailer of a text that has no byte-order mark.
pub(crate) fn look(text: &str) -> Seal {
    let Some(at) = trailer(text) else { return Seal::Missing };
    let (sealed, trailer) = text.split_at(at);
    let (line, behind) = trailer.split_once('\n').unwrap_or((trailer, ""));
    let broken = |why| Seal::Broken { at, why };
    let Some(digits) = line.strip_prefix(MARK).and_then(|rest| rest.trim().strip_prefix(ALGORITHM))
    else {
        return broken("the checksum is not one of `xxh3-128:` and 32 digits");
    };
    if !behind.trim().is_empty() {
        return broken("text follows behind the checksum, which ends a file");
    }
    match digits == digits_of(sealed) {
        true => Seal::Holds,
        false => broken("the text is not what was sealed: it was cut, or edited since"),
    }
}

/// The text with the checksum of it as its last line, in the place of one that it has.
///
/// It is what `hoist seal` writes. A sealed file that is not what was sealed is refused. One that is
/// cut before its last line has lost the seal with it: where all files are sealed, say so with
/// [`Builder::require_checksum`](crate::Builder::require_checksum).
///
/// # Examples
///
/// ```
/// let text = "version: 1\nflags: { a: on, b: on }\n";
/// let sealed = hoist::seal(text);
/// assert!(sealed.starts_with(text));
/// assert!(sealed.ends_with("\n# hoist-checksum: xxh3-128:19ac3a75d985d909258a525a7f68cc8d\n"));
/// assert_eq!(hoist::seal(&sealed), sealed);
///
/// assert!(hoist::Snapshot::from_yaml(&sealed).is_ok());
/// assert!(hoist::Snapshot::from_yaml(&sealed.replace("b: on", "b: off")).is_err());
/// ```
pub fn seal(text: &str) -> String {
    let (mark, text) = match text.strip_prefix('\u{feff}') {
        Some(rest) => ("\u{feff}", rest),
        None => ("", text),
    };
    let mut whole: String =
        text.split_inclusive('\n').filter(|line| !line.starts_with(MARK)).collect();
    if !whole.is_empty() && !whole.ends_with('\n') {
        whole.push('\n');
    }
    let digits = digits_of(&whole);
    format!("{mark}{whole}{MARK} {ALGORITHM}{digits}\n")
}

fn digits_of(text: &str) -> String {
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// Where the first trailer starts, which is a line of its own.
fn trailer(text: &str) -> Option<usize> {
    let starts_line = |at: &usize| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
    text.match_indices(MARK).map(|(at, _)| at).find(starts_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_that_is_cut_or_edited_is_not_whole() {
        let text = "version: 1\r\nflags:\n  é: on\n  b: off";
        let sealed = seal(text);
        assert_eq!((look(text), look(&sealed)), (Seal::Missing, Seal::Holds));
        assert_eq!(look(&format!("{sealed}\n \n")), Seal::Holds);
        let at = text.len() + 1;
        for cut in sealed.char_indices().map(|(at, _)| at) {
            let seal = look(sealed.get(..cut).unwrap());
            match cut < at + MARK.len() {
                true => assert_eq!(seal, Seal::Missing, "{cut}"),
                // Without the last line break nothing is lost.
                false if cut == sealed.len() - 1 => assert_eq!(seal, Seal::Holds),
                false => assert!(matches!(seal, Seal::Broken { .. }), "{cut}"),
            }
        }
        for edited in [
            sealed.replace("on", "of"),
            format!("{sealed}  c: on\n"),
            sealed.replace("xxh3-128", "crc32"),
            format!("{sealed}{sealed}"),
        ] {
            assert!(matches!(look(&edited), Seal::Broken { .. }), "{edited}");
        }
    }

    #[test]
    fn what_only_speaks_of_checksums_is_no_trailer() {
        assert_eq!(look("a: b # hoist-checksum: xxh3-128:00\n"), Seal::Missing);
        assert_eq!(look("# hoist-check"), Seal::Missing);
        assert_eq!(seal(""), seal(&seal("")));
        // What was added behind a seal is not lost by sealing again.
        let more = format!("{}b: on\n", seal("a: on\n"));
        assert_eq!(seal(&more), seal("a: on\nb: on\n"));
    }
}
