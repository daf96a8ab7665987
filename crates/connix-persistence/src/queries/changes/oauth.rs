//! Applications, grants and sign-ins. Whatever is good once is taken by one statement that finds it untaken.

use super::rows::{BrowserSessionRow, ClientRow, CodeRow, ConsentRow, GrantRow, PairRow, SigningKeyRow};
use super::tables::{browser_session, oauth_client, oauth_code, oauth_consent, oauth_grant, oauth_pair, signing_key};
use super::{Must, Unit, stale};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::api_key::Digest;
use connix_domain::id::{GrantId, OAuthClientId, OrgId, TokenPairId, UserId};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::OAuthClient;
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::Consent;
use connix_domain::port::store::Entity;
use diesel::prelude::*;
use diesel::upsert::excluded;

impl Unit {
    pub(super) fn oauth(&mut self, change: OAuthChange) {
        match change {
            OAuthChange::CreateClient(client) => {
                self.push(Must::Run, diesel::insert_into(oauth_client::table).values(ClientRow::from(client)));
            }
            OAuthChange::UpdateClient(client) => self.update_client(client),
            OAuthChange::DeleteClient { org, id } => self.delete_client(org, id),
            OAuthChange::IssueCode(code) => {
                self.push(Must::Run, diesel::insert_into(oauth_code::table).values(CodeRow::from(code)));
            }
            OAuthChange::TakeCode { org, digest, at } => self.take_code(org, digest, at),
            OAuthChange::CountFailure { org, digest } => {
                let code = oauth_code::table.find((org.to_string(), digest.0.to_vec()));
                self.push(Must::Run, diesel::update(code).set(oauth_code::failures.eq(oauth_code::failures + 1)));
            }
            OAuthChange::CreateGrant(grant) => {
                self.push(Must::Run, diesel::insert_into(oauth_grant::table).values(GrantRow::from(grant)));
            }
            OAuthChange::RevokeGrant { org, id, at } => self.revoke_grant(org, id, at),
            OAuthChange::RevokeGrants { org, user, client, at } => self.revoke_grants(org, user, client, at),
            OAuthChange::IssuePair(pair) => {
                self.push(Must::Run, diesel::insert_into(oauth_pair::table).values(PairRow::from(pair)));
            }
            OAuthChange::TakeRefresh { org, id, at } => self.take_refresh(org, id, at),
            OAuthChange::NoteAccess { org, id, at } => {
                let pair = oauth_pair::table.find((org.to_string(), id.to_string()));
                let unused = pair.filter(oauth_pair::access_used_at.is_null());
                self.push(Must::Run, diesel::update(unused).set(oauth_pair::access_used_at.eq(At(at))));
            }
            OAuthChange::RevokeAccess { org, id, at } => {
                let pair = oauth_pair::table.find((org.to_string(), id.to_string()));
                let good = pair.filter(oauth_pair::access_revoked_at.is_null());
                self.push(Must::Run, diesel::update(good).set(oauth_pair::access_revoked_at.eq(At(at))));
            }
            OAuthChange::GiveConsent(consent) => self.give_consent(consent),
            OAuthChange::WithdrawConsent { org, user, client } => {
                let row = oauth_consent::table.find((org.to_string(), user.to_string(), client.to_string()));
                self.push(Must::Run, diesel::delete(row));
            }
            OAuthChange::OpenSession(session) => {
                let row = BrowserSessionRow::from(session);
                self.push(Must::Run, diesel::insert_into(browser_session::table).values(row));
            }
            OAuthChange::NoteSession { org, id, at } => {
                let row = browser_session::table.find((org.to_string(), id.to_string()));
                self.push(Must::Run, diesel::update(row).set(browser_session::last_seen_at.eq(At(at))));
            }
            OAuthChange::CloseSession { org, id } => {
                let row = browser_session::table.find((org.to_string(), id.to_string()));
                self.push(Must::Run, diesel::delete(row));
            }
            OAuthChange::CloseSessionsOf { org, user } => {
                let all = browser_session::table
                    .filter(browser_session::org_id.eq(org.to_string()))
                    .filter(browser_session::user_id.eq(user.to_string()));
                self.push(Must::Run, diesel::delete(all));
            }
            OAuthChange::AddSigningKey(key) => {
                self.push(Must::Run, diesel::insert_into(signing_key::table).values(SigningKeyRow::from(key)));
            }
            OAuthChange::RevokeSigningKey { kid, at } => {
                let good = signing_key::table.find(kid).filter(signing_key::revoked_at.is_null());
                let revoke = diesel::update(good).set(signing_key::revoked_at.eq(At(at)));
                self.push(Must::Touch(stale(Entity::SigningKey)), revoke);
            }
        }
    }

