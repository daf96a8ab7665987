//! Text out of documents: HTML without its tags, and passages of a size that a model can be shown.

/// Length of a passage in characters.
const PASSAGE: usize = 1000;
/// Elements whose content is no text.
const SILENT: &[&str] = &["script", "style", "head"];

/// What a reader sees of an HTML page. Not a parser: what is malformed is text.
pub(super) fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('>') else { break };
        let tag = rest[1..close].to_ascii_lowercase();
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        rest = &rest[close + 1..];
        if SILENT.contains(&name) {
            let end = format!("</{name}");
            let after = rest.to_ascii_lowercase().find(&end).unwrap_or(rest.len());
            rest = &rest[after..];
        }
        text.push(' ');
    }
    text.push_str(rest);
    unescaped(&text)
}

fn unescaped(text: &str) -> String {
    let known = [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    known.iter().fold(text.to_owned(), |text, (written, meant)| text.replace(written, meant))
}

/// The text in passages of about [`PASSAGE`] characters, broken between words where there are any.
pub(super) fn passages(text: &str) -> Vec<&str> {
    let mut passages = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.char_indices().nth(PASSAGE).map_or(rest.len(), |(at, _)| at);
        let whole = end == rest.len();
        let cut = if whole { end } else { rest[..end].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(end) };
        passages.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    passages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_as_a_reader_sees_it() {
        let html = "<HTML><head><title>x</title></head><script>if (a < b) {}</script><p class=\"a\">Tom &amp; <i>Ann</i></p>5 &lt; 6";
        assert_eq!(of_html(html).split_whitespace().collect::<Vec<_>>(), ["Tom", "&", "Ann", "5", "<", "6"]);
        assert_eq!(of_html("a < b").trim(), "a < b");
        assert_eq!(of_html("<script>never closed").trim(), "");
    }

    #[test]
    fn passages_are_of_whole_words_and_lose_none() {
        let text = "word ".repeat(1000);
        let found = passages(&text);
        assert!(found.iter().all(|passage| passage.len() <= PASSAGE && !passage.is_empty()));
        assert_eq!(found.iter().flat_map(|passage| passage.split(' ')).count(), 1000);
        assert_eq!(
            passages(&"ä".repeat(2500)).iter().map(|p| p.chars().count()).collect::<Vec<_>>(),
            [1000, 1000, 500]
        );
        assert!(passages("  \n ").is_empty());
    }
}
