//! What a list says about its whole: by page (PROJ, OVER) or by offset (AGNT).

use connix_domain::page::Window;
use schemars::JsonSchema;
use serde::Serialize;

/// The furthest offset that can be asked for.
pub(crate) const FURTHEST: i64 = 1_000_000;

/// Where a page stands in its list.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct PagePagination {
    /// Number of this page, from 1.
    page: i64,
    /// Items per page.
    limit: i64,
    /// Items in all.
    total: i64,
    /// Pages in all; none when there are no items.
    pages: i64,
    /// Whether a page comes after this one.
    has_next: bool,
    /// Whether a page with items comes before this one.
    has_prev: bool,
}

impl PagePagination {
    /// Where `window` stands in a list of `total`.
    pub(crate) fn new(window: Window, total: i64) -> Self {
        let page = window.offset / window.limit + 1;
        let pages = (total + window.limit - 1) / window.limit;
        Self { page, limit: window.limit, total, pages, has_next: page < pages, has_prev: page > 1 && pages > 0 }
    }
}

/// Where a part stands in its list.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct OffsetPagination {
    /// Items in all.
    total: i64,
    /// Most items of this part.
    limit: i64,
    /// Items before this part.
    offset: i64,
    /// Whether items come after this part.
    has_more: bool,
}

impl OffsetPagination {
    /// Where `window` stands in a list of `total`.
    pub(crate) fn new(window: Window, total: i64) -> Self {
        let has_more = window.offset.saturating_add(window.limit) < total;
        Self { total, limit: window.limit, offset: window.offset, has_more }
    }
}

/// How to go on reading a sequence.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct CursorPagination {
    /// What to give as `after` for what follows.
    pub(crate) next: i64,
    /// Whether something follows already.
    pub(crate) has_more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(page: i64, limit: i64, total: i64) -> serde_json::Value {
        serde_json::to_value(PagePagination::new(Window { limit, offset: (page - 1) * limit }, total)).unwrap()
    }

    #[test]
    fn the_documents_pages_come_out_word_for_word() {
        assert_eq!(
            page(1, 20, 2),
            json!({"page": 1, "limit": 20, "total": 2, "pages": 1, "has_next": false, "has_prev": false})
        );
        assert_eq!(
            page(1, 20, 100),
            json!({"page": 1, "limit": 20, "total": 100, "pages": 5, "has_next": true, "has_prev": false})
        );
    }

    #[test]
    fn no_items_are_no_pages_and_a_page_after_the_last_is_empty() {
        assert_eq!(
            page(1, 20, 0),
            json!({"page": 1, "limit": 20, "total": 0, "pages": 0, "has_next": false, "has_prev": false})
        );
        assert_eq!(
            page(9, 20, 21),
            json!({"page": 9, "limit": 20, "total": 21, "pages": 2, "has_next": false, "has_prev": true})
        );
    }

    #[test]
    fn more_comes_after_a_part_that_does_not_reach_the_total() {
        let more = |offset| OffsetPagination::new(Window { limit: 10, offset }, 45).has_more;
        assert!(more(0) && more(34));
        assert!(!more(35) && !more(1_000_000));
    }
}