    fn revoke_grants(&mut self, org: OrgId, user: UserId, client: Option<OAuthClientId>, at: Timestamp) {
        let grants = oauth_grant::table
            .filter(oauth_grant::org_id.eq(org.to_string()))
            .filter(oauth_grant::user_id.eq(user.to_string()))
            .filter(oauth_grant::revoked_at.is_null());
        let codes = oauth_code::table
            .filter(oauth_code::org_id.eq(org.to_string()))
            .filter(oauth_code::user_id.eq(user.to_string()))
            .filter(oauth_code::used_at.is_null());
        let revoked = oauth_grant::revoked_at.eq(At(at));
        match client.map(|client| client.to_string()) {
            Some(client) => {
                let grants = grants.filter(oauth_grant::client_id.eq(client.clone()));
                self.push(Must::Run, diesel::update(grants).set(revoked));
                self.push(Must::Run, diesel::delete(codes.filter(oauth_code::client_id.eq(client))));
            }
            None => {
                self.push(Must::Run, diesel::update(grants).set(revoked));
                self.push(Must::Run, diesel::delete(codes));
            }
        }
    }

    fn update_client(&mut self, client: OAuthClient) {
        let row = oauth_client::table.find((client.org.to_string(), client.id.to_string()));
        let read = row.filter(oauth_client::version.eq(client.version - 1));
        self.push(Must::Touch(stale(Entity::OAuthClient)), diesel::update(read).set(ClientRow::from(client)));
    }

    /// What hangs on it goes with it, by the foreign keys.
    fn delete_client(&mut self, org: OrgId, id: OAuthClientId) {
        let row = oauth_client::table.find((org.to_string(), id.to_string()));
        self.push(Must::Touch(stale(Entity::OAuthClient)), diesel::delete(row));
    }

    fn take_code(&mut self, org: OrgId, digest: Digest, at: Timestamp) {
        let code = oauth_code::table.find((org.to_string(), digest.0.to_vec()));
        let untaken = code
            .filter(oauth_code::used_at.is_null())
            .filter(oauth_code::failures.lt(AuthorizationCode::MOST_FAILURES));
        let take = diesel::update(untaken).set(oauth_code::used_at.eq(At(at)));
        self.push(Must::Touch(stale(Entity::AuthorizationCode)), take);
    }

    fn revoke_grant(&mut self, org: OrgId, id: GrantId, at: Timestamp) {
        let grant = oauth_grant::table.find((org.to_string(), id.to_string()));
        let live = grant.filter(oauth_grant::revoked_at.is_null());
        self.push(Must::Run, diesel::update(live).set(oauth_grant::revoked_at.eq(At(at))));
    }

    fn take_refresh(&mut self, org: OrgId, id: TokenPairId, at: Timestamp) {
        let pair = oauth_pair::table.find((org.to_string(), id.to_string()));
        let untaken = pair.filter(oauth_pair::rotated_at.is_null());
        let take = diesel::update(untaken).set(oauth_pair::rotated_at.eq(At(at)));
        self.push(Must::Touch(stale(Entity::TokenPair)), take);
    }

    fn give_consent(&mut self, consent: Consent) {
        let insert = diesel::insert_into(oauth_consent::table).values(ConsentRow::from(consent));
        let key = (oauth_consent::org_id, oauth_consent::user_id, oauth_consent::client_id);
        let upsert = insert.on_conflict(key).do_update().set((
            oauth_consent::scopes.eq(excluded(oauth_consent::scopes)),
            oauth_consent::given_at.eq(excluded(oauth_consent::given_at)),
        ));
        self.push(Must::Run, upsert);
    }
}
