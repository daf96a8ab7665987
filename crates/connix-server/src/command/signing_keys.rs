//! What an operator does with the keys that access tokens are signed with.

use chrono::{DateTime, SecondsFormat, Utc};
use connix_domain::Timestamp;
use connix_domain::oauth::signing_key::SigningKey;

use super::administration::{in_words, open};
use crate::cli::SigningKeys;
use crate::installation::Installation;
use crate::settings::Settings;

/// Does it; gives what is to be printed.
pub(crate) async fn run(settings: &Settings, action: SigningKeys) -> anyhow::Result<String> {
    let Installation { app, database, .. } = open(settings).await?;
    let said = match action {
        SigningKeys::List => {
            let keys = app.kept_keys().await.map_err(in_words)?;
            keys.iter().map(|key| line(key, app.now())).collect::<Vec<_>>().join("\n")
        }
        SigningKeys::Revoke { kid } => {
            app.revoke_key(&kid).await.map_err(in_words)?;
            kid
        }
    };
    database.close().await;
    Ok(said)
}

fn line(key: &SigningKey, now: Timestamp) -> String {
    let at = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let (from, until) = (at(key.term.active_from), at(key.term.active_until));
    format!("{}  {}  {:7}  {from}  {until}", key.kid, key.algorithm, key.phase(now).as_str())
}
