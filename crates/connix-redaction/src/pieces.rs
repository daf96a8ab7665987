//! Values as they are looked for: lines, and long ones in pieces, so that no form is longer than some hundred bytes.

use crate::SHORTEST;

/// A longer text is looked for in pieces, each at most this long and, but for the last, not much shorter.
const LONGEST: usize = 64;

/// A value's lines; and all of it, when some line is too short to be looked for by itself.
pub(crate) fn of(value: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = value.lines().map(str::trim).collect();
    let is_short = lines.iter().any(|line| (1..SHORTEST).contains(&line.len()));
    let whole = (is_short && lines.len() > 1).then(|| value.trim());
    lines.into_iter().chain(whole).filter(|text| text.len() >= SHORTEST).flat_map(pieces)
}

fn pieces(text: &str) -> Vec<&str> {
    let most = text.len().div_ceil(text.len().div_ceil(LONGEST));
    let (mut rest, mut pieces) = (text, Vec::new());
    while !rest.is_empty() {
        let mut end = rest.floor_char_boundary(most);
        if rest.len() - end < SHORTEST {
            end = rest.len();
        }
        let (piece, left) = rest.split_at(end);
        pieces.push(piece);
        rest = left;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_into_pieces_none_of_which_is_too_short() {
        assert_eq!(pieces("12345678").len(), 1);
        assert_eq!(pieces(&"a".repeat(64)).len(), 1);
        for length in 65..1000 {
            for character in ["a", "ä", "\u{10348}"] {
                let text = character.repeat(length);
                let pieces = pieces(&text);
                assert_eq!(pieces.concat(), text);
                assert!(pieces.iter().all(|piece| (SHORTEST..LONGEST + SHORTEST).contains(&piece.len())), "{pieces:?}");
            }
        }
    }
}
