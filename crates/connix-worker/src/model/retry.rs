//! Whether and when a model is asked again.

use std::time::Duration;

use super::ModelFault;
use crate::backoff::Pace;

/// Calls of one step, the first included.
const TRIES: u32 = 5;

/// The wait before the next try after `tries` have failed. `None` when trying again cannot help: the fault does not
/// pass, all tries are used up, or the wait would outlast the `remaining` time.
pub(crate) fn wait_before_retry(fault: &ModelFault, tries: u32, pace: Pace, remaining: Duration) -> Option<Duration> {
    if !fault.kind.is_transient() || tries >= TRIES {
        return None;
    }
    let wait = fault.retry_after.unwrap_or_else(|| pace.delay(tries));
    (wait < remaining).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::super::fault::FaultKind;
    use super::*;

    const PACE: Pace = Pace { first: Duration::from_millis(500), most: Duration::from_secs(8) };
    const MINUTE: Duration = Duration::from_secs(60);

    fn fault(status: u16, retry_after: Option<u64>) -> ModelFault {
        let retry_after = retry_after.map(Duration::from_secs);
        ModelFault { kind: FaultKind::of_status(status), message: String::new(), retry_after }
    }

    #[test]
    fn faults_that_pass_are_tried_five_times_in_all() {
        for status in [408, 429, 500, 502, 503, 529] {
            let waits = (1..=5).map(|tries| wait_before_retry(&fault(status, None), tries, PACE, MINUTE).is_some());
            assert_eq!(waits.collect::<Vec<_>>(), [true, true, true, true, false], "{status}");
        }
    }

    #[test]
    fn faults_that_stay_are_not_tried_again() {
        for status in [400, 401, 403, 404, 413, 422] {
            assert_eq!(wait_before_retry(&fault(status, None), 1, PACE, MINUTE), None, "{status}");
        }
    }

    #[test]
    fn the_endpoints_own_time_is_kept_unless_the_deadline_comes_first() {
        assert_eq!(wait_before_retry(&fault(429, Some(7)), 1, PACE, MINUTE), Some(Duration::from_secs(7)));
        assert_eq!(wait_before_retry(&fault(429, Some(61)), 1, PACE, MINUTE), None);
    }
}
