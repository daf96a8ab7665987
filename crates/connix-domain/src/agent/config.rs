//! How an agent thinks: model, temperature, token limit, tools and system prompt (AGNT `config`).

use super::command::Patch;
use crate::fault::Faults;
use crate::tool::ToolCatalogue;

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

    /// Checks all rules. `catalogue` says which tools there are.
    pub fn faults(&self, catalogue: &ToolCatalogue) -> Faults {
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
        catalogue.check(&self.tools, &mut faults);
        faults
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> AgentConfig {
        AgentConfig {
            tools: vec!["web_search".into()],
            system_prompt: Some("Be brief".into()),
            ..AgentConfig::of_model("gpt-4")
        }
    }

    fn faulty_fields(config: &AgentConfig) -> Vec<String> {
        config.faults(&ToolCatalogue::default()).into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn an_empty_patch_keeps_everything() {
        assert_eq!(config().patched(&ConfigPatch::default(), &AgentConfig::of_model("other")), config());
    }

    #[test]
    fn a_patch_sets_resets_and_keeps_each_key_by_itself() {
        let patch = ConfigPatch {
            model: Patch::Reset,
            temperature: Patch::Set(0.1),
            tools: Patch::Set(vec!["python".into()]),
            system_prompt: Patch::Reset,
            ..ConfigPatch::default()
        };
        let patched = config().patched(&patch, &AgentConfig::of_model("standard"));
        let expected =
            AgentConfig { temperature: 0.1, tools: vec!["python".into()], ..AgentConfig::of_model("standard") };
        assert_eq!(patched, expected);
    }

    #[test]
    fn a_system_prompt_is_set_over_none_and_over_another() {
        let patch = ConfigPatch { system_prompt: Patch::Set("New".into()), ..ConfigPatch::default() };
        for before in [config(), AgentConfig::of_model("gpt-4")] {
            let patched = before.patched(&patch, &AgentConfig::of_model("gpt-4"));
            assert_eq!(patched.system_prompt.as_deref(), Some("New"));
        }
    }

    #[test]
    fn the_documents_messages_are_given_word_for_word() {
        let faulty = AgentConfig { temperature: 3.0, max_tokens: 0, ..AgentConfig::of_model("gpt-4") };
        let faults: Vec<_> =
            faulty.faults(&ToolCatalogue::default()).into_iter().map(|fault| fault.to_string()).collect();
        assert_eq!(
            faults,
            [
                "config.temperature: Temperature must be between 0 and 2",
                "config.max_tokens: Max tokens must be a positive integer",
            ]
        );
    }

    #[test]
    fn the_edges_of_the_ranges_are_allowed_and_no_number_is_refused() {
        for temperature in [0.0, 2.0] {
            let config = AgentConfig { temperature, max_tokens: 1, ..AgentConfig::of_model("m") };
            assert!(faulty_fields(&config).is_empty());
        }
        for temperature in [-0.1, 2.1, f64::NAN, f64::INFINITY] {
            let config = AgentConfig { temperature, ..AgentConfig::of_model("m") };
            assert_eq!(faulty_fields(&config), ["config.temperature"]);
        }
    }

    #[test]
    fn a_model_is_a_name() {
        let long = "m".repeat(201);
        for model in ["", "  ", "a\nb", &long] {
            assert_eq!(faulty_fields(&AgentConfig::of_model(model)), ["config.model"], "{model}");
        }
        assert!(faulty_fields(&AgentConfig::of_model("meta-llama/Llama 3.1:8b")).is_empty());
    }

    #[test]
    fn tools_are_checked_against_the_catalogue() {
        assert_eq!(faulty_fields(&config()), ["config.tools[0]"]);
    }
}
