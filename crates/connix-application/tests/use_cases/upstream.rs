//! Signing in through the operator's provider: what ties the way back to the way there, and who comes in.

use crate::world::{World, eventually};
use chrono::Duration;
use connix_application::{Arrival, OrgRef, Precondition, Ticket, UpstreamAnswer, UpstreamRefusal};
use connix_domain::audit::{AuditEntry, Origin, Outcome};
use connix_domain::event::Actor;
use connix_domain::member::{EmailAddress, Member, MemberChange, MemberStatus, PasswordHash};
use connix_domain::page::AuditQuery;
use connix_domain::port::audit::AuditReader;
use connix_domain::port::members::MemberReader;
use connix_domain::role::Role;

const ADA: &str = "ada@example.com";
/// The call that people come back with.
const CALL: &str = "endUpstreamSignIn";

/// A browser that has been sent to the provider.
struct Sent {
    browser: String,
    state: Ticket,
    mark: String,
}

impl Sent {
    async fn new(world: &World) -> Self {
        Self::from(world, world.app.new_browser()).await.unwrap()
    }

    async fn from(world: &World, browser: String) -> Result<Self, UpstreamRefusal> {
        let mut state = None;
        let written = |ticket: &Ticket| {
            state = Some(ticket.clone());
            "the-state".to_owned()
        };
        let departure = world.app.begin_upstream(None, &browser, written).await?;
        assert!(departure.location.ends_with("&state=the-state"), "{}", departure.location);
        Ok(Self { browser, state: state.unwrap(), mark: departure.mark })
    }

    async fn back_with(&self, world: &World, code: Option<&str>) -> Result<Arrival, UpstreamRefusal> {
        let origin = Origin::local(CALL);
        let (ticket, mark) = (Some(&self.state), Some(self.mark.as_str()));
        let answer = UpstreamAnswer { ticket, mark, code, device: None, origin };
        world.app.end_upstream(answer, &self.browser).await
    }
}

/// Goes there and comes back at once.
async fn signs_in(world: &World) -> Result<Arrival, UpstreamRefusal> {
    Sent::new(world).await.back_with(world, Some("code")).await
}

impl World {
    async fn member_at(&self, email: &str) -> String {
        let hash = PasswordHash("seven slow otters count to forty".to_owned());
        self.app.make_member(&OrgRef::Default, email, Role::Member, hash).await.unwrap().to_string()
    }

    async fn seen_member(&self, id: &str) -> Member {
        self.store.member(self.caller.scope(), id.parse().unwrap()).await.unwrap().unwrap()
    }

    async fn disable(&self, id: &str) {
        let change = MemberChange { disabled: Some(true), ..MemberChange::default() };
        self.app.change_member(&self.caller, id, &Precondition::None, &change).await.unwrap();
    }

    /// What the audit log has of people who came back.
    async fn came_back(&self, outcome: Outcome) -> Vec<AuditEntry> {
        let called = AuditQuery { action: Some(CALL.to_owned()), ..AuditQuery::everything(100) };
        let query = AuditQuery { outcome: Some(outcome), ..called };
        let entries = self.store.audit_log(self.caller.scope(), &query).await.unwrap();
        entries.into_iter().map(|placed| placed.entry).collect()
    }
}

#[track_caller]
fn is_ended(answer: Result<Arrival, UpstreamRefusal>) {
    assert!(matches!(answer, Err(UpstreamRefusal::Ended)), "{answer:?}");
}

#[track_caller]
fn is_not_let_in(answer: Result<Arrival, UpstreamRefusal>) {
    assert!(matches!(answer, Err(UpstreamRefusal::NotLetIn)), "{answer:?}");
}

