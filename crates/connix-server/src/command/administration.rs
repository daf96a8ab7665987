//! What an operator does on the command line, beside a running server or without one.

use anyhow::{Context, anyhow};
use connix_application::{Error, NewKey, OrgRef, ProjectRef, Resource};
use connix_domain::permission::{Permissions, Scope};

use crate::cli::CreateKey;
use crate::data_folder::DataFolder;
use crate::installation::{Installation, Purpose};
use crate::settings::Settings;
use crate::wiring;

/// Makes an API key; gives its text.
pub(crate) async fn create_key(settings: &Settings, wanted: CreateKey) -> anyhow::Result<String> {
    let new = NewKey {
        org: wanted.org.clone().map_or(OrgRef::Default, OrgRef::Named),
        member: wanted.member.clone(),
        permissions: permissions(&wanted),
        projects: projects(&wanted.projects),
        name: wanted.name,
    };
    let Installation { app, database, .. } = open(settings).await?;
    let key = app.create_key(new).await.map_err(in_words)?;
    database.close().await;
    Ok(key.expose().to_owned())
}

/// What the key may do: everything unless something is said.
fn permissions(wanted: &CreateKey) -> Permissions {
    if wanted.scopes.is_empty() && wanted.permissions.is_empty() {
        return Permissions::all();
    }
    let single = wanted.permissions.iter().copied().collect();
    wanted.scopes.iter().copied().map(Scope::permissions).fold(single, Permissions::union)
}

fn projects(wanted: &[String]) -> Option<Vec<ProjectRef>> {
    (!wanted.is_empty()).then(|| wanted.iter().map(|text| ProjectRef::read(text)).collect())
}

/// Makes an organisation; gives its id.
pub(crate) async fn create_organisation(settings: &Settings, name: &str) -> anyhow::Result<String> {
    let Installation { app, database, .. } = open(settings).await?;
    let id = app.create_organisation(name).await.map_err(in_words)?;
    database.close().await;
    Ok(id.to_string())
}

/// Brings the store's tables up to date; says how far they were behind.
pub(crate) async fn migrate(settings: &Settings) -> anyhow::Result<String> {
    DataFolder::open(&settings.data_dir)?;
    let missing = connix_persistence::migrate(&settings.database.url, &connix_persistence::Options::default()).await?;
    Ok(format!("{missing} migrations applied"))
}

/// The OpenAPI document.
pub(crate) fn openapi() -> anyhow::Result<String> {
    serde_json::to_string_pretty(&connix_http::openapi::document()).context("the document cannot be printed")
}

/// What went wrong, for somebody who typed a command.
pub(super) fn in_words(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid(faults) => {
            let messages: Vec<_> = faults.into_iter().map(|fault| fault.message).collect();
            anyhow!(messages.join("; "))
        }
        Error::NotFound(Resource::Project(name)) => anyhow!("there is no project '{name}'"),
        Error::NotFound(Resource::SigningKey(kid)) => anyhow!("there is no signing key '{kid}'"),
        Error::NotFound(Resource::Member(name)) => anyhow!("there is no member '{name}'"),
        other => other.into(),
    }
}

/// The installation, with nothing that runs agents.
pub(super) async fn open(settings: &Settings) -> anyhow::Result<Installation> {
    let folder = DataFolder::open(&settings.data_dir)?;
    Installation::open(settings, &folder, wiring::metrics(), wiring::no_runtime(), Purpose::Command).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use connix_domain::permission::Permission;

    fn key(scopes: &[Scope], permissions: &[Permission]) -> CreateKey {
        CreateKey {
            name: "key".to_owned(),
            org: None,
            member: None,
            scopes: scopes.to_vec(),
            permissions: permissions.to_vec(),
            projects: Vec::new(),
        }
    }

    #[test]
    fn a_key_may_do_what_its_scopes_and_permissions_say_together() {
        let may = permissions(&key(&[Scope::Read], &[Permission::AuditRead]));
        assert!(may.allow(Permission::ProjectsRead) && may.allow(Permission::AuditRead));
        assert!(!may.allow(Permission::ProjectsWrite));
    }

    #[test]
    fn a_key_of_which_nothing_is_said_may_do_everything() {
        assert_eq!(permissions(&key(&[], &[])), Permissions::all());
    }
}
