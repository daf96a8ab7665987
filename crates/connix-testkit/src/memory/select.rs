//! Filters, orders and parts of lists for the store in memory.

use connix_domain::Timestamp;
use connix_domain::metadata::{Metadata, label};
use connix_domain::page::{Filter, Page, Sort, SortBy, Window};
use std::cmp::Ordering;

/// What the common filters and orders look at.
pub(super) struct Traits<'a> {
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) metadata: &'a Metadata,
    /// What a search looks through.
    pub(super) texts: Vec<&'a str>,
    /// What the order by name goes by.
    pub(super) name: String,
}

/// Text without regard to case.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

impl Traits<'_> {
    pub(super) fn pass(&self, filter: &Filter) -> bool {
        let labels = self.metadata.labels();
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

/// The part of a list that a window shows.
pub(super) fn part<T: Clone>(list: &[&T], window: Window) -> Page<T> {
    let items = list.iter().skip(window.offset as usize).take(window.limit as usize).map(|item| T::clone(item));
    Page { items: items.collect(), total: list.len() as i64 }
}
