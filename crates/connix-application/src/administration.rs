//! What operators do on the command line, and what a first start makes.

use crate::app::App;
use crate::caller::ProjectRef;
use crate::error::Error;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, KeyTerms};
use connix_domain::audit::Target;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, EventKind, Happening};
use connix_domain::id::{OrgId, ProjectId, UserId};
use connix_domain::member::Member;
use connix_domain::metadata::Metadata;
use connix_domain::name::{CanonicalName, DisplayName, KeyName, OrganisationName};
use connix_domain::organisation::Organisation;
use connix_domain::permission::Permissions;
use connix_domain::port::secrets::{Sealed, Secret};
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, ProjectPhase, Visibility};
use connix_domain::rate_limit::Overrides;
use connix_domain::scope::{Job, OrgScope};

/// The property that tells whether the master key is the one that the store was made with.
const PROBE: &str = "master-key-probe";
const PROBE_TEXT: &[u8] = b"connix master key";
/// The organisation that a first start makes.
const FIRST_ORGANISATION: &str = "default";
/// The property that says that the first organisation was made without a key, and the one that says that it has got one.
const FIRST_KEY_OWED: &str = "first-key-owed";
const FIRST_KEY_GIVEN: &str = "first-key-given";

/// What a first start made; the key is shown once.
#[derive(Debug)]
pub struct FirstStart {
    /// The first API key.
    pub key: Secret,
}

/// Why the service cannot start on a store.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// What is stored was sealed with another master key.
    #[error("the master key is not the one that this store was made with; put the right one back in its place")]
    WrongMasterKey,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// How the command line names an organisation.
#[derive(Debug, Clone)]
pub enum OrgRef {
    /// The only one there is, or the one called `default`.
    Default,
    /// By name or identifier.
    Named(String),
}

/// An API key to be made on the command line.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose.
    pub org: OrgRef,
    /// What people call it.
    pub name: String,
    /// Whom it is to act as, by identifier or address; the organisation's first owner without it.
    pub member: Option<String>,
    /// What it may do.
    pub permissions: Permissions,
    /// The only projects it may touch.
    pub projects: Option<Vec<ProjectRef>>,
}

impl App {
    /// Checks that the master key opens what the store holds. A new store is marked with the key.
    ///
    /// # Errors
    /// [`CannotStart`]
    pub async fn check_master_key(&self) -> Result<(), CannotStart> {
        if let Some(sealed) = self.store().property(PROBE).await.map_err(Error::from)? {
            return self.opens(&Sealed(sealed));
        }
        let Sealed(value) = self.ports.sealer.seal(PROBE, PROBE_TEXT);
        let mark = ChangeSet::new().with(Change::SetProperty { name: PROBE.to_owned(), value });
        match self.ports.store.commit(mark).await {
            Err(CommitError::Duplicate { .. }) => {
                let sealed = self.store().property(PROBE).await.map_err(Error::from)?;
                self.opens(&Sealed(sealed.unwrap_or_default()))
            }
            other => Ok(other.map_err(Error::from)?),
        }
    }

    fn opens(&self, probe: &Sealed) -> Result<(), CannotStart> {
        match self.ports.sealer.open(PROBE, probe) {
            Ok(text) if text == PROBE_TEXT => Ok(()),
            Ok(_) | Err(_) => Err(CannotStart::WrongMasterKey),
        }
    }

