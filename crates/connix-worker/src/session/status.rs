//! What the worker says about itself with every heartbeat.

use connix_worker_protocol::session::{HeldTask, WorkerState};
use tokio::sync::watch;

/// A snapshot, taken by the heartbeat thread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    /// Grows with each change that the server should hear of at once.
    pub(crate) version: u64,
    pub(crate) applied_revision: i64,
    pub(crate) task: Option<HeldTask>,
    parked: bool,
    draining: bool,
}

impl Status {
    /// The one word for it.
    pub(crate) fn state(&self) -> WorkerState {
        match (self.draining, self.parked, &self.task) {
            (true, _, _) => WorkerState::Draining,
            (_, true, _) => WorkerState::Parked,
            (_, _, Some(_)) => WorkerState::Busy,
            (_, _, None) => WorkerState::Idle,
        }
    }
}

/// Where the worker's loop writes its status. A change wakes the heartbeat thread.
#[derive(Debug)]
pub(crate) struct StatusBoard(watch::Sender<Status>);

impl StatusBoard {
    pub(crate) fn new(applied_revision: i64) -> Self {
        let idle = Status { version: 0, applied_revision, task: None, parked: false, draining: false };
        Self(watch::Sender::new(idle))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Status> {
        self.0.subscribe()
    }

    /// A task is in hand. Returns the version that says so.
    pub(crate) fn hold(&self, id: &str, attempt: i64) -> u64 {
        self.change(|status| status.task = Some(HeldTask { id: id.to_owned(), attempt, progress_seq: 0 }))
    }

    pub(crate) fn let_go(&self) {
        self.change(|status| status.task = None);
    }

    pub(crate) fn park(&self, parked: bool) {
        self.change(|status| status.parked = parked);
    }

    pub(crate) fn drain(&self) {
        self.change(|status| status.draining = true);
    }

    pub(crate) fn applied(&self, revision: i64) {
        self.change(|status| status.applied_revision = revision);
    }

    /// The task has moved on. The next heartbeat tells; none is sent for it.
    pub(crate) fn progressed(&self) {
        self.0.send_if_modified(|status| {
            if let Some(task) = &mut status.task {
                task.progress_seq += 1;
            }
            false
        });
    }

    fn change(&self, change: impl FnOnce(&mut Status)) -> u64 {
        self.0.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            let changed = *status != before;
            status.version += u64::from(changed);
            changed
        });
        self.0.borrow().version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_from_what_is_in_hand() {
        let board = StatusBoard::new(1);
        let mut states = vec![board.0.borrow().state()];
        board.hold("task_1", 1);
        states.push(board.0.borrow().state());
        board.park(true);
        states.push(board.0.borrow().state());
        board.drain();
        states.push(board.0.borrow().state());
        assert_eq!(states, [WorkerState::Idle, WorkerState::Busy, WorkerState::Parked, WorkerState::Draining]);
    }

    #[test]
    fn only_a_change_wakes_the_heartbeat() {
        let board = StatusBoard::new(1);
        let mut seen = board.subscribe();
        board.park(false);
        assert!(!seen.has_changed().unwrap());
        assert_eq!(board.hold("task_1", 1), 1);
        assert!(seen.has_changed().unwrap());
        seen.mark_unchanged();
        board.progressed();
        assert!(!seen.has_changed().unwrap());
        assert_eq!(seen.borrow().task.as_ref().unwrap().progress_seq, 1);
    }
}
