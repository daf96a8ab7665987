//! Query strings, read strictly: every parameter once, none that is unknown, every fault named (contract section 2).

mod decode;
mod paging;
mod period;

pub(crate) use decode::pair;
pub(crate) use paging::{CursorPagination, OffsetPagination, PagePagination};
pub(crate) use period::PERIOD;

use crate::body::one_of;
use crate::problem::{Fault, Problem};
use crate::rfc3339;
use chrono::{DateTime, Utc};
use connix_domain::lifecycle::Words;
use connix_domain::page::{DirectoryQuery, Filter, Sort, SortBy, Window};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// The longest `search`, and the longest of any other text, in characters.
const LONGEST_TEXT: usize = 255;
/// The filter parameters that hold an attribute's name behind them.
const METADATA: &str = "metadata.";

/// A query string being read.
pub(crate) struct Query {
    /// What was sent and no getter has asked for yet.
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Query {
    /// Reads `text`, the part behind `?`.
    pub(crate) fn of(text: &str) -> Self {
        let mut query = Self { pairs: Vec::new(), faults: Vec::new() };
        for piece in text.split('&').filter(|piece| !piece.is_empty()) {
            match pair(piece) {
                Some(pair) => query.pairs.push(pair),
                None => query.fault(piece, "is not percent-encoded UTF-8"),
            }
        }
        query
    }

    /// A text without control characters, at most 255 characters long.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        let text = self.take(name)?;
        if text.chars().any(char::is_control) {
            self.fault(name, "must not contain control characters");
            return None;
        }
        if text.chars().count() > LONGEST_TEXT {
            self.fault(name, "must have at most 255 characters");
            return None;
        }
        Some(text)
    }

    /// A decimal integer within a range: digits with at most a minus before them.
    pub(crate) fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.take(name)?;
        let number = strict_integer(&text).filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(name, format!("must be an integer from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let text = self.take(name)?;
        let flag = text.parse().ok();
        if flag.is_none() {
            self.fault(name, "must be true or false");
        }
        flag
    }

    /// An RFC 3339 instant or a bare date.
    pub(crate) fn instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let text = self.take(name)?;
        let at = rfc3339::parse(&text);
        if at.is_none() {
            self.fault(name, "must be an RFC 3339 time or a date, such as 2024-01-15T10:30:00Z or 2024-01-15");
        }
        at
    }

    /// One of a closed set of words.
    pub(crate) fn word<W: Words>(&mut self, name: &'static str) -> Option<W> {
        self.one_of(name, W::ALL)
    }

    /// One of a few words.
    pub(crate) fn one_of<W: Words>(&mut self, name: &'static str, words: &[W]) -> Option<W> {
        let choices: Vec<_> = words.iter().map(|word| (word.as_str(), *word)).collect();
        self.choice(name, &choices, one_of(words))
    }

    /// One of a few texts, each with its meaning; `issue` is what the sender of another is told.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
        issue: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        let text = self.take(name)?;
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if chosen.is_none() {
            self.fault(name, issue);
        }
        chosen
    }

    /// `limit` and `offset`; `largest` is the largest limit, `usual` the one without.
    pub(crate) fn window(&mut self, largest: i64, usual: i64) -> Window {
        let limit = self.integer("limit", 1..=largest).unwrap_or(usual);
        let offset = self.integer("offset", 0..=paging::FURTHEST).unwrap_or(0);
        Window { limit, offset }
    }

    /// `page` and `limit` as the part of the list they stand for.
    pub(crate) fn page(&mut self) -> Window {
        let limit = self.integer("limit", 1..=100).unwrap_or(20);
        let page = self.integer("page", 1..=i64::from(u32::MAX)).unwrap_or(1);
        Window { limit, offset: (page - 1) * limit }
    }

    /// `after` and `limit` of a sequence.
    pub(crate) fn cursor(&mut self) -> (Option<i64>, i64) {
        let after = self.integer("after", 0..=i64::MAX);
        (after, self.integer("limit", 1..=100).unwrap_or(20))
    }

    /// The filters of a list of named things with attributes.
    pub(crate) fn filter(&mut self) -> Filter {
        Filter { search: self.search(), ..self.unsearched_filter() }
    }

    /// The filters of a list of things with attributes and without names.
    pub(crate) fn unsearched_filter(&mut self) -> Filter {
        Filter { metadata: self.metadata(), ..self.times() }
    }

    /// The part of a list of members, teams, keys or applications that is asked for.
    pub(crate) fn directory(&mut self) -> DirectoryQuery {
        let filter = Filter { search: self.search(), ..self.times() };
        DirectoryQuery { filter, sort: self.sort(), window: self.page() }
    }

    /// `sort` and `order`.
    pub(crate) fn sort(&mut self) -> Sort {
        let by = self.word::<SortBy>("sort").unwrap_or(Sort::NEWEST.by);
        let descending = self.choice("order", &[("asc", false), ("desc", true)], "must be asc or desc");
        Sort { by, descending: descending.unwrap_or(Sort::NEWEST.descending) }
    }

    fn search(&mut self) -> Option<String> {
        self.text("search").filter(|text| !text.is_empty())
    }

    fn times(&mut self) -> Filter {
        Filter {
            search: None,
            created_after: self.instant("created_after"),
            created_before: self.instant("created_before"),
            updated_after: self.instant("updated_after"),
            updated_before: self.instant("updated_before"),
            metadata: Vec::new(),
        }
    }

    /// Refuses the query if anything was wrong with it.
    ///
    /// # Errors
    /// All the faults; unknown and repeated parameters come last.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.fault(&name, "is not a known parameter");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::invalid(self.faults)) }
    }

    /// The same, with what was read: a value that is missing has its fault.
    ///
    /// # Errors
    /// All the faults.
    pub(crate) fn finish_with<T>(self, read: Option<T>) -> Result<T, Problem> {
        self.finish()?;
        read.ok_or_else(|| Problem::internal("a value is missing without a fault"))
    }

    /// Takes a parameter out; a second one of the name is a fault.
    fn take(&mut self, name: &str) -> Option<String> {
        let mut found = self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value);
        let value = found.next();
        if found.count() > 0 {
            self.fault(name, "must be given only once");
        }
        value
    }

    /// Takes out every `metadata.KEY=VALUE`.
    fn metadata(&mut self) -> Vec<(String, String)> {
        let taken: Vec<_> =
            self.pairs.extract_if(.., |(name, _)| name.len() > METADATA.len() && name.starts_with(METADATA)).collect();
        for (name, value) in &taken {
            if name.chars().chain(value.chars()).any(char::is_control) {
                self.fault(name, "must not contain control characters");
            }
        }
        taken.into_iter().map(|(name, value)| (name[METADATA.len()..].to_owned(), value)).collect()
    }

    pub(crate) fn fault(&mut self, name: &str, issue: impl Into<Cow<'static, str>>) {
        self.faults.push(Fault::new(name, issue));
    }
}

