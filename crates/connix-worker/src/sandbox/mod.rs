//! Running foreign programs: what a model wrote is taken for hostile.
//!
//! A [`Sandbox`] runs a [`Program`] through a *keeper*, a process of this same binary (`connix sandbox-exec`), which
//! confines it and answers for its end (`keeper`). The program gets the project's workspace, a folder for temporary
//! files, the system's programs and libraries to read, and nothing else: no other file, no process, no network, no
//! signal to anybody outside, and no more memory, processes and time than the operator's settings say.
//!
//! *Invariants.* In [`SandboxMode::Strict`] a program runs fully confined or not at all; a kernel that cannot do it is
//! told apart by trying ([`Sandbox::hold`]), and the reason is passed on. When a run is over, however that comes, no
//! process of it is left; dropping the run's future ends it.

mod found;
mod keeper;
mod order;
mod output;
mod run;
mod serve;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use connix_worker_protocol::sandbox::{SandboxMode, SandboxSettings};
use tokio::sync::OnceCell;

pub use found::{Found, find_out};
pub use keeper::keep;
pub use order::{End, Hold, Program};
pub use run::{Bounds, Ran};
pub(crate) use serve::{Served, Serving};

pub use crate::tools::CallClock;

use order::{Confinement, Job, Order};

/// What a keeper is.
#[derive(Debug, Clone)]
pub struct KeeperProgram {
    /// What is executed.
    pub path: PathBuf,
    /// Its arguments; the name of the worker follows them.
    pub arguments: Vec<String>,
}

impl KeeperProgram {
    /// The running program itself, as `connix sandbox-exec`.
    #[must_use]
    pub fn own() -> Self {
        Self { path: "/proc/self/exe".into(), arguments: vec!["sandbox-exec".into()] }
    }
}

/// Where a worker's programs run.
#[derive(Debug)]
pub struct Sandbox {
    settings: SandboxSettings,
    keeper: KeeperProgram,
    /// Names the worker, for whoever looks for what it left behind.
    instance: String,
    workspace: PathBuf,
    /// Whom programs run as, if not as the worker.
    user: Option<u32>,
    /// The workspace is the project's alone, and may be given to that user.
    is_given: bool,
    hold: OnceCell<Hold>,
}

impl Sandbox {
    /// For the programs of one project, in a folder that is theirs alone: where the worker is root, it is given to the user
    /// they run as, whom `project` chooses. `instance` names the worker.
    #[must_use]
    pub fn new(settings: SandboxSettings, workspace: PathBuf, project: &str, instance: String) -> Self {
        let confined = settings.mode == SandboxMode::Strict;
        let user = (confined && nix::unistd::geteuid().is_root()).then(|| user_of(project, &settings));
        Self {
            settings,
            keeper: KeeperProgram::own(),
            instance,
            workspace,
            user,
            is_given: true,
            hold: OnceCell::new(),
        }
    }

    /// In a folder that is somebody's, such as the one in which a worker was started by hand: it is left to its owner, and
    /// where the worker is root, programs run as that owner.
    #[must_use]
    pub fn in_its_owner_s_folder(self) -> Self {
        let owner = self.workspace.metadata().map_or(0, |folder| folder.uid());
        Self { user: self.user.map(|_| owner), is_given: false, ..self }
    }

    /// With another program as keeper.
    #[must_use]
    pub fn kept_by(self, keeper: KeeperProgram) -> Self {
        Self { keeper, ..self }
    }

    /// The folder in which programs work, as they name it.
    pub(crate) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// `readable` are folders that this program may read besides those of the settings.
    fn order(&self, job: Job, hold: Hold, readable: &[PathBuf]) -> Order {
        let confinement = (self.settings.mode == SandboxMode::Strict).then(|| Confinement {
            user: self.user,
            is_given: self.is_given,
            readable: [&self.settings.readable[..], readable].concat(),
        });
        let (workspace, instance) = (self.workspace.clone(), self.instance.clone());
        Order { job, hold, confinement, limits: self.settings.limits, workspace, instance }
    }
}

/// The user of a project's programs: always the same, so that they share its files. Two projects in `count` may meet in
/// one; their folders stay closed to each other all the same.
fn user_of(project: &str, settings: &SandboxSettings) -> u32 {
    // FNV-1a: the same in every version of this program, which a hasher of the standard library is not.
    let hash = project
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let place = hash % u64::from(settings.users.count.max(1));
    settings.users.first.saturating_add(u32::try_from(place).unwrap_or(0)).min(u32::MAX - 1) // the last stands for nobody
}

#[cfg(test)]
mod tests {
    use connix_worker_protocol::sandbox::UserRange;

    use super::*;

    #[test]
    fn a_project_s_user_is_in_the_range_and_always_the_same() {
        let settings = SandboxSettings { users: UserRange { first: 1000, count: 10 }, ..SandboxSettings::default() };
        let users: Vec<_> = (0..100).map(|number| user_of(&format!("proj_{number:016x}"), &settings)).collect();
        assert!(users.iter().all(|user| (1000..1010).contains(user)));
        assert!((1000..1010).all(|user| users.contains(&user)), "all of it is used");
        assert_eq!(users[7], user_of("proj_0000000000000007", &settings));
    }
}