#[tokio::test]
async fn the_first_sign_in_binds_the_account_and_uses_the_invitation_up() {
    let world = World::new().await;
    let invited = (EmailAddress::parse(ADA).unwrap(), Role::Viewer);
    let invited = world.app.invite_member(&world.caller, invited, None).await.unwrap();
    let id = invited.member.id.to_string();
    world.provider.lets_in("ada-1", Some("Ada@Example.com"));
    let arrival = signs_in(&world).await.unwrap();
    assert_eq!((arrival.entered.user.member.id, arrival.request.is_none()), (invited.member.id, true));
    let bound = world.seen_member(&id).await;
    assert_eq!(bound.upstream.as_ref().map(|account| account.subject.as_str()), Some("ada-1"));
    assert_eq!((bound.status(), bound.invitation.clone()), (MemberStatus::Active, None));
    let link = invited.link.expose().split_once("token=").unwrap().1.to_owned();
    assert!(world.app.invited_by_link(&link).await.unwrap().is_none(), "the link that was not needed works no more");
    let mut entries = world.came_back(Outcome::Done).await;
    entries.sort_by(|one, other| one.target_kind.cmp(&other.target_kind));
    let [member, session] = entries.as_slice() else { unreachable!("{entries:?}") };
    assert_eq!((member.target_kind.as_str(), &member.target_id), ("member", &id));
    assert_eq!(member.changed, ["upstream_account"]);
    assert_eq!((session.target_kind.as_str(), session.actor), ("session", Actor::Member(bound.id)));

    // from now on the account decides, whatever its address
    for email in [None, Some("elsewhere@example.com"), Some(ADA)] {
        world.provider.lets_in("ada-1", email);
        assert_eq!(signs_in(&world).await.unwrap().entered.user.member, bound, "{email:?}");
    }
}

