//! Lifecycles: a fieldless enum of phases and one total table of what each action leads to.
//!
//! A phase enum is made by [`phases!`](crate::phases); its word is the column in the store and the value in the API. The
//! table is a `const fn next(self, action) -> Option<Self>` written as nested matches without a wildcard, so that a new
//! phase or action does not compile until it is placed. `docs/lifecycles.md` is printed from the tables by a test.

use std::fmt::Debug;

/// One enum of a lifecycle: its phases, or the actions that lead from one to another.
pub trait Words: Copy + Eq + Debug + 'static {
    /// Every value, in the order of the table.
    const ALL: &'static [Self];
    /// The word in the store, the API and the documents.
    fn as_str(self) -> &'static str;
}

/// A lifecycle's table.
pub trait Lifecycle: Words {
    /// What can be asked of it or happen to it.
    type Action: Words;
    /// Where everything begins.
    const FIRST: Self;
    /// The actions that people ask for; the others are found or done by the service itself.
    const COMMANDS: &'static [Self::Action];
    /// The phase that `action` leads to, `None` where it is not allowed.
    fn after(self, action: Self::Action) -> Option<Self>;

    /// How people are told of the phase: its word, unless that one is known to the store alone.
    fn told(self) -> &'static str {
        self.as_str()
    }

    /// Applies an action.
    ///
    /// # Errors
    /// [`TransitionError`] with what would have been allowed.
    fn apply(self, action: Self::Action) -> Result<Self, TransitionError> {
        self.after(action).ok_or_else(|| TransitionError {
            from: self.told(),
            action: action.as_str(),
            allowed: Self::COMMANDS.iter().filter(|a| self.after(**a).is_some()).map(|a| a.as_str()).collect(),
        })
    }
}

/// An action that the table does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {action} while {from}; allowed: {}", listed(allowed))]
pub struct TransitionError {
    /// The phase it was in, as people are told of it.
    pub from: &'static str,
    /// What was asked.
    pub action: &'static str,
    /// The commands that the table allows from there.
    pub allowed: Vec<&'static str>,
}

fn listed(allowed: &[&str]) -> String {
    if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") }
}

/// Makes a fieldless enum with a word for each value: `ALL`, `as_str`, `FromStr`, `Display`.
#[macro_export]
macro_rules! phases {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$vdoc])* $variant),+ }

        impl $crate::lifecycle::Words for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn as_str(self) -> &'static str { $name::as_str(self) }
        }
        impl $name {
            /// The word in the store, the API and the documents.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::lifecycle::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err($crate::lifecycle::UnknownWord) }
            }
        }
    };
}

/// A word that no value of the enum has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown word")]
pub struct UnknownWord;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{AgentAction, AgentPhase};
    use crate::task::{TaskAction, TaskPhase};

    #[test]
    fn a_refusal_lists_the_commands_that_are_allowed_and_no_action_of_the_service() {
        let refusal = AgentPhase::Creating.apply(AgentAction::Pause).unwrap_err();
        assert_eq!(refusal.to_string(), "cannot pause while creating; allowed: start, stop, update, delete");
    }

    #[test]
    fn a_refusal_names_a_phase_as_the_contract_does() {
        let refusal = AgentPhase::UpdatingStopped.apply(AgentAction::Pause).unwrap_err();
        assert_eq!(refusal.from, "updating, then stopped");
    }

    #[test]
    fn a_refusal_in_a_final_phase_says_that_nothing_is_allowed() {
        let refusal = TaskPhase::Completed.apply(TaskAction::Cancel).unwrap_err();
        assert_eq!(refusal.to_string(), "cannot cancel while completed; allowed: nothing");
    }

    #[test]
    fn every_word_is_read_back_as_its_value_and_no_other_is() {
        for phase in AgentPhase::ALL {
            assert_eq!(phase.as_str().parse(), Ok(*phase));
        }
        for unknown in ["", "Running", "running ", "updating"] {
            assert_eq!(unknown.parse::<AgentPhase>(), Err(UnknownWord), "{unknown}");
        }
    }
}
