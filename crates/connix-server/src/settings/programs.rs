//! `runtime.programs`: how the programs of tools are held together, and within which bounds they run.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use connix_worker_protocol::sandbox::{Containment, ProgramLimits, SandboxMode, SandboxSettings, UserRange};
use serde::{Deserialize, Serialize};

use super::{Runtime, Sandbox, value};

/// Programs of tools.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Programs {
    pub(crate) containment: Containment,
    #[serde(with = "value::text")]
    pub(crate) users: Users,
    pub(crate) readable: Vec<PathBuf>,
    #[serde(deserialize_with = "value::at_least::<16, _>")]
    pub(crate) memory_mib: u64,
    #[serde(deserialize_with = "value::at_least::<64, _>")]
    pub(crate) address_space_mib: u64,
    #[serde(deserialize_with = "value::at_least::<2, _>")]
    pub(crate) processes: u64,
    #[serde(deserialize_with = "value::at_least::<16, _>")]
    pub(crate) open_files: u64,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) file_size_mib: u64,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) temporary_mib: u64,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) cpu_seconds: u64,
    #[serde(deserialize_with = "value::at_least::<1, _>")]
    pub(crate) output_kib: u64,
}

impl Runtime {
    /// What workers are told of the programs that they run.
    pub(crate) fn confined(&self) -> SandboxSettings {
        let Self { programs, workspace_bytes, workspace_files, .. } = self;
        SandboxSettings {
            mode: match self.sandbox {
                Sandbox::Strict => SandboxMode::Strict,
                Sandbox::None => SandboxMode::None,
            },
            containment: programs.containment,
            users: programs.users.0,
            readable: programs.readable.clone(),
            limits: ProgramLimits {
                memory_mib: programs.memory_mib,
                address_space_mib: programs.address_space_mib,
                processes: programs.processes,
                open_files: programs.open_files,
                file_size_mib: programs.file_size_mib,
                workspace_bytes: *workspace_bytes,
                workspace_files: *workspace_files,
                temporary_mib: programs.temporary_mib,
                cpu_seconds: programs.cpu_seconds,
                output_kib: programs.output_kib,
            },
        }
    }
}

/// A range of user ids: `first-last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Users(UserRange);

impl FromStr for Users {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let range = text.split_once('-').and_then(|(first, last)| {
            let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            // 0 is root, and the last number stands for no user.
            (0 < first && first <= last && last < u32::MAX).then(|| UserRange { first, count: last - first + 1 })
        });
        range.map(Self).ok_or_else(|| format!("`{text}` is no range of users: expected first-last, without 0"))
    }
}

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UserRange { first, count } = self.0;
        write!(f, "{first}-{}", first.saturating_add(count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::load::{Flags, load};

    #[test]
    fn the_defaults_are_those_of_the_worker_protocol() {
        let settings = load(None, [], &Flags::default()).unwrap();
        assert_eq!(settings.runtime.confined(), SandboxSettings::default());
    }

    #[test]
    fn a_range_of_users_reads_back_and_root_is_in_none() {
        let users: Users = "1000-1009".parse().unwrap();
        assert_eq!((users.0, users.to_string()), (UserRange { first: 1000, count: 10 }, "1000-1009".to_owned()));
        assert_eq!("5-5".parse::<Users>().unwrap().0.count, 1);
        for bad in ["", "1000", "0-10", "10-9", "1-4294967295", "a-b", "-1-5"] {
            assert!(bad.parse::<Users>().is_err(), "{bad}");
        }
    }
}
