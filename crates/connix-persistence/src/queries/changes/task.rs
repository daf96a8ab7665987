//! Tasks and their journals.

use super::rows::{JournalRow, TaskRow};
use super::tables::{journal, task};
use super::{Must, Unit, stale};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::id::{OrgId, TaskId};
use connix_domain::journal::JournalEntry;
use connix_domain::port::store::Entity;
use connix_domain::task::{Task, TaskPhase};
use diesel::prelude::*;

impl Unit {
    pub(super) fn create_task(&mut self, task: Task) {
        self.push(Must::Run, diesel::insert_into(task::table).values(TaskRow::from(task)));
    }

    pub(super) fn update_task(&mut self, task: Task) {
        let row = task::table.find((task.org.to_string(), task.id.to_string()));
        let read = row.filter(task::version.eq(task.version - 1));
        self.push(Must::Touch(stale(Entity::Task)), diesel::update(read).set(TaskRow::from(task)));
    }

    pub(super) fn extend_lease(&mut self, org: OrgId, id: TaskId, attempt: i64, until: Timestamp) {
        let row = task::table.find((org.to_string(), id.to_string()));
        let held = row.filter(task::phase.eq(TaskPhase::Running.as_str())).filter(task::attempt.eq(attempt));
        self.push(Must::Run, diesel::update(held).set(task::lease_until.eq(At(until))));
    }

    /// A statement an entry: its text is always the same, so that it stays prepared.
    pub(super) fn append_journal(&mut self, entries: Vec<JournalEntry>) {
        for entry in entries {
            let insert = diesel::insert_into(journal::table).values(JournalRow::from(entry));
            let key = (journal::org_id, journal::task_id, journal::sequence);
            self.push(Must::Run, insert.on_conflict(key).do_nothing());
        }
    }
}