/// Digits with at most a minus before them: no plus, no exponent, no space.
fn strict_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if decimal { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(query: Query) -> Vec<String> {
        query
            .finish()
            .err()
            .map(|problem| problem.faults().iter().map(|fault| fault.field.clone()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn numbers_are_plain_decimal_and_within_their_range() {
        for text in
            ["0", "-1", "101", "abc", "1e3", "+5", "", " 5", "5 ", "1.0", "0x10", "9223372036854775808", "%D9%A3"]
        {
            let mut query = Query::of(&format!("limit={text}"));
            assert_eq!(query.window(100, 20).limit, 20);
            assert_eq!(faults(query), ["limit"], "{text}");
        }
        let mut query = Query::of("limit=100&offset=1000000");
        assert_eq!(query.window(100, 20), Window { limit: 100, offset: 1_000_000 });
        assert!(faults(query).is_empty());
        let mut query = Query::of("offset=1000001&limit=7");
        query.window(100, 20);
        assert_eq!(faults(query), ["offset"]);
    }

    #[test]
    fn a_page_is_counted_from_one_and_never_overflows() {
        assert_eq!(Query::of("page=3&limit=10").page(), Window { limit: 10, offset: 20 });
        for page in ["0", "-1", "9223372036854775807", "x"] {
            let mut query = Query::of(&format!("page={page}"));
            query.page();
            assert_eq!(faults(query), ["page"], "{page}");
        }
    }

    #[test]
    fn unknown_and_repeated_parameters_are_named() {
        let mut query = Query::of("limit=1&limit=2&frobnicate=1&search=a&search=b");
        query.page();
        query.filter();
        assert_eq!(faults(query), ["limit", "search", "frobnicate"]);
    }

    #[test]
    fn metadata_filters_may_be_repeated_and_keep_their_order() {
        let mut query = Query::of("metadata.team=a%20b&metadata.env.x=1&metadata.team=c+d&metadata.=1");
        let pairs = query.filter().metadata;
        let expected = [("team", "a b"), ("env.x", "1"), ("team", "c d")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(faults(query), ["metadata."]);
    }

    #[test]
    fn a_search_is_literal_text_and_an_empty_one_filters_nothing() {
        assert_eq!(Query::of("search=%25_%5C").filter().search.as_deref(), Some("%_\\"));
        assert_eq!(Query::of("search=").filter().search, None);
        for bad in ["search=%00".to_owned(), "search=%1b".to_owned(), format!("search={}", "x".repeat(256))] {
            let mut query = Query::of(&bad);
            query.filter();
            assert_eq!(faults(query), ["search"]);
        }
    }

    #[test]
    fn words_outside_their_set_are_refused() {
        let mut query = Query::of("sort=name;drop");
        assert_eq!(query.word::<SortBy>("sort"), None);
        assert_eq!(faults(query), ["sort"]);
        assert_eq!(Query::of("sort=updated_at").word::<SortBy>("sort"), Some(SortBy::UpdatedAt));
    }

    #[test]
    fn broken_percent_encoding_is_a_fault_of_its_own() {
        for piece in ["search=%", "search=%4", "search=%zz", "search=%ff", "%ff=1"] {
            assert_eq!(faults(Query::of(piece)), [piece]);
        }
    }
}
