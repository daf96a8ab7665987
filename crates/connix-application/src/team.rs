//! Teams, and who is in them (contract section 10).

use crate::app::App;
use crate::caller::{Caller, Precondition};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use connix_domain::audit::Target;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::TeamId;
use connix_domain::member::{Member, MemberStatus};
use connix_domain::name::TeamName;
use connix_domain::page::{DirectoryQuery, Page};
use connix_domain::permission::Permission;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::team::{Membership, Team};

impl App {
    /// Makes a team, with nobody in it.
    ///
    /// # Errors
    /// [`Error::Taken`]
    pub async fn create_team(
        &self,
        caller: &Caller,
        name: TeamName,
        remember: Option<Remember<'_, Team>>,
    ) -> Result<Team, Error> {
        caller.may(Permission::TeamsWrite)?;
        let now = self.now();
        let id = TeamId::new(self.ports.ids.bits());
        let team = Team { org: caller.scope.org(), id, name, created_at: now, updated_at: now, version: 1 };
        let record = self.record(remember.as_ref(), &team);
        let made = self.audited(caller, Target::new("team", id), []);
        self.commit_team(ChangeSet::new().with(Change::CreateTeam(team.clone())).with(made).first(record)).await?;
        Ok(team)
    }

    /// A part of the list of teams.
    ///
    /// # Errors
    /// What the store says.
    pub async fn teams(&self, caller: &Caller, query: &DirectoryQuery) -> Result<Page<Team>, Error> {
        caller.may(Permission::TeamsRead)?;
        Ok(self.store().teams(caller.scope, query).await?)
    }

    /// A team.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn team(&self, caller: &Caller, wanted: &str) -> Result<Team, Error> {
        caller.may(Permission::TeamsRead)?;
        self.own_team(caller, wanted).await
    }

    /// Gives a team another name.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::PreconditionFailed`]
    pub async fn rename_team(
        &self,
        caller: &Caller,
        wanted: &str,
        on: &Precondition,
        name: Option<&TeamName>,
    ) -> Result<Team, Error> {
        caller.may(Permission::TeamsWrite)?;
        self.retrying(|| async {
            let team = self.own_team(caller, wanted).await?;
            on.check(team.version)?;
            let renamed = name.and_then(|name| team.renamed(name.clone(), self.now()));
            let Some(next) = renamed else { return Ok(team) };
            let renamed = self.audited(caller, Target::new("team", next.id), ["name"]);
            self.commit_team(ChangeSet::new().with(Change::UpdateTeam(next.clone())).with(renamed)).await?;
            Ok(next)
        })
        .await
    }

    /// Removes a team; its projects stay, and belong to none.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`]
    pub async fn delete_team(&self, caller: &Caller, wanted: &str, on: &Precondition) -> Result<Team, Error> {
        caller.may(Permission::TeamsWrite)?;
        self.retrying(|| async {
            let team = self.own_team(caller, wanted).await?;
            on.check(team.version)?;
            let delete = Change::DeleteTeam { org: team.org, id: team.id, at: self.now() };
            let deleted = self.audited(caller, Target::new("team", team.id), []);
            self.ports.store.commit(ChangeSet::new().with(delete).with(deleted)).await?;
            self.known_credentials.forget();
            Ok(team)
        })
        .await
    }

    /// A part of the list of who is in a team.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn team_members(
        &self,
        caller: &Caller,
        wanted: &str,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, Error> {
        caller.may(Permission::TeamsRead)?;
        let team = self.own_team(caller, wanted).await?;
        Ok(self.store().team_members(caller.scope, team.id, query, status).await?)
    }

    /// Somebody is in a team from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the team and for the member.
    pub async fn join_team(
        &self,
        caller: &Caller,
        wanted: &str,
        member: &str,
        remember: Option<Remember<'_, Member>>,
    ) -> Result<Member, Error> {
        caller.may(Permission::TeamsWrite)?;
        self.retrying(|| async {
            let team = self.own_team(caller, wanted).await?;
            let member = self.own_member(caller.scope, member).await?;
            let joined = Membership { org: team.org, team: team.id, user: member.id, since: self.now() };
            let record = self.record(remember.as_ref(), &member);
            let inside = self.store().teams_of(caller.scope, member.id).await?.contains(&team.id);
            let entry = (!inside).then(|| self.audited(caller, Target::new("team", team.id), ["members"]));
            let changes = ChangeSet::new().with(Change::JoinTeam(joined)).with_all(entry).first(record);
            self.ports.store.commit(changes).await?;
            self.known_credentials.forget();
            Ok(member)
        })
        .await
    }

    /// Somebody is in a team no more.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the team, and for a member that is not in it.
    pub async fn leave_team(&self, caller: &Caller, wanted: &str, member: &str) -> Result<Member, Error> {
        caller.may(Permission::TeamsWrite)?;
        let team = self.own_team(caller, wanted).await?;
        let member = self.own_member(caller.scope, member).await?;
        if !self.store().teams_of(caller.scope, member.id).await?.contains(&team.id) {
            return Err(Error::NotFound(Resource::Member(member.id.to_string())));
        }
        let left = Change::LeaveTeam { org: team.org, team: team.id, user: member.id };
        let entry = self.audited(caller, Target::new("team", team.id), ["members"]);
        self.ports.store.commit(ChangeSet::new().with(left).with(entry)).await?;
        self.known_credentials.forget();
        Ok(member)
    }

    async fn own_team(&self, caller: &Caller, wanted: &str) -> Result<Team, Error> {
        let found = match wanted.parse() {
            Ok(id) => self.store().team(caller.scope, id).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| Error::NotFound(Resource::Team(wanted.to_owned())))
    }

    async fn commit_team(&self, changes: ChangeSet) -> Result<(), Error> {
        match self.ports.store.commit(changes).await {
            Err(CommitError::Duplicate { entity: Entity::Team, field: "name" }) => {
                Err(Error::Taken { field: "name", message: "A team with this name already exists" })
            }
            other => Ok(other?),
        }
    }
}
