//! The reader of JSON as tools write it.
//!
//! It knows how JSON is put together, and texts without escapes. Any other text and each number is
//! given to serde_json by itself. What is no JSON is read again by serde_json as a whole, to say what
//! is wrong with it: this reader only says that something is.
//!
//! PERF: LOAD in JSON. A visitor of serde took a third of its time.

use std::borrow::Cow;
use std::fmt;

use serde::de;

use super::read::Reading;
use super::seen::Seen;
use super::slots::Slots;
use super::{Entry, Key, Kind, Node, Style};

/// Deeper texts are serde_json's: it refuses them at 128.
const MAX_DEPTH: u32 = 100;

impl<'t> Reading<'_, 't> {
    /// Reads the whole text.
    ///
    /// # Errors
    ///
    /// It is no JSON, too deep, or read in vain.
    pub(super) fn run_plain_json(&mut self) -> Result<Node<'t>, Odd> {
        let mut from = Cursor { text: self.text, at: 0 };
        let mut root = Node::default();
        self.json_value(&mut from, &mut root)?;
        match from.peek() {
            None => Ok(root),
            Some(_) => Err(Odd),
        }
    }

    /// PERF: in line where items and entries are read, so that a text, as most values are, is no call.
    #[inline(always)]
    fn json_value(&mut self, from: &mut Cursor<'t>, into: &mut Node<'t>) -> Result<(), Odd> {
        match from.peek() {
            Some(b'"') => {
                let text = from.text()?;
                into.id = self.enter_text(&text)?;
                into.set_text(text, Style::Quoted);
                Ok(())
            }
            Some(b'{') => self.json_map(from, into),
            Some(b'[') => self.json_list(from, into),
            Some(_) => self.json_scalar(from, into),
            None => Err(Odd),
        }
    }

    #[inline(never)]
    fn json_scalar(&mut self, from: &mut Cursor<'t>, into: &mut Node<'t>) -> Result<(), Odd> {
        let mut scalar = serde_json::Deserializer::from_str(from.scalar());
        self.read(&mut scalar, into).map_err(|_| Odd)?;
        scalar.end().map_err(|_| Odd)
    }

    #[inline(never)]
    fn json_list(&mut self, from: &mut Cursor<'t>, into: &mut Node<'t>) -> Result<(), Odd> {
        into.id = self.open(MAX_DEPTH)?;
        let mut list = Slots::over(into.take_list());
        let mut goes_on = from.opens(b']');
        while goes_on {
            let (item, _) = list.next().ok_or(Odd)?;
            self.json_value(from, item)?;
            goes_on = from.goes_on(b']')?;
        }
        self.depth -= 1;
        into.kind = Kind::List(list.end());
        Ok(())
    }

    #[inline(never)]
    fn json_map(&mut self, from: &mut Cursor<'t>, into: &mut Node<'t>) -> Result<(), Odd> {
        into.id = self.open(MAX_DEPTH)?;
        let mut map = Slots::over(into.take_map());
        let mut seen = Seen::default();
        let mut goes_on = from.opens(b'}');
        while goes_on {
            let (entry, before) = map.next().ok_or(Odd)?;
            self.json_key(from, &mut entry.key)?;
            self.check_key(&entry.key, before, &mut seen);
            let is_taken = self.depth == 1 && self.prepare(&entry.key, before, into.id)?;
            match is_taken && from.peek() == Some(b'{') {
                true => self.json_taken(from, &mut entry.value)?,
                false => self.json_value(from, &mut entry.value)?,
            }
            goes_on = from.goes_on(b'}')?;
        }
        self.depth -= 1;
        into.kind = Kind::Map(map.end());
        Ok(())
    }

    /// The map whose entries are taken.
    #[inline(never)]
    fn json_taken(&mut self, from: &mut Cursor<'t>, into: &mut Node<'t>) -> Result<(), Odd> {
        into.id = self.open(MAX_DEPTH)?;
        let mut waiting = Slots::over(Vec::<Entry<'t>>::new());
        let mut goes_on = from.opens(b'}');
        while goes_on {
            let (entry, _) = waiting.next().ok_or(Odd)?;
            self.json_key(from, &mut entry.key)?;
            self.json_value(from, &mut entry.value)?;
            self.hand_over(&mut waiting)?;
            goes_on = from.goes_on(b'}')?;
        }
        self.hand_over_all(&mut waiting)?;
        self.depth -= 1;
        into.kind = Kind::Map(Vec::new());
        Ok(())
    }

    /// A key and its colon.
    #[inline(always)]
    fn json_key(&mut self, from: &mut Cursor<'t>, into: &mut Key<'t>) -> Result<(), Odd> {
        if from.peek() != Some(b'"') {
            return Err(Odd);
        }
        let offset = from.at;
        let text = from.text()?;
        let offset = Some(offset).filter(|_| matches!(text, Cow::Borrowed(_)));
        self.key(text, offset, into)?;
        from.expect(b':')
    }
}

