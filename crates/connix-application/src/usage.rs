//! What a project used over a period, and what that cost.

use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::Error;
use connix_domain::permission::Permission;
use connix_domain::project::Project;
use connix_domain::telemetry::{Period, UsageReport};

/// What a project used.
#[derive(Debug, Clone)]
pub struct ProjectUsage {
    /// The project.
    pub project: Project,
    /// The period that was asked about.
    pub period: Period,
    /// What was used in it.
    pub report: UsageReport,
    /// How many bytes the project's workspace holds now. `None`: it is not seen from here.
    pub storage: Option<u64>,
}

impl App {
    /// What a project used over a period, by its agents, those that are gone too. Figures are known by the minute: all of
    /// the first and the last minute that the period touches are in it.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn project_usage(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        period: Period,
    ) -> Result<ProjectUsage, Error> {
        caller.may(Permission::ProjectsRead)?;
        let project = self.reachable_project(caller, wanted).await?;
        let report = self.store().usage_report(caller.scope, project.id, &period).await?;
        let storage = self.ports.runtime.workspace_bytes(project.id).await;
        Ok(ProjectUsage { project, period, report, storage })
    }
}
