//! A model endpoint that refuses the key refuses it for every task: after three in a row the worker gives up, so that the
//! agent shows what is wrong (`runtime.md` 2.6).

use std::cell::Cell;
use std::ops::ControlFlow;

use super::outcome::Outcome;
use crate::model::FaultKind;
use crate::session::leave::Leave;

/// So many tasks in a row are enough.
const ENOUGH: u32 = 3;

/// How many tasks in a row failed because the model's endpoint refused the key.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Cell<u32>);

impl Refusals {
    /// Takes in how a task ended. Breaks when it was one refusal too many.
    pub(super) fn count(&self, outcome: &Outcome) -> ControlFlow<Leave> {
        let refused = matches!(outcome, Outcome::Failed(error) if error.code == FaultKind::Auth.code());
        self.0.set(if refused { self.0.get() + 1 } else { 0 });
        if self.0.get() >= ENOUGH { ControlFlow::Break(Leave::KeyRefused) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_refusals_in_a_row_are_enough_and_an_answer_between_them_forgives() {
        let (refused, answered) = (Outcome::failed("llm_auth", "no"), Outcome::Completed("yes".to_owned()));
        let refusals = Refusals::default();
        for outcome in [&refused, &refused, &answered, &refused, &refused] {
            assert_eq!(refusals.count(outcome), ControlFlow::Continue(()));
        }
        assert_eq!(refusals.count(&refused), ControlFlow::Break(Leave::KeyRefused));
    }
}
