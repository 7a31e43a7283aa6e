//! "Did you mean": the nearest of the names that are there.

use std::cell::Cell;

/// What may be meant, for as many words as is worth the time: each is compared with all candidates,
/// and a text may have a hundred thousand of both.
#[derive(Debug)]
pub(crate) struct Suggestions {
    /// How many comparisons may still be made.
    left: Cell<usize>,
}

impl Suggestions {
    pub(crate) const fn new() -> Suggestions {
        Suggestions { left: Cell::new(200_000) }
    }

    /// As [`nearest`], or nothing where enough was compared.
    pub(crate) fn nearest<'c>(
        &self,
        written: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        if self.left.get() == 0 {
            return None;
        }
        let count = |_: &&str| self.left.set(self.left.get().saturating_sub(1));
        nearest(written, candidates.into_iter().inspect(count))
    }

    /// Names in words, as many as a reader goes through.
    pub(crate) fn listed<'c>(names: impl IntoIterator<Item = &'c str>) -> String {
        const MOST: usize = 20;
        let mut names = names.into_iter();
        let shown: Vec<String> =
            names.by_ref().take(MOST).map(|name| format!("`{name}`")).collect();
        match names.count() {
            0 => shown.join(", "),
            more => format!("{} and {more} others", shown.join(", ")),
        }
    }
}

/// The candidate that is nearest to what was written, if one is near enough to be meant.
pub(crate) fn nearest<'c>(
    written: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let most = match written.chars().count() {
        0..=2 => 1,
        3..=7 => 2,
        _ => 3,
    };
    let lower = written.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: a letter more, less or other, or two neighbours swapped (the optimal
/// string alignment distance).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Far too different in length to be near: spare the table.
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&above, j) + usize::from(x != y))
                .min(at(&above, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["rollout", "rules", "requires", "default"];
        assert_eq!(nearest("rolout", names), Some("rollout"));
        assert_eq!(nearest("Rules", names), Some("rules"));
        assert_eq!(nearest("defualt", names), Some("default"));
        assert_eq!(nearest("banana", names), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
