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

/// Whether two texts are the same, and of 32 bytes at the most.
#[inline(always)]
pub(crate) fn is_same_short(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() || other.len() > 32 {
        return false;
    }
    // The first and the last bytes, which overlap or meet.
    let ends = |bytes: &[u8]| Some((*bytes.first_chunk::<16>()?, *bytes.last_chunk::<16>()?));
    match ends(other) {
        Some(other) => ends(one) == Some(other),
        None => words(one) == words(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_the_same_where_all_of_their_bytes_are() {
        let text: String = "abcdefghij".chars().cycle().take(40).collect();
        for length in 0..=text.len() {
            let (start, _) = text.split_at(length);
            assert_eq!(is_same_short(start, start), length <= 32);
            assert!(!is_same_short(&text, start));
            for at in 0..length {
                let mut near = start.to_owned();
                near.replace_range(at..=at, "X");
                assert!(!is_same_short(start, &near), "{near}");
            }
        }
    }
}
