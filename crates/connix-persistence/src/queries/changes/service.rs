//! What the service keeps beside its resources: events, idempotency records, properties.

use super::rows::{AuditRow, EventRow, IdempotencyRow};
use super::tables::{audit, audit_counter, event, event_counter, idempotency, property};
use super::{Must, Unit, stale};
use connix_domain::audit::AuditEntry;
use connix_domain::event::Event;
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::port::secrets::Sealed;
use connix_domain::port::store::{CommitError, Entity};
use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel::upsert::excluded;

impl Unit {
    /// The number is taken inside the unit, and the counter's row is held until the commit: no gap, and no later number is
    /// seen before an earlier one.
    pub(super) fn raise(&mut self, event: Event) {
        let counter = event_counter::table.find(event.org.to_string());
        let number = counter.clone().select(event_counter::last).single_value().assume_not_null();
        let next = diesel::update(counter).set(event_counter::last.eq(event_counter::last + 1));
        self.push(Must::Touch(CommitError::Reference), next);
        let row = (EventRow::from(event), event::sequence.eq(number));
        self.push(Must::Run, diesel::insert_into(event::table).values(row));
    }

    /// Numbered as events are.
    pub(super) fn audit(&mut self, entry: AuditEntry) {
        let counter = audit_counter::table.find(entry.org.to_string());
        let number = counter.clone().select(audit_counter::last).single_value().assume_not_null();
        let next = diesel::update(counter).set(audit_counter::last.eq(audit_counter::last + 1));
        self.push(Must::Touch(CommitError::Reference), next);
        let row = (AuditRow::from(entry), audit::sequence.eq(number));
        self.push(Must::Run, diesel::insert_into(audit::table).values(row));
    }

    /// Replaces a record that had expired when this one was made; else the first one stays and this unit fails.
    pub(super) fn remember(&mut self, record: IdempotencyRecord) {
        let insert = diesel::insert_into(idempotency::table).values(IdempotencyRow::from(record));
        let upsert = insert.on_conflict((idempotency::org_id, idempotency::key)).do_update().set((
            idempotency::fingerprint.eq(excluded(idempotency::fingerprint)),
            idempotency::answer.eq(excluded(idempotency::answer)),
            idempotency::created_at.eq(excluded(idempotency::created_at)),
            idempotency::expires_at.eq(excluded(idempotency::expires_at)),
        ));
        let expired = idempotency::expires_at.le(excluded(idempotency::created_at));
        let taken = CommitError::Duplicate { entity: Entity::Idempotency, field: "key" };
        self.push(Must::Touch(taken), FilterDsl::filter(upsert, expired));
    }

    pub(super) fn settle(&mut self, key: IdempotencyKey, provisional: Sealed, answer: Sealed) {
        let row = idempotency::table.find((key.org.to_string(), key.key));
        let read = FilterDsl::filter(row, idempotency::answer.eq(provisional.0));
        self.push(Must::Touch(stale(Entity::Idempotency)), diesel::update(read).set(idempotency::answer.eq(answer.0)));
    }

    pub(super) fn set_property(&mut self, name: String, value: Vec<u8>) {
        let insert = diesel::insert_into(property::table).values((property::name.eq(name), property::value.eq(value)));
        let taken = CommitError::Duplicate { entity: Entity::Property, field: "name" };
        self.push(Must::Touch(taken), insert.on_conflict(property::name).do_nothing());
    }
}