/// Not the plain JSON that the text was taken for.
#[derive(Debug)]
pub(super) struct Odd;

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not plain JSON")
    }
}

impl std::error::Error for Odd {}

impl de::Error for Odd {
    fn custom<T: fmt::Display>(_: T) -> Odd {
        Odd
    }
}

/// How far a text was read.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The next byte that is no white space.
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Odd> {
        if self.peek() != Some(byte) {
            return Err(Odd);
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over the bracket at hand; whether anything stands in it.
    fn opens(&mut self, end: u8) -> bool {
        self.at += 1;
        let is_empty = self.peek() == Some(end);
        self.at += usize::from(is_empty);
        !is_empty
    }

    /// Whether another item follows, or the end.
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Result<bool, Odd> {
        let next = self.peek();
        self.at += 1;
        match next {
            Some(b',') => Ok(true),
            Some(byte) if byte == end => Ok(false),
            _ => Err(Odd),
        }
    }

    /// The text in quotes at hand.
    #[inline(always)]
    fn text(&mut self) -> Result<Cow<'t, str>, Odd> {
        match self.plain_text() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.text_with_escapes(),
        }
    }

    /// The text at hand, if it has no escapes. It is not stepped over else.
    #[inline(always)]
    fn plain_text(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(start..)?;
        let length = end_of_plain(rest)?;
        let end = start + length;
        let plain = self.text.get(start..end).filter(|_| rest.get(length) == Some(&b'"'))?;
        self.at = end + 1;
        Some(plain)
    }

    #[inline(never)]
    fn text_with_escapes(&mut self) -> Result<Cow<'t, str>, Odd> {
        let opening = self.at;
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += end_of_plain(rest).ok_or(Odd)?;
            match self.text.as_bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                _ => return Err(Odd),
            }
        }
        self.at += 1;
        let quoted = self.text.get(opening..self.at).ok_or(Odd)?;
        serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| Odd)
    }

    /// What stands before the next bracket, comma or white space: a number or a word.
    fn scalar(&mut self) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_end = |byte: u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\t' | b'\r');
        let scalar = rest.bytes().position(is_end).and_then(|end| rest.get(..end)).unwrap_or(rest);
        self.at += scalar.len();
        scalar
    }
}

