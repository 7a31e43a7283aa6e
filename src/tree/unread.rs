//! Texts that are refused before they are read.

use super::read::MAX_DEPTH;
use super::{At, Problem, ProblemKind};

/// Unclosed brackets at which a text is refused unread: libyaml takes quadratic time over them.
const MAX_OPEN_BRACKETS: u64 = 1_000;

/// What the brackets beyond the depth limit may cost, each counted for every byte behind it: that
/// is how libyaml spends its time on them. A share of the text's length comes on top, so that a
/// text whose comments and patterns leave some open is read.
const MAX_BRACKET_COST: u64 = 50_000_000;

/// What is wrong with a text that libyaml must not be given.
pub(super) fn refused_unread(text: &str) -> Option<Problem> {
    let mut open = 0_u64;
    let mut cost = 0_u64;
    let depth = u64::from(MAX_DEPTH);
    let most = MAX_BRACKET_COST + depth * text.len() as u64;
    let mut offset = 0;
    while let Some(rest) = text.as_bytes().get(offset..) {
        // As long as few are open, nothing but brackets and control characters counts. Without
        // three of its bits a bracket is a `Y`, as are few other letters.
        if open <= depth {
            let next = rest.iter().position(|byte| *byte < 0x20 || *byte & !0x26 == b'Y');
            offset += next.unwrap_or(rest.len());
        }
        let Some(&byte) = text.as_bytes().get(offset) else { break };
        cost += open.saturating_sub(depth);
        match byte {
            b'\t' | b'\n' | b'\r' => {}
            0..0x20 => {
                return Some(Problem {
                    kind: ProblemKind::ControlCharacter(byte),
                    at: At::Offset(offset),
                });
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_OPEN_BRACKETS || cost > most {
            return Some(Problem { kind: ProblemKind::TooDeep, at: At::Offset(offset) });
        }
        offset += 1;
    }
    text.starts_with('%').then_some(Problem { kind: ProblemKind::Directive, at: At::Offset(0) })
}
