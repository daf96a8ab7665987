//! What is limited, and over how long.

use crate::phases;

/// Seconds of a minute and of an hour.
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

phases! {
    /// A limit with its own budget for each credential. All but `Hour` and `Tokens` count the requests of a minute, and a route
    /// counts in exactly one of these.
    pub enum Policy {
        /// Every request, by the hour.
        Hour = "hour",
        /// Model tokens, by the hour.
        Tokens = "tokens",
        /// Routes without a limit of their own.
        Minute = "minute",
        /// The list of agents.
        AgentsList = "agents_list",
        /// Making and launching agents.
        AgentsCreate = "agents_create",
        /// An agent.
        AgentsGet = "agents_get",
        /// Changing an agent.
        AgentsUpdate = "agents_update",
        /// Removing an agent.
        AgentsDelete = "agents_delete",
        /// Start, pause, stop, restart.
        AgentsActions = "agents_actions",
        /// An agent's log.
        AgentsLogs = "agents_logs",
        /// An agent's figures.
        AgentsMetrics = "agents_metrics",
    }
}

impl Policy {
    /// How many there are.
    pub const COUNT: usize = 11;

    /// Its place among all of them.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The length of its windows, in seconds.
    pub const fn length(self) -> i64 {
        match self {
            Self::Hour | Self::Tokens => HOUR,
            Self::Minute
            | Self::AgentsList
            | Self::AgentsCreate
            | Self::AgentsGet
            | Self::AgentsUpdate
            | Self::AgentsDelete
            | Self::AgentsActions
            | Self::AgentsLogs
            | Self::AgentsMetrics => MINUTE,
        }
    }

    /// The figure of contract section 3.
    pub const fn usual(self) -> u32 {
        match self {
            Self::Hour => 1000,
            Self::Tokens => 10_000,
            Self::Minute | Self::AgentsList | Self::AgentsLogs => 100,
            Self::AgentsGet => 200,
            Self::AgentsActions | Self::AgentsMetrics => 50,
            Self::AgentsUpdate => 20,
            Self::AgentsCreate | Self::AgentsDelete => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Words;

    #[test]
    fn every_policy_has_a_place_of_its_own() {
        let places: Vec<usize> = Policy::ALL.iter().map(|policy| policy.index()).collect();
        assert_eq!(places, (0..Policy::COUNT).collect::<Vec<_>>());
    }
}
