//! How an agent thinks: model, temperature, token limit, tools and system prompt (AGNT `config`).

use super::command::Patch;
use crate::fault::Faults;

/// The longest system prompt, in bytes.
const LONGEST_PROMPT: usize = 128 * 1024;
/// The longest name of a model, in characters.
const LONGEST_MODEL: usize = 200;

/// `config` of the agent object, but for the environment variables, which are kept apart, encrypted.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentConfig {
    /// The model's name at the configured endpoint.
    pub model: String,
    /// 0 to 2.
    pub temperature: f64,
    /// The most tokens of one answer, above 0.
    pub max_tokens: i64,
    /// Names of tools.
    pub tools: Vec<String>,
    /// What the agent is told before each task.
    pub system_prompt: Option<String>,
}

impl AgentConfig {
    /// The temperature of an agent whose maker gave none.
    pub const DEFAULT_TEMPERATURE: f64 = 0.7;
    /// The token limit of an agent whose maker gave none.
    pub const DEFAULT_MAX_TOKENS: i64 = 2048;

    /// The service's defaults for a model.
    pub fn of_model(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            temperature: Self::DEFAULT_TEMPERATURE,
            max_tokens: Self::DEFAULT_MAX_TOKENS,
            tools: Vec::new(),
            system_prompt: None,
        }
    }

    /// Checks all rules. `available` are the tools that this service has configured.
    pub fn faults(&self, available: &[String]) -> Faults {
        let mut faults = Faults::new();
        let named = !self.model.trim().is_empty() && self.model.chars().count() <= LONGEST_MODEL;
        let plain = !self.model.chars().any(char::is_control);
        faults.check(named && plain, "config.model", "Model must be a name of 1 to 200 characters");
        faults.check(
            (0.0..=2.0).contains(&self.temperature),
            "config.temperature",
            "Temperature must be between 0 and 2",
        );
        let positive = (1..=i64::from(i32::MAX)).contains(&self.max_tokens);
        faults.check(positive, "config.max_tokens", "Max tokens must be a positive integer");
        let short = self.system_prompt.as_ref().is_none_or(|p| p.len() <= LONGEST_PROMPT);
        faults.check(short, "config.system_prompt", "System prompt must be at most 128 KiB");
        self.tool_faults(available, &mut faults);
        faults
    }

    fn tool_faults(&self, available: &[String], faults: &mut Faults) {
        let listed = if available.is_empty() { "none".to_owned() } else { available.join(", ") };
        for (at, tool) in self.tools.iter().enumerate() {
            let field = format!("config.tools[{at}]");
            if !available.contains(tool) {
                let shown: String = tool.chars().take(64).collect();
                faults.add(field, format!("Tool '{shown}' is not configured on this server. Available: {listed}"));
            } else if self.tools.iter().take(at).any(|earlier| earlier == tool) {
                faults.add(field, format!("Tool '{tool}' is named twice"));
            }
        }
    }

    /// This configuration with a patch applied; a reset key takes the default of `defaults`.
    #[must_use]
    pub fn patched(&self, patch: &ConfigPatch, defaults: &Self) -> Self {
        Self {
            model: patch.model.over(&self.model, &defaults.model),
            temperature: patch.temperature.over(&self.temperature, &defaults.temperature),
            max_tokens: patch.max_tokens.over(&self.max_tokens, &defaults.max_tokens),
            tools: patch.tools.over(&self.tools, &defaults.tools),
            system_prompt: patch.system_prompt.clone().map(Some).over(&self.system_prompt, &defaults.system_prompt),
        }
    }
}

/// A partial configuration: each key is kept, reset or set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigPatch {
    /// `config.model`
    pub model: Patch<String>,
    /// `config.temperature`
    pub temperature: Patch<f64>,
    /// `config.max_tokens`
    pub max_tokens: Patch<i64>,
    /// `config.tools`, replaced whole.
    pub tools: Patch<Vec<String>>,
    /// `config.system_prompt`
    pub system_prompt: Patch<String>,
    /// `config.environment_variables`, replaced whole.
    pub environment: Patch<super::EnvironmentVariables>,
}
