//! Who may guess passwords how often, and what it costs (`reliability.md` L01 to L04), where that needs days or crowds.

use crate::world::{World, eventually};
use chrono::Duration;
use connix_application::{App, Entered, Guest, OrgRef, SignInRefusal};
use connix_domain::audit::Origin;
use connix_domain::member::{EmailAddress, PasswordHash};
use connix_domain::port::secrets::Secret;
use connix_domain::role::Role;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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

/// L02: whoever has the same address in another organisation guesses for nobody else.
#[tokio::test]
async fn a_namesake_who_is_right_about_its_own_password_forgives_no_guesses_at_others() {
    let world = world_with(ADA).await;
    let of_namesake = "the password of a namesake";
    world.app.create_organisation("elsewhere").await.unwrap();
    let elsewhere = OrgRef::Named("elsewhere".to_owned());
    world.app.make_member(&elsewhere, ADA, Role::Admin, PasswordHash(of_namesake.to_owned())).await.unwrap();
    let guesser = Browser::at(HERE);
    for _ in 0..2 {
        assert!(!guesser.signs_in(&world, ADA, WRONG).await);
        assert!(!guesser.signs_in(&world, ADA, WRONG).await);
        assert!(guesser.signs_in(&world, ADA, of_namesake).await);
    }
    assert!(!Browser::at([192, 0, 2, 2]).signs_in(&world, ADA, RIGHT).await, "guessed at too often");
    world.clock.advance(Duration::hours(1));
    assert!(Browser::at([192, 0, 2, 2]).signs_in(&world, ADA, RIGHT).await);
}

/// L02: the addresses of one customer are one.
#[tokio::test]
async fn another_address_of_the_same_network_is_no_other() {
    let world = world_with(ADA).await;
    let at =
        |host: u16| Browser { address: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host).into()), device: None };
    for guess in 0..50 {
        assert!(!at(guess).signs_in(&world, &format!("account-{guess}@example.com"), WRONG).await);
    }
    assert!(!at(51).signs_in(&world, ADA, RIGHT).await);
    let elsewhere = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 51);
    assert!(Browser { address: Some(elsewhere.into()), device: None }.signs_in(&world, ADA, RIGHT).await);
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

/// L04: a crowd of strangers keeps nobody out who is known.
#[tokio::test]
async fn who_is_known_finds_a_seat_however_many_strangers_there_are() {
    let world = world_with(ADA).await;
    let owner = Browser::at(HERE).known_to(&world, ADA).await;
    let before = world.passwords.compared();
    world.passwords.hold_up();
    let tries = |browser: Browser| {
        let app = world.app.clone();
        tokio::spawn(async move { browser.try_to_sign_in(&app, ADA, RIGHT).await })
    };
    let permits = 2 * available_parallelism().map_or(2, usize::from);
    let strangers: Vec<_> = (0..permits).map(|_| tries(Browser::at(HERE))).collect();
    let compared = |count| {
        let begun = world.passwords.compared() - before;
        async move { (begun == count).then_some(()) }
    };
    eventually("the strangers are served", || compared(permits)).await;
    let refused = Browser::at(HERE).try_to_sign_in(&world.app, ADA, RIGHT).await;
    assert!(matches!(refused, Err(SignInRefusal::Busy)), "{refused:?}");
    let owner = tries(owner);
    eventually("the owner is served", || compared(permits + 1)).await;
    world.passwords.go_on();
    assert!(owner.await.unwrap().is_ok());
    for stranger in strangers {
        assert!(stranger.await.unwrap().is_ok());
    }
}

/// L07: what was begun with the old password ends with it.
#[tokio::test]
async fn a_password_that_is_changed_meanwhile_opens_nothing() {
    let world = world_with(ADA).await;
    let link = world.app.member_link(&OrgRef::Default, ADA).await.unwrap();
    let token = link.expose().split_once("token=").unwrap().1.to_owned();
    let before = world.passwords.compared();
    world.passwords.hold_up();
    let app = world.app.clone();
    let late = tokio::spawn(async move { Browser::at(HERE).try_to_sign_in(&app, ADA, RIGHT).await });
    eventually("the old password is compared", || async { (world.passwords.compared() > before).then_some(()) }).await;
    world.clock.advance(Duration::milliseconds(1));
    let new = Secret::new("eight slow otters count to fifty");
    let entered = world.app.set_password_by_link(&token, &new, Origin::local("setPassword")).await.unwrap();
    world.passwords.go_on();
    let late = late.await.unwrap().unwrap();
    let counts =
        async |cookie: &Secret| world.app.signed_in(cookie.expose(), Origin::local("account")).await.unwrap().is_some();
    assert!(counts(&entered.cookie).await && !counts(&late.cookie).await);
}
