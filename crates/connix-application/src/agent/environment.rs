//! Environment variables at rest: sealed, so that a store never sees one.

use crate::app::App;
use crate::error::Error;
use connix_domain::agent::{Agent, EnvironmentVariables};
use connix_domain::id::{AgentId, OrgId};
use connix_domain::port::secrets::Sealed;
use serde_json::{Map, Value};

impl App {
    pub(super) fn sealed_environment(
        &self,
        org: OrgId,
        agent: AgentId,
        variables: &EnvironmentVariables,
    ) -> Option<Sealed> {
        if variables.is_empty() {
            return None;
        }
        let object: Map<String, Value> = variables.iter().map(|(n, v)| (n.to_owned(), Value::from(v))).collect();
        Some(self.ports.sealer.seal(&context(org, agent), Value::Object(object).to_string().as_bytes()))
    }

    /// What is to be stored for variables that were sent to replace an agent's: masks stand for what is behind them.
    pub(super) fn changed_environment(
        &self,
        agent: &Agent,
        sent: &EnvironmentVariables,
    ) -> Result<Option<Sealed>, Error> {
        let stored = self.environment(agent)?;
        let meant = sent.unmasked_by(&stored);
        if meant == stored {
            return Ok(agent.environment.clone());
        }
        Ok(self.sealed_environment(agent.org, agent.id, &meant))
    }

    /// An agent's environment variables in clear text.
    pub(crate) fn environment(&self, agent: &Agent) -> Result<EnvironmentVariables, Error> {
        self.opened(agent, agent.environment.as_ref())
    }

    /// The variables that an agent has, or has had.
    pub(crate) fn opened(&self, agent: &Agent, sealed: Option<&Sealed>) -> Result<EnvironmentVariables, Error> {
        let Some(sealed) = sealed else { return Ok(EnvironmentVariables::default()) };
        let plain = self.ports.sealer.open(&context(agent.org, agent.id), sealed)?;
        let object: Map<String, Value> =
            serde_json::from_slice(&plain).map_err(|e| Error::Internal(format!("environment of {}: {e}", agent.id)))?;
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Ok(EnvironmentVariables::new(object.into_iter().map(|(name, value)| (name, text(value))).collect()))
    }
}

fn context(org: OrgId, agent: AgentId) -> String {
    format!("agent/{org}/{agent}/environment_variables")
}
