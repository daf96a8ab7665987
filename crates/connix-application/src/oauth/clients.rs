//! Applications: register, find, change, remove (contract section 10).

use crate::app::App;
use crate::caller::{Caller, Precondition};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use connix_domain::audit::{Target, changed_in_client};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::grace::Grace;
use connix_domain::id::OAuthClientId;
use connix_domain::name::ClientName;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientChange, ClientKind, ClientSecret, ClientStatus, HasNoSecret, OAuthClient};
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::scope::Scopes;
use connix_domain::page::{DirectoryQuery, Page};
use connix_domain::permission::Permission;
use connix_domain::port::oauth::Opaque;
use connix_domain::port::secrets::Secret;

/// An application to be registered.
#[derive(Debug, Clone)]
pub struct ClientOrder {
    /// What people call it.
    pub name: ClientName,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// Where answers may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// The most it may ask for.
    pub scopes: Scopes,
}

/// An application with a secret that is shown once.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// The application.
    pub client: OAuthClient,
    /// Its new secret; a public one has none.
    pub secret: Option<Secret>,
}

impl App {
    /// Registers an application. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`Error::Forbidden`]
    pub async fn register_client(
        &self,
        caller: &Caller,
        order: ClientOrder,
        remember: Option<Remember<'_, NewClient>>,
    ) -> Result<NewClient, Error> {
        caller.may(Permission::ClientsWrite)?;
        let now = self.now();
        let secret = (order.kind == ClientKind::Confidential).then(|| self.ports.opaque.mint(Opaque::ClientSecret));
        let kept = secret.iter().map(|(_, digest)| ClientSecret { digest: *digest, created_at: now, expires_at: None });
        let client = OAuthClient {
            org: caller.scope.org(),
            id: OAuthClientId::new(self.ports.ids.bits()),
            name: order.name,
            kind: order.kind,
            redirect_uris: order.redirect_uris,
            scopes: order.scopes,
            secrets: kept.collect(),
            status: ClientStatus::Active,
            created_by: caller.access.user(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let new = NewClient { client, secret: secret.map(|(text, _)| text) };
        let create = Change::from(OAuthChange::CreateClient(new.client.clone()));
        let target = Target::new("oauth_client", new.client.id.to_string());
        let audited = self.audited(caller, target, ["name", "type", "redirect_uris", "scopes"]);
        let unit = ChangeSet::new().with(create).with(audited);
        self.commit(unit.first(self.record(remember.as_ref(), &new))).await?;
        self.registered_anew().await;
        Ok(new)
    }

    /// A part of the list of applications.
    ///
    /// # Errors
    /// [`Error::Forbidden`]
    pub async fn clients(
        &self,
        caller: &Caller,
        query: &DirectoryQuery,
        status: Option<ClientStatus>,
    ) -> Result<Page<OAuthClient>, Error> {
        caller.may(Permission::ClientsRead)?;
        Ok(self.store().oauth_clients(caller.scope, query, status).await?)
    }

    /// An application.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn client(&self, caller: &Caller, wanted: &str) -> Result<OAuthClient, Error> {
        caller.may(Permission::ClientsRead)?;
        self.find_client(caller, wanted).await
    }

    async fn find_client(&self, caller: &Caller, wanted: &str) -> Result<OAuthClient, Error> {
        let not_found = || Error::NotFound(Resource::OAuthClient(wanted.to_owned()));
        let id = wanted.parse().map_err(|_| not_found())?;
        self.store().oauth_client(caller.scope, id).await?.ok_or_else(not_found)
    }

    /// Changes an application. Disabled, it is as good as unknown, and its tokens are refused.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`]
    pub async fn change_client(
        &self,
        caller: &Caller,
        wanted: &str,
        on: &Precondition,
        change: &ClientChange,
    ) -> Result<OAuthClient, Error> {
        caller.may(Permission::ClientsWrite)?;
        self.retrying(|| async {
            let client = self.find_client(caller, wanted).await?;
            on.check(client.version)?;
            let Some(next) = client.changed(change.clone(), self.now()) else { return Ok(client) };
            self.commit_client(caller, &next, &changed_in_client(&client, &next), None).await?;
            Ok(next)
        })
        .await
    }

    /// Gives an application another secret; the one before is taken for another `grace`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a public one.
    pub async fn rotate_client_secret(
        &self,
        caller: &Caller,
        wanted: &str,
        grace: Grace,
        remember: Option<Remember<'_, NewClient>>,
    ) -> Result<NewClient, Error> {
        caller.may(Permission::ClientsWrite)?;
        self.retrying(|| async {
            let client = self.find_client(caller, wanted).await?;
            let (text, digest) = self.ports.opaque.mint(Opaque::ClientSecret);
            let no_secret = |error: HasNoSecret| Error::field("type", error.to_string());
            let next = client.with_new_secret(digest, grace, self.now()).map_err(no_secret)?;
            let new = NewClient { client: next, secret: Some(text) };
            let changed = changed_in_client(&client, &new.client);
            self.commit_client(caller, &new.client, &changed, self.record(remember.as_ref(), &new)).await?;
            Ok(new)
        })
        .await
    }

    async fn commit_client(
        &self,
        caller: &Caller,
        next: &OAuthClient,
        changed: &[&str],
        record: Option<Change>,
    ) -> Result<(), Error> {
        let audited = self.audited(caller, target(next), changed.iter().copied());
        let update = OAuthChange::UpdateClient(next.clone());
        self.commit_quietly(ChangeSet::new().with(update.into()).with(audited).first(record)).await?;
        self.registered_anew().await;
        Ok(())
    }

    /// What applications may do has changed: at once here, a moment later in other processes.
    async fn registered_anew(&self) {
        self.known_credentials.forget();
        self.look_for_origins().await;
    }

    /// Removes an application, and whatever it was given.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`]
    pub async fn delete_client(&self, caller: &Caller, wanted: &str, on: &Precondition) -> Result<OAuthClient, Error> {
        caller.may(Permission::ClientsWrite)?;
        self.retrying(|| async {
            let client = self.find_client(caller, wanted).await?;
            on.check(client.version)?;
            let delete = OAuthChange::DeleteClient { org: client.org, id: client.id };
            let audited = self.audited(caller, target(&client), []);
            self.commit_quietly(ChangeSet::new().with(delete.into()).with(audited)).await?;
            self.registered_anew().await;
            Ok(client)
        })
        .await
    }
}

fn target(client: &OAuthClient) -> Target {
    Target::new("oauth_client", client.id)
}