#[tokio::test]
async fn every_sign_in_is_a_session_of_its_own_that_counts() {
    let world = World::new().await;
    world.member_at(ADA).await;
    world.provider.lets_in("ada-1", Some(ADA));
    let [one, other] = [signs_in(&world).await.unwrap(), signs_in(&world).await.unwrap()];
    let [one, other] = [one, other].map(|arrival| arrival.entered.cookie.expose().to_owned());
    assert_ne!(one, other);
    for cookie in [one, other] {
        assert!(world.app.signed_in(&cookie, Origin::local("test")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn what_is_redeemed_is_the_code_for_the_attempt_that_the_browser_was_sent_with() {
    let world = World::new().await;
    world.member_at(ADA).await;
    world.provider.lets_in("ada-1", Some(ADA));
    let [first, second] = [Sent::new(&world).await, Sent::new(&world).await];
    second.back_with(&world, Some("code-2")).await.unwrap();
    first.back_with(&world, Some("code-1")).await.unwrap();
    let redeemed = world.provider.redeemed();
    let seen: Vec<_> = redeemed
        .iter()
        .map(|(attempt, code)| (attempt.nonce.as_str(), attempt.verifier.expose(), code.as_str()))
        .collect();
    assert_eq!(seen, [("nonce-1", "verifier-1", "code-2"), ("nonce-0", "verifier-0", "code-1")]);
}

#[tokio::test]
async fn a_way_back_that_does_not_belong_to_a_way_there_of_this_browser_asks_the_provider_nothing() {
    let world = World::new().await;
    world.member_at(ADA).await;
    world.provider.lets_in("ada-1", Some(ADA));
    let sent = Sent::new(&world).await;
    let attackers = Sent::new(&world).await;
    let again = Sent::from(&world, sent.browser.clone()).await.unwrap();
    let answer =
        |ticket, mark| UpstreamAnswer { ticket, mark, code: Some("code"), device: None, origin: Origin::local(CALL) };
    let (state, mark) = (Some(&sent.state), Some(sent.mark.as_str()));
    let mangled = Ticket(sent.state.0.iter().map(|byte| byte ^ 1).collect());
    for (what, browser, answer) in [
        ("no state", &sent.browser, answer(None, mark)),
        ("a mangled state", &sent.browser, answer(Some(&mangled), mark)),
        ("a state that was never one", &sent.browser, answer(Some(&Ticket(Vec::new())), mark)),
        ("the attacker's state", &sent.browser, answer(Some(&attackers.state), mark)),
        ("the attacker's state and mark", &sent.browser, answer(Some(&attackers.state), Some(&attackers.mark))),
        ("the state of another attempt", &sent.browser, answer(Some(&again.state), mark)),
        ("used, or in a browser that was not sent", &sent.browser, answer(state, None)),
        ("in another browser", &attackers.browser, answer(state, mark)),
    ] {
        let answer = world.app.end_upstream(answer, browser).await;
        assert!(matches!(answer, Err(UpstreamRefusal::Ended)), "{what}: {answer:?}");
    }
    assert_eq!(world.provider.redeemed(), Vec::new());
    sent.back_with(&world, Some("code")).await.unwrap();
}

#[tokio::test]
async fn there_are_ten_minutes_to_come_back() {
    let world = World::new().await;
    world.member_at(ADA).await;
    world.provider.lets_in("ada-1", Some(ADA));
    let sent = Sent::new(&world).await;
    world.clock.advance(Duration::seconds(599));
    sent.back_with(&world, Some("code")).await.unwrap();
    world.clock.advance(Duration::seconds(1));
    is_ended(sent.back_with(&world, Some("code")).await);
}

#[tokio::test]
async fn whoever_is_no_member_is_not_let_in_and_nothing_is_made() {
    let world = World::new().await;
    let disabled = world.member_at("disabled@example.com").await;
    world.disable(&disabled).await;
    for (subject, email) in [
        ("stranger", None),
        ("stranger", Some("stranger@example.com")),
        ("disabled", Some("disabled@example.com")),
        ("no address", Some("")),
    ] {
        world.provider.lets_in(subject, email);
        is_not_let_in(signs_in(&world).await);
    }
    world.provider.lets_in("ada-1", None);
    let ada = world.member_at(ADA).await;
    is_not_let_in(signs_in(&world).await);
    assert_eq!(world.seen_member(&ada).await.upstream, None, "an address that nobody has made sure of binds nothing");
    assert_eq!(world.came_back(Outcome::Done).await, Vec::new());
}

#[tokio::test]
async fn a_member_that_was_disabled_is_let_in_no_more() {
    let world = World::new().await;
    let ada = world.member_at(ADA).await;
    world.provider.lets_in("ada-1", Some(ADA));
    signs_in(&world).await.unwrap();
    world.disable(&ada).await;
    is_not_let_in(signs_in(&world).await);
}

#[tokio::test]
async fn an_address_that_has_changed_hands_lets_nobody_in_and_its_member_is_told() {
    let world = World::new().await;
    let ada = world.member_at(ADA).await;
    world.provider.lets_in("ada-1", Some(ADA));
    signs_in(&world).await.unwrap();
    let bound = world.seen_member(&ada).await;
    world.provider.lets_in("ada-2", Some(ADA));
    is_not_let_in(signs_in(&world).await);
    assert_eq!(world.seen_member(&ada).await, bound);
    let refused = eventually("the entry", || async {
        let entries = world.came_back(Outcome::Refused).await;
        (!entries.is_empty()).then_some(entries)
    })
    .await;
    let [entry] = refused.as_slice() else { unreachable!("{refused:?}") };
    assert_eq!((entry.target_kind.as_str(), &entry.target_id), ("member", &ada));
}

#[tokio::test]
async fn what_the_provider_refuses_is_not_let_in_and_a_provider_that_is_away_is_told_as_such() {
    let world = World::new().await;
    world.member_at(ADA).await;
    world.provider.refuses();
    let sent = Sent::new(&world).await;
    is_not_let_in(sent.back_with(&world, Some("code")).await);
    let asked = world.provider.redeemed().len();
    for code in [None, Some("x".repeat(4097))] {
        is_not_let_in(sent.back_with(&world, code.as_deref()).await);
    }
    assert_eq!(world.provider.redeemed().len(), asked, "what can be no code is not shown to the provider");
    world.provider.goes_away();
    let away = sent.back_with(&world, Some("code")).await;
    assert!(matches!(away, Err(UpstreamRefusal::Unavailable)), "{away:?}");
    let away = Sent::from(&world, world.app.new_browser()).await.map(|sent| sent.mark);
    assert!(matches!(away, Err(UpstreamRefusal::Unavailable)), "{away:?}");
}

#[tokio::test]
async fn what_no_application_has_asked_is_not_carried_there() {
    let world = World::new().await;
    world.provider.lets_in("ada-1", Some(ADA));
    let browser = world.app.new_browser();
    let made_up = Ticket(b"nothing of ours".to_vec());
    let refused = world.app.begin_upstream(Some(&made_up), &browser, |_| String::new()).await;
    assert!(matches!(refused, Err(UpstreamRefusal::Ended)), "{refused:?}");
    let sent = Sent::new(&world).await;
    assert!(world.app.asked_before(&sent.state, &sent.browser).is_none());
    let refused = world.app.begin_upstream(Some(&sent.state), &sent.browser, |_| String::new()).await;
    assert!(matches!(refused, Err(UpstreamRefusal::Ended)), "a state is no request: {refused:?}");
}
