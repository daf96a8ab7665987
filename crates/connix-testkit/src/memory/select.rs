//! Filters, orders and parts of lists for the store in memory.

use connix_domain::Timestamp;
use connix_domain::metadata::{Metadata, label};
use connix_domain::page::{DirectoryQuery, Filter, Page, Sort, SortBy, Window};
use std::cmp::Ordering;

/// What the common filters and orders look at.
pub(super) struct Traits<'a> {
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// Of what has attributes.
    pub(super) metadata: Option<&'a Metadata>,
    /// What a search looks through.
    pub(super) texts: Vec<&'a str>,
    /// What the order by name goes by.
    pub(super) name: String,
}

/// Text without regard to case.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

impl<'a> Traits<'a> {
    /// Those of something that has a name, when it was made and when it was changed, and no more.
    pub(super) fn named(name: &'a str, key: String, (created_at, updated_at): (Timestamp, Timestamp)) -> Self {
        Self { created_at, updated_at, metadata: None, texts: vec![name], name: key }
    }

    pub(super) fn pass(&self, filter: &Filter) -> bool {
        let labels = self.metadata.map(Metadata::labels).unwrap_or_default();
        let found = |part: &String| self.texts.iter().any(|text| folded(text).contains(&folded(part)));
        filter.search.as_ref().is_none_or(found)
            && filter.created_after.is_none_or(|at| self.created_at >= at)
            && filter.created_before.is_none_or(|at| self.created_at < at)
            && filter.updated_after.is_none_or(|at| self.updated_at >= at)
            && filter.updated_before.is_none_or(|at| self.updated_at < at)
            && filter.metadata.iter().all(|(key, value)| labels.contains(&label(key, value)))
    }

    pub(super) fn compare(&self, other: &Self, sort: Sort) -> Ordering {
        let order = match sort.by {
            SortBy::CreatedAt => self.created_at.cmp(&other.created_at),
            SortBy::UpdatedAt => self.updated_at.cmp(&other.updated_at),
            SortBy::Name => self.name.cmp(&other.name),
        };
        if sort.descending { order.reverse() } else { order }
    }
}

/// A list of members, teams, keys or applications, each with its place among equals.
pub(super) fn directory<'a, T: Clone + 'a, I: Ord>(
    all: impl Iterator<Item = &'a T>,
    query: &DirectoryQuery,
    traits: impl Fn(&'a T) -> (Traits<'a>, I),
) -> Page<T> {
    let with_traits = all.map(|item| (traits(item), item));
    let mut matching: Vec<_> = with_traits.filter(|((traits, _), _)| traits.pass(&query.filter)).collect();
    matching.sort_by(|((a, a_id), _), ((b, b_id), _)| a.compare(b, query.sort).then_with(|| a_id.cmp(b_id)));
    part(&matching.into_iter().map(|(_, item)| item).collect::<Vec<_>>(), query.window)
}

/// The part of a list that a window shows.
pub(super) fn part<T: Clone>(list: &[&T], window: Window) -> Page<T> {
    let items = list.iter().skip(window.offset as usize).take(window.limit as usize).map(|item| T::clone(item));
    Page { items: items.collect(), total: list.len() as i64 }
}