/// Where a text has its first quote, backslash or control character.
#[inline(always)]
fn end_of_plain(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let quote = |word: u64| (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = |word: u64| (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    let control = |word: u64| word.wrapping_sub(ONES * u64::from(b' '));
    let mut at = 0;
    while let Some(eight) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*eight);
        // The high bit of each byte that is one of them, and perhaps of some behind the first.
        let ends = (quote(word) | backslash(word) | control(word)) & !word & HIGH;
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
    let rest = text.get(at..)?.iter().position(is_end)?;
    Some(at + rest)
}

#[cfg(test)]
mod tests {
    use super::super::{NodeId, Syntax, parse};
    use super::*;

    const TEXTS: [&str; 8] = [
        r#"{"version":1,"flags":{"a":"on","b":{"rules":[{"when":{"region":["nz","au"]}}]}}}"#,
        "\n{ \"a\" : [ 1 , -2.5e3 , true , false , null , \"\" , { } , [ ] ] }\r\n\t",
        r#"{"é\"x":"a\\b\u00e9\n","\ud83d\ude00":"\/","<<":1,"a":1,"a":2,"":{}}"#,
        r#"[0,-0,1e5,18446744073709551616,-9223372036854775808,1.0,0.1,123456789012345678]"#,
        r#""text""#,
        "17",
        BEYOND,
        r#"[[[[[[[[[[{"deep":[[[[[[[[[[]]]]]]]]]]}]]]]]]]]]]"#,
    ];

    /// A number that JSON has and no reader takes.
    const BEYOND: &str = r#"{"big":1e999}"#;

    /// The tree and the complaints as each of the readers gives them.
    fn both(text: &str) -> [Option<String>; 2] {
        let mut plain = Reading::new(text, NodeId(7));
        let of_plain = plain.run_plain_json().ok();
        let mut whole = Reading::new(text, NodeId(7));
        let of_whole = whole.run_json().ok();
        [
            of_plain.map(|root| format!("{root:?} {:?} {}", plain.problems, plain.next)),
            of_whole.map(|root| format!("{root:?} {:?} {}", whole.problems, whole.next)),
        ]
    }

    #[test]
    fn both_readers_read_the_same() {
        for text in TEXTS {
            let [plain, whole] = both(text);
            assert_eq!(plain, whole, "{text}");
        }
    }

    type Read = fn(&'static str, &mut Node<'static>);

    #[test]
    fn what_was_read_over_does_not_show() {
        let plain = |text: &'static str, into: &mut Node<'static>| {
            let from = &mut Cursor { text, at: 0 };
            Reading::new(text, NodeId(7)).json_value(from, into).unwrap();
        };
        let whole = |text: &'static str, into: &mut Node<'static>| {
            let mut from = serde_json::Deserializer::from_str(text);
            Reading::new(text, NodeId(7)).read(&mut from, into).unwrap();
        };
        let pairs = TEXTS.iter().flat_map(|before| TEXTS.map(|text| (*before, text)));
        for (before, text) in pairs.filter(|(before, text)| ![before, text].contains(&&BEYOND)) {
            for read in [plain as Read, whole] {
                let (mut over, mut fresh) = (Node::default(), Node::default());
                read(before, &mut over);
                read(text, &mut over);
                read(text, &mut fresh);
                assert_eq!(format!("{over:?}"), format!("{fresh:?}"), "{text} over {before}");
            }
        }
    }

    #[test]
    fn both_readers_refuse_the_same() {
        let bytes = b"\"\\{}[],:0-.e+1tnu \n\x01\xc3x/";
        let mut random = 1_u64;
        let mut below = |most: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as usize % most
        };
        let (mut good, mut bad) = (0, 0);
        for round in 0..40_000 {
            let mut text = TEXTS[round % TEXTS.len()].as_bytes().to_vec();
            for _ in 0..=below(3) {
                let at = below(text.len());
                match below(3) {
                    0 => drop(text.remove(at)),
                    1 => text[at] = bytes[below(bytes.len())],
                    _ => text.insert(at, bytes[below(bytes.len())]),
                }
                text.push(b' ');
            }
            let Ok(text) = String::from_utf8(text) else { continue };
            let [plain, whole] = both(&text);
            assert_eq!(plain, whole, "{text}");
            *(if plain.is_some() { &mut good } else { &mut bad }) += 1;
        }
        assert!(good > 2_000 && bad > 10_000, "{good} {bad}");
    }

    #[test]
    fn texts_deeper_than_the_plain_reader_goes_are_read() {
        let text = format!("{}{}", "[".repeat(110), "]".repeat(110));
        assert!(parse(&text, Syntax::Json, NodeId(0), 120).root.is_some());
        assert!(parse(&text, Syntax::Json, NodeId(0), 64).root.is_none());
    }
}
