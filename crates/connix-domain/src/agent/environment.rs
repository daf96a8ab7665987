//! The environment variables that an agent's tools see. They are secrets: nothing here prints their values.

use crate::fault::Faults;
use std::fmt;

const MOST: usize = 100;
const LONGEST_NAME: usize = 128;
const LARGEST_VALUE: usize = 8 * 1024;
const LARGEST: usize = 64 * 1024;

/// Names, with which a tool's own start could be taken over.
const RESERVED: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "SHELL",
    "IFS",
    "ENV",
    "BASH_ENV",
    "GLIBC_TUNABLES",
    "NODE_OPTIONS",
    "RUBYOPT",
    "USER",
    "LOGNAME",
    "PWD",
];
const RESERVED_PREFIXES: &[&str] = &["CONNIX_", "LD_", "DYLD_", "PYTHON", "PERL5", "GIT_"];

/// Names and values in the order they were given.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvironmentVariables(Vec<(String, String)>);

impl EnvironmentVariables {
    /// Takes names and values as they were given; check them with [`faults`](Self::faults).
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks all rules (contract section 6, `reliability.md` 2.11).
    pub fn faults(&self) -> Faults {
        const FIELD: &str = "config.environment_variables";
        let mut faults = Faults::new();
        faults.check(self.0.len() <= MOST, FIELD, "At most 100 environment variables");
        let size: usize = self.0.iter().map(|(n, v)| n.len() + v.len()).sum();
        faults.check(size <= LARGEST, FIELD, "Environment variables must be at most 64 KiB in all");
        for (name, value) in &self.0 {
            let shown: String = name.chars().take(LONGEST_NAME).collect();
            let field = format!("{FIELD}.{shown}");
            if !is_name(name) {
                faults.add(field, "Names must match [A-Za-z_][A-Za-z0-9_]* and have at most 128 characters");
            } else if is_reserved(name) {
                faults.add(field, "This name is reserved");
            } else if value.len() > LARGEST_VALUE || value.contains('\0') {
                faults.add(field, "Values must be at most 8 KiB, without NUL");
            }
        }
        faults
    }
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.len() <= LONGEST_NAME && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a name is one that an agent may not set.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

impl fmt::Debug for EnvironmentVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(name: &str) -> bool {
        let variables = EnvironmentVariables::new(vec![(name.to_owned(), "x".to_owned())]);
        variables.faults().or(()).is_err()
    }

    #[test]
    fn the_documents_names_are_accepted() {
        for name in ["SUPPORT_QUEUE", "ESCALATION_THRESHOLD", "DATA_SOURCE", "CACHE_TTL", "ML_ENDPOINT", "_x1"] {
            assert!(!faulty(name), "{name}");
        }
    }

    #[test]
    fn malformed_and_reserved_names_are_refused() {
        let long = "A".repeat(129);
        for name in ["", "1X", "A=B", "A B", "ä", "LD_PRELOAD", "CONNIX_TOKEN", "PATH", "PYTHONPATH", "GIT_DIR", &long]
        {
            assert!(faulty(name), "{name}");
        }
    }

    #[test]
    fn values_are_not_printed() {
        let variables = EnvironmentVariables::new(vec![("NAME".into(), "hunter2".into())]);
        assert!(!format!("{variables:?}").contains("hunter2"));
    }
}
