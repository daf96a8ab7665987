//! Files and signals of a confined program: Landlock.

use std::fmt::Display;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};

/// The newest interface of the kernel that is known here; an older kernel gives what it has, down to [`Rules::least`].
const KNOWN: ABI = ABI::V7;

/// What a program may touch; everything else is denied.
#[derive(Debug)]
pub(super) struct Rules {
    /// Read and executed.
    pub(super) readable: Vec<PathBuf>,
    /// Read, written and executed.
    pub(super) writable: Vec<PathBuf>,
    /// Read and written, nothing made beside them.
    pub(super) devices: Vec<PathBuf>,
    /// The oldest interface that confines enough.
    pub(super) least: ABI,
}

/// Rules that hold open what they are about, so that [`Prepared::enforce`] needs no right to reach it.
pub(super) struct Prepared {
    ruleset: RulesetCreated,
    least: ABI,
}

impl Rules {
    /// Opens the paths; those that do not exist are left out.
    ///
    /// # Errors
    /// In words.
    pub(super) fn prepare(&self) -> Result<Prepared, String> {
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
        let ruleset = (|| {
            Ruleset::default()
                .set_compatibility(CompatLevel::BestEffort)
                .handle_access(AccessFs::from_all(KNOWN))?
                .handle_access(AccessNet::from_all(KNOWN))?
                .scope(Scope::from_all(KNOWN))?
                .create()?
                .add_rules(path_beneath_rules(&self.readable, AccessFs::from_read(KNOWN)))?
                .add_rules(path_beneath_rules(&self.writable, AccessFs::from_all(KNOWN)))?
                .add_rules(path_beneath_rules(&self.devices, device))
        })();
        Ok(Prepared { ruleset: ruleset.map_err(in_words)?, least: self.least })
    }
}

impl Prepared {
    /// Confines this process and all it will start, for good.
    ///
    /// # Errors
    /// In words: the kernel has no Landlock, or too old a one.
    pub(super) fn enforce(self) -> Result<(), String> {
        let status = self.ruleset.restrict_self().map_err(in_words)?;
        match status.landlock {
            LandlockStatus::NotImplemented => Err("the kernel has no Landlock (Linux 5.13 and later have)".to_owned()),
            LandlockStatus::NotEnabled => {
                Err("Landlock is not enabled: add it to the kernel's parameter `lsm`".to_owned())
            }
            LandlockStatus::Available { effective_abi, .. } if effective_abi < self.least => Err(format!(
                "the kernel's Landlock is of version {effective_abi}, and {} is needed to deny signals to other \
                 processes of the same user",
                self.least
            )),
            LandlockStatus::Available { .. } if status.ruleset == RulesetStatus::NotEnforced => {
                Err("Landlock was not enforced".to_owned())
            }
            LandlockStatus::Available { .. } => Ok(()),
        }
    }
}

fn in_words(error: impl Display) -> String {
    format!("Landlock: {error}")
}
