//! How much each policy lets pass, for everybody and for one credential, and what a request asks of which.

use super::Policy;
use std::collections::BTreeMap;

/// The figure of every policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures([u32; Policy::COUNT]);

impl Default for Figures {
    /// Those of contract section 3.
    fn default() -> Self {
        use crate::lifecycle::Words;
        Policy::ALL.iter().fold(Self([0; Policy::COUNT]), |figures, policy| figures.with(*policy, policy.usual()))
    }
}

impl Figures {
    /// These with another figure for one policy.
    #[must_use]
    pub fn with(mut self, policy: Policy, figure: u32) -> Self {
        self.0[policy.index()] = figure;
        self
    }

    /// The figure of a policy.
    pub fn of(&self, policy: Policy) -> u32 {
        self.0[policy.index()]
    }

    /// What a request asks for: one of its hour, one of its route's minute, and, if it starts work, that tokens are left.
    pub fn claims(&self, overrides: &Overrides, minute: Policy, starts_work: bool) -> [Claim; 3] {
        let claim =
            |policy, draw| Claim { policy, limit: overrides.of(policy).unwrap_or(self.of(policy)).into(), draw };
        let tokens = if starts_work { Draw::Need } else { Draw::Look };
        [claim(Policy::Hour, Draw::Take), claim(minute, Draw::Take), claim(Policy::Tokens, tokens)]
    }
}

/// The figures that one credential has instead of everybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<Policy, u32>);

impl Overrides {
    /// Its own figure for a policy, if it has one.
    pub fn of(&self, policy: Policy) -> Option<u32> {
        self.0.get(&policy).copied()
    }
    /// These, and where they say nothing those.
    #[must_use]
    pub fn over(&self, those: &Self) -> Self {
        those.iter().chain(self.iter()).collect()
    }
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Policy, u32)> + '_ {
        self.0.iter().map(|(policy, figure)| (*policy, *figure))
    }
}

impl FromIterator<(Policy, u32)> for Overrides {
    fn from_iter<I: IntoIterator<Item = (Policy, u32)>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

/// How a request touches a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// It takes one, and does not pass when there is none.
    Take,
    /// It takes nothing, and does not pass when nothing is left.
    Need,
    /// It takes nothing and passes; what is left is shown.
    Look,
}

/// What a request asks of one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Of which.
    pub policy: Policy,
    /// How much the credential has of it in a window.
    pub limit: i64,
    /// What it does with it.
    pub draw: Draw,
}
