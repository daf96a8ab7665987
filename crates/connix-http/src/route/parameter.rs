//! Query parameters as the table documents them.

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: ParameterType,
    /// What it does.
    pub summary: &'static str,
}

/// What a query parameter may hold.
#[derive(Debug, Clone, Copy)]
pub enum ParameterType {
    /// A text.
    Text,
    /// A text that others than people write, as long as it has to be.
    Opaque,
    /// An integer from `least` to `most`; `usual` without it.
    Integer {
        /// Smallest.
        least: i64,
        /// Largest.
        most: i64,
        /// Without the parameter.
        usual: Option<i64>,
    },
    /// An RFC 3339 time or a date.
    Instant,
    /// `true` or `false`; false without it.
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Any number of parameters whose names begin so, with an attribute's name behind it.
    Attributes,
}

impl Parameter {
    /// A parameter.
    pub(crate) const fn new(name: &'static str, kind: ParameterType, summary: &'static str) -> Self {
        Self { name, kind, summary }
    }
}

/// Lists by page.
pub(crate) const PAGE: &[Parameter] = &[
    Parameter::new("page", ParameterType::Integer { least: 1, most: u32::MAX as i64, usual: Some(1) }, "Page number"),
    Parameter::new("limit", ParameterType::Integer { least: 1, most: 100, usual: Some(20) }, "Items per page"),
];

/// Lists by offset.
pub(crate) const OFFSET: &[Parameter] = &[
    Parameter::new("limit", ParameterType::Integer { least: 1, most: 100, usual: Some(20) }, "Number of results"),
    Parameter::new("offset", ParameterType::Integer { least: 0, most: 1_000_000, usual: Some(0) }, "Results to skip"),
];

/// Sequences by cursor.
pub(crate) const CURSOR: &[Parameter] = &[
    Parameter::new(
        "after",
        ParameterType::Integer { least: 0, most: i64::MAX, usual: Some(0) },
        "What comes after this number",
    ),
    Parameter::new("limit", ParameterType::Integer { least: 1, most: 100, usual: Some(20) }, "Number of results"),
];

/// The filter of lists of named things, beside [`TIMES`].
pub(crate) const SEARCH: &[Parameter] =
    &[Parameter::new("search", ParameterType::Text, "Part of the name, canonical name or description, in any case")];

/// The order of lists of named things.
pub(crate) const SORT: &[Parameter] = &[
    Parameter::new(
        "sort",
        ParameterType::Words(&["created_at", "updated_at", "name"]),
        "Sort field (default created_at)",
    ),
    Parameter::new("order", ParameterType::Words(&["asc", "desc"]), "Sort order (default desc)"),
];

/// The filters of every list by times.
pub(crate) const TIMES: &[Parameter] = &[
    Parameter::new("created_after", ParameterType::Instant, "Created at or after"),
    Parameter::new("created_before", ParameterType::Instant, "Created before"),
    Parameter::new("updated_after", ParameterType::Instant, "Changed at or after"),
    Parameter::new("updated_before", ParameterType::Instant, "Changed before"),
];

/// The filter of lists of things with attributes.
pub(crate) const METADATA: &[Parameter] = &[Parameter::new(
    "metadata",
    ParameterType::Attributes,
    "Attributes that must have these values, `metadata.KEY=VALUE`",
)];
