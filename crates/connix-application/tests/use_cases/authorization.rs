//! What an application is given and for how long: the authorization server as time goes by (O21, O31–O33, O37, O41 of
//! `reliability.md`).

use crate::world::World;
use chrono::Duration;
use connix_application::{
    Authorization, CallingClient, ClientCredentials, ClientOrder, Decision, Error, Guest, IssuedTokens, OrgRef,
    Precondition, RateLimits, SignedIn, Ticket, TokenFailure,
};
use connix_domain::audit::{Origin, Outcome};
use connix_domain::member::PasswordHash;
use connix_domain::name::ClientName;
use connix_domain::oauth::authorization::Parameters;
use connix_domain::oauth::client::ClientKind;
use connix_domain::oauth::error::TokenError;
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::scope::Scopes;
use connix_domain::page::AuditQuery;
use connix_domain::port::secrets::Secret;
use connix_domain::rate_limit::Figures;
use connix_domain::role::Role;
use std::net::{IpAddr, Ipv4Addr};

const EMAIL: &str = "ann@example.com";
const PASSWORD: &str = "seven slow otters";
const REDIRECT: &str = "https://app.example/cb";
const BROWSER: &str = "a browser";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// Proves itself in this world, see `PlainOpaque`.
const VERIFIER: &str = "a-verifier-that-is-its-own-challenge-012345";

/// A member at a browser, and an application.
struct Scene {
    world: World,
    user: SignedIn,
    client: CallingClient,
    client_id: String,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::new().await).await
    }

    async fn of(world: World) -> Self {
        let app = &world.app;
        app.make_member(&OrgRef::Default, EMAIL, Role::Member, PasswordHash(PASSWORD.to_owned())).await.unwrap();
        let order = ClientOrder {
            name: ClientName::parse("Calendar").unwrap(),
            kind: ClientKind::Public,
            redirect_uris: vec![RedirectUri::parse(REDIRECT).unwrap()],
            scopes: Scopes::usual(),
        };
        let client = app.register_client(&world.caller, order, None).await.unwrap().client;
        let client_id = client.id.to_string();
        let shown = ClientCredentials { id: client_id.clone(), secret: None };
        let origin = Origin { address: Some(ADDRESS), ..Origin::local("issueToken") };
        let client = app.authenticate_client(&shown, origin).await.unwrap();
        let password = Secret::new(PASSWORD);
        let guest = Guest { email: EMAIL, password, org: None, device: None, origin: Origin::local("signIn") };
        let user = app.sign_in(guest).await.unwrap().user;
        Self { world, user, client, client_id }
    }

    /// What the member is asked.
    async fn asked(&self) -> Ticket {
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT),
            ("code_challenge", VERIFIER),
            ("code_challenge_method", "S256"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let asked = self.world.app.authorize(&Parameters::new(parameters), BROWSER, Some(&self.user)).await.unwrap();
        let Authorization::Consent(ticket) = asked else { unreachable!("the member is asked: {asked:?}") };
        ticket
    }

    /// The code that the member's yes gives.
    async fn code(&self) -> String {
        let app = &self.world.app;
        let question = app.open_ticket(&self.asked().await, BROWSER).await.unwrap().unwrap();
        let location = app.decide(&self.user, &question, Decision::Allow).await.unwrap().unwrap();
        location.split(['?', '&']).find_map(|part| part.strip_prefix("code=")).unwrap().to_owned()
    }

    async fn redeem(&self, code: &str) -> Result<IssuedTokens, TokenFailure> {
        self.world.app.redeem_code(&self.client, code, Some(REDIRECT), Some(VERIFIER)).await
    }

    async fn tokens(&self) -> IssuedTokens {
        self.redeem(&self.code().await).await.unwrap()
    }

    async fn refresh(&self, tokens: &IssuedTokens) -> Result<IssuedTokens, TokenFailure> {
        self.world.app.refresh(&self.client, &tokens.refresh, None).await
    }

    async fn is_good(&self, tokens: &IssuedTokens) -> bool {
        match self.world.app.authenticate(tokens.access.expose()).await {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, Error::Unauthorized);
                false
            }
        }
    }

    fn wait(&self, length: Duration) {
        self.world.clock.advance(length);
    }

    /// What the audit log tells of things that were refused.
    async fn misuses(&self) -> Vec<String> {
        let refused = AuditQuery { outcome: Some(Outcome::Refused), ..AuditQuery::everything(10) };
        let query = AuditQuery { target_kind: Some("grant".to_owned()), ..refused };
        let page = self.world.app.audit_log(&self.world.caller, &query).await.unwrap();
        page.items.into_iter().map(|placed| placed.entry.origin.action).collect()
    }
}

#[track_caller]
fn assert_refused(given: Result<IssuedTokens, TokenFailure>) {
    assert!(matches!(given, Err(TokenFailure::Told(TokenError::InvalidGrant, _))), "{given:?}");
}