    /// Makes the first organisation with its owner and default project, unless there is an organisation already. Its first
    /// key is left to [`Self::first_start`], whoever comes first: a key is made where it is shown.
    ///
    /// # Errors
    /// What the store says.
    pub async fn ensure_first_organisation(&self) -> Result<(), Error> {
        if !self.store().organisations().await?.is_empty() {
            return Ok(());
        }
        let (_, changes) = self.new_organisation(FIRST_ORGANISATION).await?;
        let owed = Change::SetProperty { name: FIRST_KEY_OWED.to_owned(), value: Vec::new() };
        match self.ports.store.commit(changes.with(owed)).await {
            // another process on the same store was first
            Err(CommitError::Duplicate { entity: Entity::Organisation, .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Makes the first organisation's first API key, and the organisation if need be; nothing when that key has been made.
    ///
    /// # Errors
    /// What the store says.
    pub async fn first_start(&self) -> Result<Option<FirstStart>, Error> {
        self.ensure_first_organisation().await?;
        let noted = async |name| Ok::<_, Error>(self.store().property(name).await?.is_some());
        if noted(FIRST_KEY_GIVEN).await? || !noted(FIRST_KEY_OWED).await? {
            return Ok(None);
        }
        let Some(organisation) = self.store().organisations().await?.into_iter().next() else { return Ok(None) };
        let name = KeyName::parse("first key").map_err(|issue| Error::Internal(issue.to_string()))?;
        let owner = (organisation.id, organisation.owner);
        let (key, text) = self.given(owner, name, Permissions::all(), None);
        let given = Change::SetProperty { name: FIRST_KEY_GIVEN.to_owned(), value: Vec::new() };
        let audited = self.audited_locally(organisation.id, "serve", Target::new("api_key", key.kid.id()), []);
        match self.ports.store.commit(ChangeSet::new().with(given).with(Change::CreateApiKey(key)).with(audited)).await
        {
            // another server on the same store was first
            Err(CommitError::Duplicate { entity: Entity::Property, .. }) => Ok(None),
            other => Ok(other.map(|()| Some(FirstStart { key: text }))?),
        }
    }

    /// Makes an organisation with its owner and default project.
    ///
    /// # Errors
    /// A fault of `name`: not a name, or taken.
    pub async fn create_organisation(&self, name: &str) -> Result<OrgId, Error> {
        let (organisation, changes) = self.new_organisation(name).await?;
        let target = Target::new("organization", organisation.id);
        let audited = self.audited_locally(organisation.id, "orgs create", target, []);
        match self.ports.store.commit(changes.with(audited)).await {
            Err(CommitError::Duplicate { entity: Entity::Organisation, .. }) => {
                Err(Error::field("name", "An organisation with this name already exists"))
            }
            other => Ok(other.map(|()| organisation.id)?),
        }
    }

    async fn new_organisation(&self, name: &str) -> Result<(Organisation, ChangeSet), Error> {
        let name = OrganisationName::parse(name).map_err(|issue| Error::field("name", issue.to_string()))?;
        let now = self.now();
        let (id, owner) = (OrgId::new(self.ports.ids.bits()), UserId::new(self.ports.ids.bits()));
        let organisation = Organisation::new(id, name, owner, now);
        let project = self.default_project(&organisation, now).await?;
        let happened = Happening::of_project(EventKind::ProjectCreated, &project);
        let changes = ChangeSet::new()
            .with(Change::CreateOrganisation(organisation.clone()))
            .with(Change::CreateMember(Member::first_owner(organisation.id, organisation.owner, now)))
            .with(Change::CreateProject(project.clone()))
            .with(self.raise(organisation.id, project.id, Actor::System, happened));
        Ok((organisation, changes))
    }

    async fn default_project(&self, organisation: &Organisation, now: Timestamp) -> Result<Project, Error> {
        let canonical_name =
            CanonicalName::parse(CanonicalName::DEFAULT).map_err(|issue| Error::Internal(issue.to_string()))?;
        Ok(Project {
            org: organisation.id,
            id: ProjectId::new(self.ports.ids.bits()),
            number: self.numbers.next(self.store()).await?,
            name: DisplayName::from(&canonical_name),
            canonical_name,
            description: None,
            phase: ProjectPhase::Active,
            visibility: Visibility::Shared,
            team: None,
            created_by: organisation.owner,
            metadata: Metadata::default(),
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// Makes an API key that acts as a member. The text is shown once.
    ///
    /// # Errors
    /// Faults of `name`, `org` and `projects`.
    pub async fn create_key(&self, new: NewKey) -> Result<Secret, Error> {
        let name =
            KeyName::parse(&new.name).map_err(|_| Error::field("name", "A key needs a name of 1 to 100 characters"))?;
        if new.permissions.is_empty() {
            return Err(Error::field("permissions", "A key needs at least one permission"));
        }
        let organisation = self.organisation(&new.org).await?;
        let scope = OrgScope::of_organisation(&organisation, Job::Administration);
        let projects = match new.projects {
            None => None,
            Some(list) => Some(self.project_ids(scope, &list).await?),
        };
        let user = match &new.member {
            None => organisation.owner,
            Some(wanted) => self.named_member(scope, wanted).await?.id,
        };
        let (key, text) = self.given((organisation.id, user), name, new.permissions, projects);
        let audited = self.audited_locally(organisation.id, "keys create", Target::new("api_key", key.kid.id()), []);
        self.commit(ChangeSet::new().with(Change::CreateApiKey(key)).with(audited)).await?;
        Ok(text)
    }

    async fn project_ids(&self, scope: OrgScope, list: &[ProjectRef]) -> Result<Vec<ProjectId>, Error> {
        let mut ids = Vec::with_capacity(list.len());
        for project in list {
            ids.push(self.find_project(scope, project).await?.id);
        }
        Ok(ids)
    }

    /// A key of a member, without an end.
    fn given(
        &self,
        owner: (OrgId, UserId),
        name: KeyName,
        permissions: Permissions,
        projects: Option<Vec<ProjectId>>,
    ) -> (ApiKey, Secret) {
        let minted = self.ports.credentials.mint_key();
        let terms = KeyTerms { name, permissions, projects, limits: Overrides::default(), expires_at: None };
        (ApiKey::given(owner, (minted.kid, minted.digest), terms, self.now()), minted.text)
    }

    pub(crate) async fn organisation(&self, wanted: &OrgRef) -> Result<Organisation, Error> {
        let mut all = self.store().organisations().await?;
        let name = match wanted {
            OrgRef::Default if all.len() == 1 => return Ok(all.remove(0)),
            OrgRef::Default => FIRST_ORGANISATION,
            OrgRef::Named(text) => text,
        };
        let matches = |o: &Organisation| o.id.to_string() == name || o.name.sort_key() == name.to_lowercase();
        all.into_iter().find(matches).ok_or_else(|| {
            Error::field("org", format!("There is no organisation '{name}'; create it with: connix orgs create --name"))
        })
    }
}
