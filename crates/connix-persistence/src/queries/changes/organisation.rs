//! Organisations and their API keys.

use super::rows::{ApiKeyRow, ApiKeyState, OrganisationRow};
use super::tables::{api_key, audit_counter, event_counter, organisation};
use super::{Must, Unit, stale};
use crate::instant::At;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, Kid};
use connix_domain::id::OrgId;
use connix_domain::organisation::Organisation;
use connix_domain::port::store::Entity;
use diesel::prelude::*;

/// Uses of a key that are less apart than this are one.
const APART: Duration = Duration::minutes(1);

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

    pub(super) fn update_organisation(&mut self, organisation: Organisation) {
        let row = organisation::table.find(organisation.id.to_string());
        let read = row.filter(organisation::version.eq(organisation.version - 1));
        let next = diesel::update(read).set(OrganisationRow::from(organisation));
        self.push(Must::Touch(stale(Entity::Organisation)), next);
    }

    pub(super) fn create_api_key(&mut self, key: ApiKey) {
        self.push(Must::Run, diesel::insert_into(api_key::table).values(ApiKeyRow::from(key)));
    }

    pub(super) fn revoke_api_key(&mut self, key: &ApiKey, at: Timestamp) {
        let row = api_key::table.find((key.org.to_string(), key.kid.as_str().to_owned()));
        let next =
            (api_key::revoked_at.eq(At(at)), api_key::updated_at.eq(At(at)), api_key::version.eq(api_key::version + 1));
        self.push(Must::Touch(stale(Entity::ApiKey)), diesel::update(row).set(next));
    }

    pub(super) fn update_api_key(&mut self, key: ApiKey) {
        let row = api_key::table.find((key.org.to_string(), key.kid.as_str().to_owned()));
        let read = row.filter(api_key::version.eq(key.version - 1));
        self.push(Must::Touch(stale(Entity::ApiKey)), diesel::update(read).set(ApiKeyState::from(key)));
    }

    pub(super) fn touch_api_key(&mut self, org: OrgId, kid: &Kid, at: Timestamp) {
        let row = api_key::table.find((org.to_string(), kid.as_str().to_owned()));
        let before = api_key::last_used_at.is_null().or(api_key::last_used_at.le(At(at - APART)).assume_not_null());
        self.push(Must::Run, diesel::update(row.filter(before)).set(api_key::last_used_at.eq(At(at))));
    }
}
