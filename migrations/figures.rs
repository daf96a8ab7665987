//! The scripts that take the figures back and count them anew from what there is, in their order: for the test that holds
//! the migrations to the triggers, and for the benchmark, which lets the migrations count.

macro_rules! scripts {
    ($database:literal) => {
        [
            include_str!(concat!($database, "/2026-11-22-122000_histogram/down.sql")),
            include_str!(concat!($database, "/2026-11-22-121000_charging/down.sql")),
            include_str!(concat!($database, "/2026-11-22-100000_telemetry/down.sql")),
            include_str!(concat!($database, "/2026-11-22-100000_telemetry/up.sql")),
            include_str!(concat!($database, "/2026-11-22-121000_charging/up.sql")),
            include_str!(concat!($database, "/2026-11-22-122000_histogram/up.sql")),
        ]
    };
}

/// For SQLite.
pub(crate) const SQLITE: [&str; 6] = scripts!("sqlite");
/// For PostgreSQL.
pub(crate) const POSTGRES: [&str; 6] = scripts!("postgres");
