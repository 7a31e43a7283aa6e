//! Short texts as two words, to be compared and hashed without a call.

/// The first and the last eight bytes. They meet or overlap in a text of at most sixteen, and so
/// are all of it; of less than eight they are the first and the last four, two or one.
#[inline(always)]
pub(crate) fn words(bytes: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        [u64::from_le_bytes(*first), u64::from_le_bytes(*last)]
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        [u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into()]
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        [u16::from_le_bytes(*first).into(), u16::from_le_bytes(*last).into()]
    } else {
        [bytes.first().copied().unwrap_or(0).into(), 0]
    }
}

/// So many bytes are hashed at a time; a text of fewer by its two words alone.
pub(crate) const BLOCK: usize = 16;

/// A hash of bytes, behind a state that is the hash of what comes before them, or a seed. A seed has
/// ones and zeros all over its 64 bits.
///
/// Two words are multiplied at a time and the halves of the product put together, as wyhash does; the
/// last block beside those before it, from a state of its own.
#[inline(always)]
pub(crate) fn hash_of(bytes: &[u8], state: u64) -> u64 {
    match bytes.last_chunk::<BLOCK>() {
        None => hash_of_words(words(bytes), bytes.len(), state),
        // The last ones may be some of those before.
        Some(last) => {
            // PERF: neither waits for the other (W7 and PRODUCT by name).
            let last = mix(state.rotate_left(16), words(last));
            let state = state ^ bytes.len() as u64;
            let before = bytes.chunks_exact(BLOCK).map(words).fold(state, mix);
            folded(before ^ last, ODD)
        }
    }
}

/// As [`hash_of`], of the words of a text that has fewer bytes than a [block](BLOCK).
#[inline(always)]
pub(crate) fn hash_of_words(words: [u64; 2], length: usize, state: u64) -> u64 {
    // Once more for the few bits that short texts differ in.
    folded(mix(state ^ length as u64, words), ODD)
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline(always)]
fn mix(state: u64, [one, other]: [u64; 2]) -> u64 {
    folded(one ^ state, other ^ state.rotate_left(32) ^ ODD)
}

#[inline(always)]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

/// The most bytes that [`is_same_short`] looks at.
pub(crate) const SHORT: usize = 64;

/// Whether the bytes of two texts are the same, and [short](SHORT).
///
/// PERF: without a call and without a loop (W1, W2, LOAD).
#[inline(always)]
pub(crate) fn is_same_short(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match other.len() {
        0..16 => words(one) == words(other),
        16..=32 => ends::<16>(one) == ends::<16>(other),
        33..=SHORT => ends::<32>(one) == ends::<32>(other),
        _ => false,
    }
}

/// The first and the last bytes, which meet or overlap in a text of up to twice as many.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    Some((bytes.first_chunk()?, bytes.last_chunk()?))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Each of the bytes counts, and so does their number.
    #[test]
    fn texts_that_differ_have_hashes_that_differ() {
        let text: String = "abcdefghij".chars().cycle().take(70).collect();
        let mut seen = HashSet::new();
        for length in 0..=text.len() {
            let (start, _) = text.split_at(length);
            assert!(seen.insert(hash_of(start.as_bytes(), 7)), "{start}");
            assert!(seen.insert(hash_of(start.as_bytes(), 8)), "{start}, seeded");
            for at in 0..length {
                let mut near = start.to_owned();
                near.replace_range(at..=at, "X");
                assert!(seen.insert(hash_of(near.as_bytes(), 7)), "{near}");
            }
        }
    }

    /// Tables take the lowest bits, and the highest ones or those of the upper half.
    #[test]
    fn numbered_names_are_spread() {
        for state in [0xa076_1d64_78bd_642f, 0x2d35_8dcc_aa6c_78a5] {
            for before in ["", "f", "flag-", "team.feature-", "a-team.with-a-long.feature-"] {
                let number = |number: u32| format!("{before}{number:05}");
                let hashes: Vec<u64> =
                    (0..12_800).map(|at| hash_of(number(at).as_bytes(), state)).collect();
                for shift in [0, 32, 57] {
                    let mut counts = [0; 128];
                    hashes.iter().for_each(|hash| counts[(hash >> shift) as usize % 128] += 1);
                    let is_even = counts.iter().all(|count| (60..150).contains(count));
                    assert!(is_even, "{before} >> {shift}: {counts:?}");
                }
            }
        }
    }

    #[test]
    fn short_texts_are_the_same_where_all_of_their_bytes_are() {
        let text: String = "abcdefghij".chars().cycle().take(70).collect();
        for length in 0..=text.len() {
            let (start, _) = text.split_at(length);
            assert_eq!(is_same_short(start.as_bytes(), start.as_bytes()), length <= SHORT);
            assert!(!is_same_short(text.as_bytes(), start.as_bytes()));
            for at in 0..length {
                let mut near = start.to_owned();
                near.replace_range(at..=at, "X");
                assert!(!is_same_short(start.as_bytes(), near.as_bytes()), "{near}");
            }
        }
    }
}
