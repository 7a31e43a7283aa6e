//! What the YAML parser says of a text that is no YAML, in words that help, and at the place where
//! the mistake was made: often the parser notices it at the end of the file only.

use super::read::yaml_offset;

/// Why a text is no YAML.
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) offset: usize,
}

pub(super) fn explain(text: &str, error: &serde_yaml::Error) -> SyntaxError {
    let said = error.to_string();
    let (problem, context) = said.split_once(", while ").unwrap_or((&said, ""));
    let problem = without_place(problem);
    let start = place_of(context);
    let offset = yaml_offset(text, error);
    let rest = text.get(offset..).unwrap_or_default();
    let opened = start.and_then(|(line, column)| offset_of(text, line, column));
    let at_start = |message: &str, help: &str| SyntaxError {
        message: message.to_owned(),
        help: Some(help.to_owned()),
        offset: opened.unwrap_or(offset),
    };
    let here = |message: String, help: String| SyntaxError { message, help: Some(help), offset };
    let quoted = || "put the text in quotes".to_owned();
    let begins = start.map_or_else(
        || "at the top".to_owned(),
        |(line, column)| format!("in line {line}, column {column}"),
    );
    if let Some(quote) = quote_over_lines(text, offset) {
        return SyntaxError {
            message: "the quote that opens here ends in a later line".to_owned(),
            help: Some("is one missing? In single quotes `'` is written `''`".to_owned()),
            offset: quote,
        };
    }
    if let Some(comment) = opened.and_then(|opened| comment_between(text, opened, offset)) {
        return SyntaxError {
            message: "`#` behind a blank starts a comment".to_owned(),
            help: Some("put a text with it in quotes".to_owned()),
            offset: comment,
        };
    }
    match problem {
        "found unexpected end of stream" if context.contains("quoted scalar") => {
            at_start("the quote is never closed", "close it, or write the text without quotes")
        }
        "could not find expected ':'" => {
            at_start("a key lacks its `: `", "a space belongs behind the colon of a key")
        }
        "found a tab character that violates indentation" => {
            here("a tab cannot indent".to_owned(), "indent with spaces".to_owned())
        }
        "found character that cannot start any token" => match rest.chars().next() {
            Some('\t') => here("a tab cannot indent".to_owned(), "indent with spaces".to_owned()),
            Some('`') => here("a backtick cannot start a text".to_owned(), quoted()),
            Some(c) => here(format!("`{c}` cannot start a text"), quoted()),
            None => here(problem.to_owned(), quoted()),
        },
        "mapping values are not allowed in this context" => here(
            "a key cannot stand here".to_owned(),
            "a text with `: ` in it needs quotes; the keys of a map start in one column".to_owned(),
        ),
        "did not find expected key" => here(
            "this is neither a key of the map nor its end".to_owned(),
            format!("the map starts {begins}; its keys start in one column"),
        ),
        "did not find expected '-' indicator" => here(
            "this is neither an item of the list nor its end".to_owned(),
            format!("the list starts {begins}; its items start in one column"),
        ),
        "did not find expected ',' or '}'" | "did not find expected ',' or ']'" => {
            let (open, close) = if problem.ends_with("'}'") { ('{', '}') } else { ('[', ']') };
            if rest.trim().is_empty() {
                let message = format!("the `{open}` is never closed");
                return at_start(&message, &format!("close it with `{close}`"));
            }
            let message = format!("neither `,` nor `{close}` comes here");
            here(message, format!("the `{open}` is {begins}"))
        }
        "did not find expected node content" => {
            let message = match rest.trim().is_empty() {
                true => "the text ends where a value is expected",
                false => "a value is expected here",
            };
            let help =
                "each `{` and `[` needs its end; a text that starts with a sign needs quotes";
            here(message.to_owned(), help.to_owned())
        }
        "found unknown escape character" => here(
            "YAML knows no such escape".to_owned(),
            "in single quotes a backslash is itself".to_owned(),
        ),
        "unknown anchor" => here("there is no such anchor".to_owned(), quoted()),
        "did not find expected comment or line break"
        | "did not find expected alphabetic or numeric character" => {
            here("the sign before has a meaning in YAML".to_owned(), quoted())
        }
        other => {
            let context = context.trim();
            let help = (!context.is_empty()).then(|| format!("while {context}"));
            SyntaxError { message: other.to_owned(), help, offset }
        }
    }
}

/// A parser's message without its own idea of the place, which a diagnostic says better.
pub(super) fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

/// The line and the column, from 1, at the end of a message.
fn place_of(message: &str) -> Option<(usize, usize)> {
    let (_, place) = message.split_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let within = text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    Some(start + within.0)
}

/// Where a quote opens that closes in the line of an error, but opened in one before: most likely
/// its own end is missing, and what closes it should have opened another.
fn quote_over_lines(text: &str, offset: usize) -> Option<usize> {
    let mut opened: Option<(usize, char)> = None;
    let mut may_open = true;
    let mut is_comment = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match opened {
            Some((_, '"')) if c == '\\' => drop(chars.next()),
            Some((start, quote)) if c == quote => {
                let is_doubled = quote == '\'' && chars.peek().is_some_and(|(_, c)| *c == quote);
                if is_doubled {
                    chars.next();
                    continue;
                }
                opened = None;
                let spans = |from: usize, to: usize| {
                    text.get(from.min(to)..from.max(to)).is_some_and(|part| part.contains('\n'))
                };
                if spans(start, at) && !spans(at, offset) {
                    return Some(start);
                }
                may_open = false;
            }
            Some(_) => {}
            None if c == '\n' => (is_comment, may_open) = (false, true),
            None if is_comment => {}
            None if c == '#' && may_open => is_comment = true,
            None if matches!(c, '"' | '\'') && may_open => opened = Some((at, c)),
            None => may_open = may_open && c.is_whitespace() || " :,[{-".contains(c),
        }
    }
    None
}

/// Where a comment starts in the middle of brackets, before an error in them.
fn comment_between(text: &str, opened: usize, offset: usize) -> Option<usize> {
    let between = text.get(opened..offset)?;
    let is_flow = between.starts_with(['{', '[']);
    let starts = between.match_indices(" #").map(|(at, _)| opened + at + 1);
    // Behind a comma or a bracket a remark is what it is meant to be.
    let mut odd = starts.filter(|at| {
        let before = text.get(..*at).unwrap_or_default().trim_end();
        before.ends_with(':')
    });
    odd.next().filter(|_| is_flow)
}
