//! Whether an agent's environment variables are shown in clear: `?reveal=environment_variables`, to those who may (contract section 6).

use crate::call::Call;
use crate::problem::Problem;
use crate::route::{Parameter, ParameterType};
use connix_domain::agent::Agent;
use connix_domain::audit::Target;
use connix_domain::permission::Permission;

const ENVIRONMENT: &str = "environment_variables";

/// How environment variables are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Environment {
    /// Credentials behind a mask.
    Masked,
    /// As they are.
    Revealed,
}

/// What its query string may hold.
pub(super) const REVEAL: &[Parameter] = &[Parameter::new(
    "reveal",
    ParameterType::Words(&[ENVIRONMENT]),
    "Show environment variables that look like credentials in clear; needs `data.agents.secrets.read`",
)];

/// Reads the query string of a call that has no other parameter.
///
/// # Errors
/// 400 for anything else in it; 403 when the credential may not see secrets.
pub(super) fn asked(call: &Call) -> Result<Environment, Problem> {
    let mut query = call.query();
    let choices = [(ENVIRONMENT, Environment::Revealed)];
    let asked = query.choice("reveal", &choices, "must be environment_variables").unwrap_or(Environment::Masked);
    query.finish()?;
    if asked == Environment::Revealed {
        call.caller.may(Permission::AgentsSecretsRead)?;
    }
    Ok(asked)
}

/// Accounts for what is about to be shown of an agent in clear.
///
/// # Errors
/// What the store says: then it is not shown.
pub(super) async fn account(call: &Call, agent: &Agent, environment: Environment) -> Result<(), Problem> {
    if environment == Environment::Revealed {
        call.app.note_reveal(&call.caller, Target::new("agent", agent.id), ENVIRONMENT).await?;
    }
    Ok(())
}
