//! What an operator does with members.

use std::io::{BufRead, stdin};

use anyhow::{Context, anyhow};
use connix_application::{App, OrgRef};
use connix_domain::member::{EmailAddress, Member, MemberChange, PasswordHash};
use connix_domain::port::oauth::Passwords;
use connix_domain::port::secrets::Secret;

use super::administration::{in_words, open};
use crate::cli::{MemberAction, Members};
use crate::installation::Installation;
use crate::settings::Settings;
use crate::wiring;

/// Does it; gives what is to be printed.
pub(crate) async fn run(settings: &Settings, members: Members) -> anyhow::Result<String> {
    let org = members.org.map_or(OrgRef::Default, OrgRef::Named);
    let Installation { app, database, .. } = open(settings).await?;
    let said = act(&app, &org, members.action).await?;
    database.close().await;
    Ok(said)
}

async fn act(app: &App, org: &OrgRef, action: MemberAction) -> anyhow::Result<String> {
    let set = async |member: &str, change: MemberChange| match app.set_member(org, member, &change).await {
        Ok(set) => Ok(set.id.to_string()),
        Err(error) => Err(in_words(error)),
    };
    let disabled = |disabled| MemberChange { disabled: Some(disabled), ..MemberChange::default() };
    match action {
        MemberAction::Create { email, role } => {
            let made = app.make_member(org, &email, role, password()?).await.map_err(in_words)?;
            Ok(made.to_string())
        }
        MemberAction::List => {
            let all = app.all_members(org).await.map_err(in_words)?;
            Ok(all.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        MemberAction::SetRole { member, role } => {
            set(&member, MemberChange { role: Some(role), ..MemberChange::default() }).await
        }
        MemberAction::Disable { member } => set(&member, disabled(true)).await,
        MemberAction::Enable { member } => set(&member, disabled(false)).await,
        MemberAction::Link { member } => Ok(app.member_link(org, &member).await.map_err(in_words)?.expose().to_owned()),
    }
}

fn line(member: &Member) -> String {
    let email = member.email.as_ref().map_or("-", EmailAddress::as_str);
    format!("{}  {:6}  {:8}  {email}", member.id, member.role.as_str(), member.status().as_str())
}

/// What is kept of the password that stands in the first line of standard input.
fn password() -> anyhow::Result<PasswordHash> {
    let mut text = String::new();
    stdin().lock().read_line(&mut text).context("standard input cannot be read")?;
    let password = Secret::new(text.trim_end_matches(['\r', '\n']));
    let hash = wiring::passwords().hash(&password);
    hash.map(PasswordHash).map_err(|issue| anyhow!("the password, in the first line of standard input, {issue}"))
}
