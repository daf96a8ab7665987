//! How often a caller may ask, and how many model tokens what it started may use (contract section 3).

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use connix_domain::rate_limit::{Policy, Verdict};
use connix_domain::task::Task;

impl App {
    /// Takes a call from the budgets of its caller: one of its hour and one of the minute that its route counts in. A call that
    /// starts work needs tokens left besides. `None`: nothing is limited.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the budgets are shared and cannot be asked.
    pub async fn take_call(
        &self,
        caller: &Caller,
        minute: Policy,
        starts_work: bool,
    ) -> Result<Option<Verdict>, Error> {
        let Some(limits) = &self.settings.rate_limits else { return Ok(None) };
        let claims = limits.figures.claims(caller.own_limits(), minute, starts_work);
        Ok(Some(self.ports.limits.take(caller.budgets(), &claims).await?))
    }

    /// An attempt at a task is over: it is counted, and what it used is charged to who gave the task.
    pub(crate) async fn attempt_over(&self, before: &Task, after: &Task) {
        if after.phase.is_final() {
            self.ports.metrics.task_ended(after.phase.as_str());
        }
        let used = after.usage.counted().total() - before.usage.counted().total();
        let Some(subject) = after.charged_to.as_ref().filter(|_| used > 0 && self.settings.rate_limits.is_some())
        else {
            return;
        };
        if let Err(error) = self.ports.limits.charge(subject, used).await {
            tracing::warn!(%error, task.id = %after.id, tokens = used, "tokens were not charged");
        }
    }
}
