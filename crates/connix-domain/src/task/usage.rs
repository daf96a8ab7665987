//! What a task costs.

/// Model tokens and calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the questions.
    pub prompt: i64,
    /// Tokens of the answers.
    pub completion: i64,
    /// Calls of the model.
    pub requests: i64,
}

impl Usage {
    /// The most of a kind that is counted at a time.
    pub const MOST_COUNTED: i64 = 1_000_000_000_000;

    /// Questions and answers together.
    pub fn total(self) -> i64 {
        self.prompt.saturating_add(self.completion)
    }
    /// What of it is counted in sums over many tasks: of each at most [`MOST_COUNTED`](Self::MOST_COUNTED), so that a worker
    /// that reports nonsense does not spoil them.
    #[must_use]
    pub fn counted(self) -> Self {
        Self {
            prompt: self.prompt.min(Self::MOST_COUNTED),
            completion: self.completion.min(Self::MOST_COUNTED),
            requests: self.requests.min(Self::MOST_COUNTED),
        }
    }
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.saturating_add(other.prompt),
            completion: self.completion.saturating_add(other.completion),
            requests: self.requests.saturating_add(other.requests),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_adds_up_by_kind_and_the_total_counts_tokens_alone() {
        let one = Usage { prompt: 10, completion: 3, requests: 1 };
        let both = one.plus(Usage { prompt: 5, completion: 2, requests: 2 });
        assert_eq!(both, Usage { prompt: 15, completion: 5, requests: 3 });
        assert_eq!(both.total(), 20);
    }

    #[test]
    fn a_worker_that_reports_nonsense_does_not_overflow_the_sum() {
        let most = Usage { prompt: i64::MAX, completion: i64::MAX, requests: i64::MAX };
        assert_eq!(most.plus(most), most);
        assert_eq!(most.total(), i64::MAX);
    }
}
