//! Projects: make, find, change, remove.

use crate::app::App;
use crate::caller::{Caller, Precondition, ProjectRef};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use crate::project_order::{Naming, ProjectOrder, Removed};
use connix_domain::agent::{Agent, Commanded};
use connix_domain::audit::{Target, changed_in_project};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{EventKind, Happening};
use connix_domain::id::{ProjectId, TeamId};
use connix_domain::lifecycle::TransitionError;
use connix_domain::name::{CanonicalName, DisplayName};
use connix_domain::page::{Page, ProjectQuery};
use connix_domain::permission::Permission;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, ProjectChange, ProjectPhase};
use connix_domain::scope::OrgScope;

impl App {
    /// Makes a project.
    ///
    /// # Errors
    /// [`Error::ProjectNameTaken`]; [`Error::Forbidden`] for a credential that is limited to other projects.
    pub async fn create_project(
        &self,
        caller: &Caller,
        order: ProjectOrder,
        remember: Option<Remember<'_, Project>>,
    ) -> Result<Project, Error> {
        caller.may(Permission::ProjectsWrite)?;
        caller.may_make_projects()?;
        self.retrying(|| self.try_create_project(caller, &order, remember.as_ref())).await
    }

    async fn try_create_project(
        &self,
        caller: &Caller,
        order: &ProjectOrder,
        remember: Option<&Remember<'_, Project>>,
    ) -> Result<Project, Error> {
        let of_team = self.team_there(caller, order.team).await?;
        let (canonical_name, name) = self.free_name(caller, &order.naming).await?;
        let now = self.now();
        let project = Project {
            org: caller.scope.org(),
            id: ProjectId::new(self.ports.ids.bits()),
            number: self.numbers.next(self.store()).await?,
            canonical_name,
            name,
            description: order.description.clone(),
            phase: ProjectPhase::Active,
            visibility: order.visibility,
            team: order.team,
            created_by: caller.access.user(),
            metadata: order.metadata.clone(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let happened = Happening::of_project(EventKind::ProjectCreated, &project);
        let changes = ChangeSet::new()
            .with(Change::CreateProject(project.clone()))
            .with(self.raise(project.org, project.id, caller.actor(), happened))
            .with(self.audited(caller, Target::new("project", project.id), []))
            .with_all(of_team)
            .first(self.record(remember, &project));
        match self.ports.store.commit(changes).await {
            Err(CommitError::Duplicate { entity: Entity::Project, .. }) => match order.naming {
                Naming::Derived(_) => Err(Error::Raced),
                Naming::Same(_) => Err(taken("name", &project.canonical_name)),
                Naming::Both(..) => Err(taken("canonical_name", &project.canonical_name)),
            },
            other => Ok(other.map(|()| project)?),
        }
    }

    /// The canonical and display name of a new project, looked for before the commit: conflicts there are dear.
    async fn free_name(&self, caller: &Caller, naming: &Naming) -> Result<(CanonicalName, DisplayName), Error> {
        let (field, canonical, display) = match naming {
            Naming::Same(name) => ("name", name, DisplayName::from(name)),
            Naming::Both(name, display) => ("canonical_name", name, display.clone()),
            Naming::Derived(display) => return Ok((self.free_derived_name(caller, display).await?, display.clone())),
        };
        if self.name_taken(caller, canonical).await? {
            return Err(taken(field, canonical));
        }
        Ok((canonical.clone(), display))
    }

    async fn free_derived_name(&self, caller: &Caller, display: &DisplayName) -> Result<CanonicalName, Error> {
        let derived = CanonicalName::derive(display, self.ports.ids.bits());
        let mut candidate = derived.clone();
        let mut number = 2;
        while self.name_taken(caller, &candidate).await? {
            candidate = derived.numbered(number);
            number += 1;
        }
        Ok(candidate)
    }

    async fn name_taken(&self, caller: &Caller, name: &CanonicalName) -> Result<bool, Error> {
        Ok(self.store().project_by_name(caller.scope, name.as_str()).await?.is_some())
    }

    /// A project.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn project(&self, caller: &Caller, wanted: &ProjectRef) -> Result<Project, Error> {
        caller.may(Permission::ProjectsRead)?;
        self.reachable_project(caller, wanted).await
    }

    /// A part of the list of projects that the caller may see.
    ///
    /// # Errors
    /// What the store says.
    pub async fn projects(&self, caller: &Caller, query: ProjectQuery) -> Result<Page<Project>, Error> {
        caller.may(Permission::ProjectsRead)?;
        let within = caller.access.projects().map(<[ProjectId]>::to_vec);
        let query = ProjectQuery { within, seen_by: caller.access.viewer(), ..query };
        Ok(self.store().projects(caller.scope, &query).await?)
    }

    /// Changes a project. Archiving stops its agents.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`], [`Error::ProjectNameTaken`], [`Error::DefaultProjectProtected`].
    pub async fn change_project(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        on: &Precondition,
        change: &ProjectChange,
    ) -> Result<Project, Error> {
        caller.may(Permission::ProjectsWrite)?;
        self.retrying(|| self.try_change_project(caller, wanted, on, change)).await
    }

    async fn try_change_project(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        on: &Precondition,
        change: &ProjectChange,
    ) -> Result<Project, Error> {
        let project = self.reachable_project(caller, wanted).await?;
        on.check(project.version)?;
        let of_team = self.team_there(caller, change.team.flatten()).await?;
        let Some(next) = project.change(change.clone(), self.now())? else { return Ok(project) };
        let mut changes = ChangeSet::new().with(Change::UpdateProject(next.clone()));
        if next.phase == ProjectPhase::Archived && project.phase != next.phase {
            let agents = self.store().agents_of(caller.scope, project.id).await?;
            let now = self.now();
            changes = self.commanded_all(caller, changes, agents, |agent| agent.stop(now))?;
            changes = changes.with(Change::NoLiveAgents { org: project.org, project: project.id });
        }
        let happened = Happening::of_project(EventKind::ProjectUpdated, &next);
        let changes = changes.with(self.raise(next.org, next.id, caller.actor(), happened)).with_all(of_team);
        let named = changed_in_project(&project, &next);
        let changes = changes.with(self.audited(caller, Target::new("project", next.id), named));
        match self.ports.store.commit(changes).await {
            Err(CommitError::Duplicate { entity: Entity::Project, .. }) => {
                Err(taken("canonical_name", &next.canonical_name))
            }
            other => other.map_err(Error::from),
        }?;
        self.wakeups.supervisor();
        Ok(next)
    }

    /// Removes a project and everything in it.
    ///
    /// # Errors
    /// [`Error::ProjectInUse`] when agents are alive and `cascade` was not asked for;
    /// [`Error::DefaultProjectProtected`]; [`Error::PreconditionFailed`].
    pub async fn delete_project(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        on: &Precondition,
        cascade: bool,
    ) -> Result<Removed, Error> {
        caller.may(Permission::ProjectsWrite)?;
        self.retrying(|| self.try_delete_project(caller, wanted, on, cascade)).await
    }

    async fn try_delete_project(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        on: &Precondition,
        cascade: bool,
    ) -> Result<Removed, Error> {
        let project = self.reachable_project(caller, wanted).await?;
        on.check(project.version)?;
        let now = self.now();
        let next = project.delete(now)?;
        let agents = self.store().agents_of(caller.scope, project.id).await?;
        let alive = agents.iter().filter(|agent| agent.phase.is_alive()).count();
        if alive > 0 && !cascade {
            return Err(Error::ProjectInUse(alive));
        }
        let empty = agents.is_empty();
        let mut changes = ChangeSet::new().with(Change::UpdateProject(next.clone()));
        changes = self.commanded_all(caller, changes, agents, |agent| agent.delete(now))?;
        changes = changes.with(Change::NoLiveAgents { org: project.org, project: project.id });
        changes = changes.with(self.audited(caller, Target::new("project", next.id), []));
        if empty {
            changes = changes.with_all(self.purged_project(&next, caller.actor()));
        }
        self.commit(changes).await?;
        Ok(Removed { number: project.number, id: project.id })
    }

    /// What removes a deleted project for good, once nothing runs in it any more.
    pub(crate) fn purged_project(&self, project: &Project, actor: connix_domain::event::Actor) -> [Change; 2] {
        let happened = Happening::of_project(EventKind::ProjectDeleted, project);
        [
            Change::PurgeProject { org: project.org, id: project.id },
            self.raise(project.org, project.id, actor, happened),
        ]
    }

    /// Gives one command to many agents in one unit of work.
    fn commanded_all(
        &self,
        caller: &Caller,
        mut changes: ChangeSet,
        agents: Vec<Agent>,
        command: impl Fn(&Agent) -> Result<Commanded, TransitionError>,
    ) -> Result<ChangeSet, Error> {
        for agent in agents {
            if let Commanded::Changed(next, happened) = command(&agent)? {
                self.wakeups.agent(next.id);
                changes = changes.with_all(self.agent_changes(*next, happened, caller.actor()));
            }
        }
        Ok(changes)
    }

    /// Looks for the team that a project is to belong to, and gives what holds that true until the commit.
    async fn team_there(&self, caller: &Caller, team: Option<TeamId>) -> Result<Option<Change>, Error> {
        let Some(id) = team else { return Ok(None) };
        let found = self.store().team(caller.scope, id).await?;
        let org = caller.scope.org();
        found
            .map(|_| Some(Change::TeamExists { org, id }))
            .ok_or_else(|| Error::NotFound(Resource::Team(id.to_string())))
    }

    /// A project that the caller's credential reaches.
    pub(crate) async fn reachable_project(&self, caller: &Caller, wanted: &ProjectRef) -> Result<Project, Error> {
        let project = self.find_project(caller.scope, wanted).await?;
        if caller.access.sees(&project) { Ok(project) } else { Err(wanted.not_found()) }
    }

    pub(crate) async fn find_project(&self, scope: OrgScope, wanted: &ProjectRef) -> Result<Project, Error> {
        let found = match wanted {
            ProjectRef::Number(number) => self.store().project_by_number(scope, *number).await?,
            ProjectRef::Id(id) => self.store().project(scope, *id).await?,
            ProjectRef::Name(name) => self.store().project_by_name(scope, name).await?,
            ProjectRef::Nothing(_) => None,
        };
        found.ok_or_else(|| wanted.not_found())
    }
}

fn taken(field: &'static str, name: &CanonicalName) -> Error {
    Error::ProjectNameTaken { field, value: name.as_str().to_owned() }
}
