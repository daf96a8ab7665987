//! Organisations and their API keys.

use super::rows::{ApiKeyRow, OrganisationRow};
use super::tables::{api_key, audit_counter, event_counter, organisation};
use super::{Must, Unit, stale};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::api_key::ApiKey;
use connix_domain::organisation::Organisation;
use connix_domain::port::store::Entity;
use diesel::prelude::*;

impl Unit {
    /// With the counters that its events and the entries of its audit log are numbered by.
    pub(super) fn create_organisation(&mut self, organisation: Organisation) {
        let counter = (event_counter::org_id.eq(organisation.id.to_string()), event_counter::last.eq(0));
        let log = (audit_counter::org_id.eq(organisation.id.to_string()), audit_counter::last.eq(0));
        let row = OrganisationRow::from(organisation);
        self.push(Must::Run, diesel::insert_into(organisation::table).values(row));
        self.push(Must::Run, diesel::insert_into(event_counter::table).values(counter));
        self.push(Must::Run, diesel::insert_into(audit_counter::table).values(log));
    }

    pub(super) fn create_api_key(&mut self, key: ApiKey) {
        self.push(Must::Run, diesel::insert_into(api_key::table).values(ApiKeyRow::from(key)));
    }

    pub(super) fn revoke_api_key(&mut self, key: &ApiKey, at: Timestamp) {
        let row = api_key::table.find((key.org.to_string(), key.kid.as_str().to_owned()));
        let revoked = diesel::update(row).set(api_key::revoked_at.eq(At(at)));
        self.push(Must::Touch(stale(Entity::ApiKey)), revoked);
    }
}
