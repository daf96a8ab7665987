//! The filters and orders that lists have in common. Macros, because the tables have no common type.

/// Applies the times of a [`Filter`](connix_domain::page::Filter).
macro_rules! by_times {
    ($query:expr, $table:ident, $filter:expr) => {{
        let mut query = $query;
        if let Some(at) = $filter.created_after {
            query = query.filter($table::created_at.ge(crate::instant::At(at)));
        }
        if let Some(at) = $filter.created_before {
            query = query.filter($table::created_at.lt(crate::instant::At(at)));
        }
        if let Some(at) = $filter.updated_after {
            query = query.filter($table::updated_at.ge(crate::instant::At(at)));
        }
        if let Some(at) = $filter.updated_before {
            query = query.filter($table::updated_at.lt(crate::instant::At(at)));
        }
        query
    }};
}

/// Applies the metadata of a [`Filter`](connix_domain::page::Filter).
macro_rules! by_metadata {
    ($query:expr, $table:ident, $filter:expr) => {{
        let mut query = $query;
        for (key, value) in &$filter.metadata {
            let label = super::rows::plain(&connix_domain::metadata::label(key, value));
            query = query.filter(dialect::position($table::labels, label).gt(0));
        }
        query
    }};
}

/// Applies the search of a [`Filter`](connix_domain::page::Filter) to a folded text: literal, without regard to case.
macro_rules! by_search {
    ($query:expr, $text:expr, $filter:expr) => {{
        let mut query = $query;
        if let Some(part) = &$filter.search {
            query = query.filter(dialect::position($text, super::rows::folded(part)).gt(0));
        }
        query
    }};
}

/// Applies a [`Sort`](connix_domain::page::Sort); ties go by id, ascending.
macro_rules! sorted {
    ($query:expr, $table:ident, $sort:expr) => {
        sorted!($query, $table, $sort, $table::name_key, $table::id)
    };
    ($query:expr, $table:ident, $sort:expr, $name:expr, $id:expr) => {
        match ($sort.by, $sort.descending) {
            (SortBy::CreatedAt, false) => $query.order(($table::created_at.asc(), $id.asc())),
            (SortBy::CreatedAt, true) => $query.order(($table::created_at.desc(), $id.asc())),
            (SortBy::UpdatedAt, false) => $query.order(($table::updated_at.asc(), $id.asc())),
            (SortBy::UpdatedAt, true) => $query.order(($table::updated_at.desc(), $id.asc())),
            (SortBy::Name, false) => $query.order(($name.asc(), $id.asc())),
            (SortBy::Name, true) => $query.order(($name.desc(), $id.asc())),
        }
    };
}

pub(super) use {by_metadata, by_search, by_times, sorted};

use connix_domain::page::Filter;

/// Whether a list with this filter has one of a few texts: filters by metadata can be repeated at will.
pub(super) fn is_common(filter: &Filter) -> bool {
    filter.metadata.len() <= 1
}
