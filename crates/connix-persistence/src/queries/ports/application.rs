//! Applications, what they were let, and who is signed in.

use super::filter::{by_search, by_times, sorted};
use super::rows::{
    BrowserSessionRow, ClientRow, CodeRow, ConsentRow, GrantRow, PairRow, SigningKeyRow, read_redirect_uris,
};
use super::tables::{browser_session, oauth_client, oauth_code, oauth_consent, oauth_grant, oauth_pair, signing_key};
use super::{Store, decoded, dialect, only};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::api_key::Digest;
use connix_domain::browser_session::BrowserSession;
use connix_domain::id::{GrantId, OAuthClientId, TokenPairId, UserId};
use connix_domain::oauth::client::{ClientStatus, OAuthClient};
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::{Consent, Grant};
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::oauth::signing_key::SigningKey;
use connix_domain::page::{DirectoryQuery, Page, SortBy};
use connix_domain::port::applications::ApplicationReader;
use connix_domain::port::store::ReadError;
use connix_domain::scope::OrgScope;
use diesel::prelude::*;
use serde_json::Value;

#[async_trait]
impl ApplicationReader for Store {
    async fn client_anywhere(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, ReadError> {
        let row = || oauth_client::table.filter(oauth_client::id.eq(id.to_string()));
        only(self.look_up(|| row().select(ClientRow::as_select())).await?)
    }

    async fn oauth_client(&self, scope: OrgScope, id: OAuthClientId) -> Result<Option<OAuthClient>, ReadError> {
        let row = || oauth_client::table.find((scope.org().to_string(), id.to_string()));
        only(self.look_up(|| row().select(ClientRow::as_select())).await?)
    }

    async fn oauth_clients(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<ClientStatus>,
    ) -> Result<Page<OAuthClient>, ReadError> {
        let matching = || {
            let own = oauth_client::table.filter(oauth_client::org_id.eq(scope.org().to_string())).into_boxed();
            let found = by_search!(by_times!(own, oauth_client, query.filter), oauth_client::name_key, query.filter);
            match status {
                Some(status) => found.filter(oauth_client::status.eq(status.as_str())),
                None => found,
            }
        };
        let page = || {
            let part = matching().limit(query.window.limit).offset(query.window.offset);
            sorted!(part.select(ClientRow::as_select()), oauth_client, query.sort)
        };
        let (rows, total) = self.page(true, page, || matching().count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn active_redirect_uris(&self) -> Result<Vec<RedirectUri>, ReadError> {
        let active = || oauth_client::table.filter(oauth_client::status.eq(ClientStatus::Active.as_str()));
        let lists: Vec<Value> = self.list(|| active().select(oauth_client::redirect_uris)).await?;
        let uris = lists.into_iter().map(read_redirect_uris).collect::<Result<Vec<_>, _>>()?;
        Ok(uris.into_iter().flatten().collect())
    }

    async fn authorization_code(
        &self,
        scope: OrgScope,
        digest: &Digest,
    ) -> Result<Option<AuthorizationCode>, ReadError> {
        let row = || oauth_code::table.find((scope.org().to_string(), digest.0.to_vec()));
        only(self.look_up(|| row().select(CodeRow::as_select())).await?)
    }

    async fn grant(&self, scope: OrgScope, id: GrantId) -> Result<Option<Grant>, ReadError> {
        let row = || oauth_grant::table.find((scope.org().to_string(), id.to_string()));
        only(self.look_up(|| row().select(GrantRow::as_select())).await?)
    }

    async fn token_pair(&self, scope: OrgScope, id: TokenPairId) -> Result<Option<TokenPair>, ReadError> {
        let row = || oauth_pair::table.find((scope.org().to_string(), id.to_string()));
        only(self.look_up(|| row().select(PairRow::as_select())).await?)
    }

    async fn pair_of_refresh(&self, scope: OrgScope, refresh: &Digest) -> Result<Option<TokenPair>, ReadError> {
        let row = || {
            let of_org = oauth_pair::table.filter(oauth_pair::org_id.eq(scope.org().to_string()));
            of_org.filter(oauth_pair::refresh.eq(refresh.0.to_vec()))
        };
        only(self.look_up(|| row().select(PairRow::as_select())).await?)
    }

    async fn consent(
        &self,
        scope: OrgScope,
        user: UserId,
        client: OAuthClientId,
    ) -> Result<Option<Consent>, ReadError> {
        let row = || oauth_consent::table.find((scope.org().to_string(), user.to_string(), client.to_string()));
        only(self.look_up(|| row().select(ConsentRow::as_select())).await?)
    }

    async fn consents_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<Consent>, ReadError> {
        let all = || {
            let of_org = oauth_consent::table.filter(oauth_consent::org_id.eq(scope.org().to_string()));
            let of_user = of_org.filter(oauth_consent::user_id.eq(user.to_string()));
            of_user.order((oauth_consent::given_at, oauth_consent::client_id)).select(ConsentRow::as_select())
        };
        decoded(self.list(all).await?)
    }

    async fn session(&self, digest: &Digest) -> Result<Option<BrowserSession>, ReadError> {
        let row = || browser_session::table.filter(browser_session::digest.eq(digest.0.to_vec()));
        only(self.look_up(|| row().select(BrowserSessionRow::as_select())).await?)
    }

    async fn sessions_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<BrowserSession>, ReadError> {
        let all = || {
            let of_org = browser_session::table.filter(browser_session::org_id.eq(scope.org().to_string()));
            let of_user = of_org.filter(browser_session::user_id.eq(user.to_string()));
            let newest = (browser_session::signed_in_at.desc(), browser_session::id);
            of_user.order(newest).select(BrowserSessionRow::as_select())
        };
        decoded(self.list(all).await?)
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, ReadError> {
        let all = || signing_key::table.order(signing_key::generation).select(SigningKeyRow::as_select());
        decoded(self.list(all).await?)
    }

    async fn forget_ended(&self, codes: Timestamp, grants: Timestamp, sessions: Timestamp) -> Result<u64, ReadError> {
        let code = || diesel::delete(oauth_code::table.filter(oauth_code::expires_at.lt(At(codes))));
        let grant = || diesel::delete(oauth_grant::table.filter(oauth_grant::expires_at.lt(At(grants))));
        let session = || diesel::delete(browser_session::table.filter(browser_session::signed_in_at.lt(At(sessions))));
        let key = || diesel::delete(signing_key::table.filter(signing_key::published_until.lt(At(grants))));
        let codes: Vec<String> = self.write(|| code().returning(oauth_code::org_id)).await?;
        let grants: Vec<String> = self.write(|| grant().returning(oauth_grant::id)).await?;
        let sessions: Vec<String> = self.write(|| session().returning(browser_session::id)).await?;
        let keys: Vec<String> = self.write(|| key().returning(signing_key::kid)).await?;
        Ok((codes.len() + grants.len() + sessions.len() + keys.len()) as u64)
    }
}
