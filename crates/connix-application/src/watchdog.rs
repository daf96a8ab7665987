//! Whether the attempts under way get on. A heartbeat proves that a worker lives; the progress number that comes with it
//! proves that its loop moves (`runtime.md` 2.4). Kept in memory: a restarted server gives every attempt a fresh start.

use crate::worker::Reported;
use connix_domain::id::{AgentId, TaskId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How an attempt gets on. The time of a pause, and of our own absence, is not the attempt's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Course {
    /// How long it has been under way.
    pub(crate) worked: Duration,
    /// How long it has made no step.
    pub(crate) idle: Duration,
}

#[derive(Debug)]
struct Watched {
    reported: Reported,
    course: Course,
    heard_at: Instant,
    /// Since when its worker has been told to let it go.
    lost_at: Option<Instant>,
}

/// The attempts that workers say they hold.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    agents: Mutex<HashMap<AgentId, Vec<Watched>>>,
}

impl Watchdog {
    /// A worker says what it holds; what it does not name any more is forgotten. `working`: it may make steps. Silence
    /// counts as at most `longest`.
    pub(crate) fn heard(&self, agent: AgentId, held: &[Reported], working: bool, longest: Duration) {
        let now = Instant::now();
        let mut agents = self.agents();
        let before = agents.remove(&agent).unwrap_or_default();
        let watched: Vec<_> = held.iter().map(|reported| follow(&before, *reported, working, longest, now)).collect();
        if !watched.is_empty() {
            agents.insert(agent, watched);
        }
    }

    /// How an attempt gets on, as of the last report.
    pub(crate) fn course(&self, agent: AgentId, task: TaskId) -> Course {
        let agents = self.agents();
        let watched = agents.get(&agent).and_then(|held| held.iter().find(|watched| watched.reported.task == task));
        watched.map_or_else(Course::default, |watched| watched.course)
    }

    /// The worker is told to let a task go; gives for how long it has been told.
    pub(crate) fn told_to_let_go(&self, agent: AgentId, task: TaskId) -> Duration {
        let mut agents = self.agents();
        let watched = agents.get_mut(&agent).and_then(|held| held.iter_mut().find(|w| w.reported.task == task));
        watched.map_or(Duration::ZERO, |watched| watched.lost_at.get_or_insert_with(Instant::now).elapsed())
    }

    /// The worker is gone.
    pub(crate) fn forget(&self, agent: AgentId) {
        self.agents().remove(&agent);
    }

    fn agents(&self) -> MutexGuard<'_, HashMap<AgentId, Vec<Watched>>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn follow(before: &[Watched], reported: Reported, working: bool, longest: Duration, now: Instant) -> Watched {
    let same =
        |watched: &&Watched| watched.reported.task == reported.task && watched.reported.attempt == reported.attempt;
    let Some(last) = before.iter().find(same) else {
        return Watched { reported, course: Course::default(), heard_at: now, lost_at: None };
    };
    let passed = if working { now.duration_since(last.heard_at).min(longest) } else { Duration::ZERO };
    let moved = last.reported.progress != reported.progress;
    let course = Course {
        worked: last.course.worked + passed,
        idle: if moved { Duration::ZERO } else { last.course.idle + passed },
    };
    Watched { reported, course, heard_at: now, lost_at: last.lost_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: AgentId = AgentId::new(1);
    const TASK: TaskId = TaskId::new(2);
    const LONGEST: Duration = Duration::from_secs(5);

    fn held(attempt: i64, progress: i64) -> Reported {
        Reported { task: TASK, attempt, progress }
    }

    /// An attempt that was reported `seconds` ago with progress 1.
    fn since(seconds: u64, reported: Reported, working: bool) -> Course {
        let now = Instant::now();
        let first = follow(&[], held(1, 1), true, LONGEST, now);
        follow(&[first], reported, working, LONGEST, now + Duration::from_secs(seconds)).course
    }

    #[test]
    fn an_attempt_without_a_step_grows_idle() {
        let three = Duration::from_secs(3);
        assert_eq!(since(3, held(1, 1), true), Course { worked: three, idle: three });
        assert_eq!(since(3, held(1, 2), true), Course { worked: three, idle: Duration::ZERO });
    }

    #[test]
    fn a_pause_takes_no_time() {
        assert_eq!(since(3, held(1, 1), false), Course::default());
    }

    #[test]
    fn our_own_absence_counts_little() {
        assert_eq!(since(100, held(1, 1), true), Course { worked: LONGEST, idle: LONGEST });
    }

    #[test]
    fn another_attempt_starts_anew() {
        assert_eq!(since(3, held(2, 1), true), Course::default());
    }

    #[test]
    fn what_is_not_named_any_more_is_forgotten() {
        let watchdog = Watchdog::default();
        watchdog.heard(AGENT, &[held(1, 1)], true, LONGEST);
        watchdog.told_to_let_go(AGENT, TASK);
        assert!(watchdog.agents()[&AGENT][0].lost_at.is_some());
        watchdog.heard(AGENT, &[], true, LONGEST);
        assert!(watchdog.agents().is_empty());
        assert_eq!(watchdog.told_to_let_go(AGENT, TASK), Duration::ZERO);
    }
}