/// O21.
#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let scene = Scene::new().await;
    for (seconds, good) in [(59, true), (60, false), (61, false)] {
        let code = scene.code().await;
        scene.wait(Duration::seconds(seconds));
        let given = scene.redeem(&code).await;
        if good { assert!(given.is_ok()) } else { assert_refused(given) }
    }
}

/// O18: whoever uses up what an address may guess does not save what was stolen.
#[tokio::test]
async fn a_replay_ends_the_grant_however_many_wrong_credentials_came_before() {
    let limits = RateLimits { figures: Figures::default(), failed_credentials: 1 };
    let scene = Scene::of(World::limited(limits).await).await;
    let code = scene.code().await;
    let tokens = scene.redeem(&code).await.unwrap();
    let seen = async || scene.world.app.redeem_code(&scene.client, &code, Some(REDIRECT), None).await;
    assert_refused(seen().await);
    let limited = seen().await;
    assert!(matches!(limited, Err(TokenFailure::Ours(Error::RateLimited { .. }))), "{limited:?}");
    assert!(scene.is_good(&tokens).await);
    assert_refused(scene.redeem(&code).await);
    assert!(!scene.is_good(&tokens).await);
}

/// O31, O32.
#[tokio::test]
async fn a_lost_answer_is_given_again_for_30_seconds_and_then_ends_the_family() {
    let scene = Scene::new().await;
    let first = scene.tokens().await;
    let next = scene.refresh(&first).await.unwrap();
    scene.wait(Duration::seconds(30));
    assert_eq!(scene.refresh(&first).await.unwrap().refresh.expose(), next.refresh.expose());
    assert_eq!(scene.misuses().await, [""; 0]);
    scene.wait(Duration::seconds(1));
    assert_refused(scene.refresh(&first).await);
    assert_refused(scene.refresh(&next).await);
    assert!(!scene.is_good(&next).await && !scene.is_good(&first).await);
    assert_eq!(scene.misuses().await, ["oauth.refresh_reuse"]);
}

/// O33.
#[tokio::test]
async fn a_token_whose_successor_was_used_ends_the_family() {
    let scene = Scene::new().await;
    let first = scene.tokens().await;
    let next = scene.refresh(&first).await.unwrap();
    scene.wait(Duration::seconds(1));
    assert!(scene.is_good(&next).await);
    assert_refused(scene.refresh(&first).await);
    assert!(!scene.is_good(&next).await && !scene.is_good(&first).await);
    assert_refused(scene.refresh(&next).await);
    assert_eq!(scene.misuses().await, ["oauth.refresh_reuse"]);
}

/// O37.
#[tokio::test]
async fn a_refresh_token_ends_after_14_idle_days_and_its_family_after_30() {
    let scene = Scene::new().await;
    let mut last = scene.tokens().await;
    for days in [13, 13] {
        scene.wait(Duration::days(days));
        last = scene.refresh(&last).await.unwrap();
    }
    scene.wait(Duration::days(4));
    assert_refused(scene.refresh(&last).await);
    let idle = scene.tokens().await;
    scene.wait(Duration::days(14));
    assert_refused(scene.refresh(&idle).await);
}

/// Between the question and the answer nothing is locked.
#[tokio::test]
async fn an_application_that_is_removed_while_the_member_is_asked_is_given_nothing() {
    let scene = Scene::new().await;
    let app = &scene.world.app;
    let question = app.open_ticket(&scene.asked().await, BROWSER).await.unwrap().unwrap();
    app.delete_client(&scene.world.caller, &scene.client_id, &Precondition::None).await.unwrap();
    assert_eq!(app.decide(&scene.user, &question, Decision::Allow).await, Ok(None));
    assert_eq!(app.answered_before(&scene.user, &question).await, Ok(None));
}

/// O41: 600 seconds, and 30 more for clocks that differ.
#[tokio::test]
async fn an_access_token_ends_by_itself() {
    let scene = Scene::new().await;
    let tokens = scene.tokens().await;
    assert_eq!(tokens.expires_in, 600);
    scene.wait(Duration::seconds(629));
    assert!(scene.is_good(&tokens).await);
    scene.wait(Duration::seconds(1));
    assert!(!scene.is_good(&tokens).await);
}

/// O55: a request can be answered for a quarter of an hour, and by the browser that brought it.
#[tokio::test]
async fn a_request_waits_for_its_answer_for_a_quarter_of_an_hour() {
    let scene = Scene::new().await;
    let ticket = scene.asked().await;
    let open = async |browser| scene.world.app.open_ticket(&ticket, browser).await.unwrap().is_some();
    assert!(!open("another browser").await);
    scene.wait(Duration::seconds(15 * 60 - 1));
    assert!(open(BROWSER).await);
    scene.wait(Duration::seconds(1));
    assert!(!open(BROWSER).await);
}
