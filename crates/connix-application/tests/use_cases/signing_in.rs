//! Who may guess passwords how often, and what it costs (`reliability.md` L01 to L04), where that needs days or crowds.

use crate::world::{World, eventually};
use chrono::Duration;
use connix_application::{App, Entered, Guest, OrgRef, SignInRefusal};
use connix_domain::audit::Origin;
use connix_domain::member::{EmailAddress, PasswordHash};
use connix_domain::port::secrets::Secret;
use connix_domain::role::Role;
use std::net::{IpAddr, Ipv4Addr};
use std::thread::available_parallelism;

const ADA: &str = "ada@example.com";
const RIGHT: &str = "seven slow otters count to forty";
const WRONG: &str = "not the password of anybody";
const HERE: [u8; 4] = [192, 0, 2, 1];

/// A browser in which somebody tries to sign in.
#[derive(Clone, Default)]
struct Browser {
    address: Option<IpAddr>,
    device: Option<String>,
}

impl Browser {
    fn at(address: [u8; 4]) -> Self {
        Self { address: Some(Ipv4Addr::from(address).into()), device: None }
    }

    async fn try_to_sign_in(&self, app: &App, email: &str, password: &str) -> Result<Entered, SignInRefusal> {
        let origin = Origin { address: self.address, ..Origin::local("signIn") };
        let device = self.device.as_deref();
        app.sign_in(Guest { email, password: Secret::new(password), org: None, device, origin }).await
    }

    /// Whether the password is taken; fails the test when it is neither taken nor refused.
    async fn signs_in(&self, world: &World, email: &str, password: &str) -> bool {
        match self.try_to_sign_in(&world.app, email, password).await {
            Ok(_) => true,
            Err(SignInRefusal::Wrong) => false,
            Err(refusal) => unreachable!("{refusal:?}"),
        }
    }

    /// The same browser after the member has signed in from it once.
    async fn known_to(self, world: &World, email: &str) -> Self {
        let entered = self.try_to_sign_in(&world.app, email, RIGHT).await.unwrap();
        Self { device: Some(entered.device), ..self }
    }
}

async fn world_with(email: &str) -> World {
    let world = World::new().await;
    let hash = PasswordHash(RIGHT.to_owned());
    world.app.make_member(&OrgRef::Default, email, Role::Member, hash).await.unwrap();
    world
}

/// L01: a password is compared once, whoever it is and whether it is looked at or not.
#[tokio::test]
async fn whatever_is_wrong_costs_the_same() {
    let world = world_with(ADA).await;
    let invited = EmailAddress::parse("invited@example.com").unwrap();
    world.app.invite_member(&world.caller, (invited.clone(), Role::Member), None).await.unwrap();
    let browser = Browser::at(HERE);
    let mut before = world.passwords.compared();
    let mut costs = async |email: &str, password: &str, let_in: bool| {
        assert_eq!(browser.signs_in(&world, email, password).await, let_in, "{email} with {password}");
        let now = world.passwords.compared();
        std::mem::replace(&mut before, now).abs_diff(now)
    };
    assert_eq!(costs(ADA, RIGHT, true).await, 1);
    assert_eq!(costs("nobody@example.com", WRONG, false).await, 1);
    assert_eq!(costs(invited.as_str(), WRONG, false).await, 1, "without a password");
    for guess in 0..4 {
        assert_eq!(costs(ADA, WRONG, false).await, 1, "guess {guess}");
    }
    assert_eq!(costs(ADA, RIGHT, false).await, 1, "locked");
}

/// L02.
#[tokio::test]
async fn after_a_hundred_guesses_a_day_unknown_browsers_are_refused_and_known_ones_are_not() {
    let world = world_with(ADA).await;
    let owner = Browser::at(HERE).known_to(&world, ADA).await;
    // each from an address of its own, slow enough to be looked at
    for guess in 0..100 {
        assert!(!Browser::at([198, 51, 100, guess]).signs_in(&world, ADA, WRONG).await);
        world.clock.advance(Duration::seconds(10));
    }
    let begun = world.now();
    while world.now() - begun < Duration::hours(23) {
        assert!(
            !Browser::at([203, 0, 113, 1]).signs_in(&world, ADA, RIGHT).await,
            "the right password, after a hundred"
        );
        assert!(owner.signs_in(&world, ADA, RIGHT).await, "the owner is not locked out");
        world.clock.advance(Duration::hours(2));
    }
    assert!(Browser::at([203, 0, 113, 1]).signs_in(&world, ADA, RIGHT).await, "a day later");
}

/// L02: a known browser that guesses is slowed down by itself.
#[tokio::test]
async fn a_known_browser_has_its_own_guesses() {
    let world = world_with(ADA).await;
    let stolen = Browser::at(HERE).known_to(&world, ADA).await;
    let owner = Browser::at([192, 0, 2, 2]).known_to(&world, ADA).await;
    for _ in 0..4 {
        assert!(!stolen.signs_in(&world, ADA, WRONG).await);
    }
    assert!(!stolen.signs_in(&world, ADA, RIGHT).await);
    assert!(owner.signs_in(&world, ADA, RIGHT).await);
    assert!(Browser::at([192, 0, 2, 3]).signs_in(&world, ADA, RIGHT).await);
    let forged = Browser { device: stolen.device.map(|mark| format!("0{mark}")), ..Browser::at([192, 0, 2, 4]) };
    for _ in 0..4 {
        assert!(!forged.signs_in(&world, ADA, WRONG).await);
    }
    assert!(!Browser::at([192, 0, 2, 3]).signs_in(&world, ADA, RIGHT).await, "a made-up mark is an unknown browser's");
}

/// L03: refused for the hour, which a pause of some minutes does not end.
#[tokio::test]
async fn an_address_that_tries_one_password_on_many_accounts_is_refused_for_the_hour() {
    let world = world_with(ADA).await;
    let intruder = Browser::at(HERE);
    for account in 0..50 {
        assert!(!intruder.signs_in(&world, &format!("account-{account}@example.com"), RIGHT).await);
    }
    world.clock.advance(Duration::minutes(5));
    assert!(!intruder.signs_in(&world, ADA, RIGHT).await);
    assert!(Browser::at([192, 0, 2, 2]).signs_in(&world, ADA, RIGHT).await, "another address");
    world.clock.advance(Duration::hours(1));
    assert!(intruder.signs_in(&world, ADA, RIGHT).await);
}

/// L04.
#[tokio::test]
async fn of_a_thousand_at_once_a_few_are_looked_at_and_the_rest_is_told_to_come_back() {
    let world = world_with(ADA).await;
    let permits = 2 * available_parallelism().map_or(2, usize::from);
    world.passwords.hold_up();
    let crowd: Vec<_> = (0..1000)
        .map(|_| {
            let app = world.app.clone();
            tokio::spawn(async move { Browser::at(HERE).try_to_sign_in(&app, ADA, RIGHT).await })
        })
        .collect();
    let done = || crowd.iter().filter(|one| one.is_finished()).count();
    eventually("everybody else's answer", || async { (done() == 1000 - permits).then_some(()) }).await;
    world.passwords.go_on();
    let (mut let_in, mut busy) = (0, 0);
    for one in crowd {
        match one.await.unwrap() {
            Ok(_) => let_in += 1,
            Err(SignInRefusal::Busy) => busy += 1,
            Err(refusal) => unreachable!("{refusal:?}"),
        }
    }
    assert_eq!((let_in, busy, world.passwords.most_at_once()), (permits, 1000 - permits, permits));
    assert!(Browser::at(HERE).signs_in(&world, ADA, RIGHT).await, "there is room again");
}
