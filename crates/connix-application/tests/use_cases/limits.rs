//! How often callers may ask, what their tasks are charged to, and who is refused for guessing.

use crate::world::World;
use connix_application::{Caller, Error, ProjectRef, RateLimits};
use connix_domain::agent::Agent;
use connix_domain::permission::Permissions;
use connix_domain::rate_limit::{Figures, Policy};
use connix_domain::task::{Task, Usage};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};

const USED: Usage = Usage { prompt: 60, completion: 40, requests: 1 };
const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
const THERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));

fn limits(policy: Policy, figure: u32) -> RateLimits {
    RateLimits { figures: Figures::default().with(policy, figure), failed_credentials: 3 }
}

async fn tokens_left(world: &World, caller: &Caller) -> (bool, i64) {
    let verdict = world.app.take_call(caller, Policy::Minute, true).await.unwrap().unwrap();
    (verdict.passes(), verdict.of(Policy::Tokens).unwrap().remaining)
}

async fn give(world: &World, caller: &Caller, agent: &Agent) -> Task {
    let (project, id, order) = (ProjectRef::Id(agent.project), agent.id.to_string(), crate::world::task_order("work"));
    world.app.create_task(caller, &project, &id, order, None).await.unwrap()
}

#[tokio::test]
async fn what_a_task_used_is_charged_to_the_key_that_gave_it_once() {
    let world = World::limited(limits(Policy::Tokens, 250)).await;
    let other = world.caller_with(Permissions::all(), None).await;
    let agent = world.agent("helper").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let task = give(&world, &other, &agent).await;
    world.claim(worker, &grant).await;
    for _ in 0..2 {
        world.app.complete_task(worker, grant.session, (task.id, 1), json!("done"), USED).await.unwrap();
    }
    assert_eq!(tokens_left(&world, &other).await, (true, 150));
    assert_eq!(tokens_left(&world, &world.caller).await, (true, 250), "the agent's maker did not give the task");
}

#[tokio::test]
async fn no_work_is_started_when_no_tokens_are_left_and_everything_else_goes_on() {
    let world = World::limited(limits(Policy::Tokens, 100)).await;
    let agent = world.agent("helper").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let task = give(&world, &world.caller, &agent).await;
    world.claim(worker, &grant).await;
    world.app.release_task(worker, grant.session, (task.id, 1), USED).await.unwrap();
    assert_eq!(tokens_left(&world, &world.caller).await, (false, 0));
    let reading = world.app.take_call(&world.caller, Policy::Minute, false).await.unwrap().unwrap();
    assert!(reading.passes());
    world.clock.advance(chrono::Duration::hours(1));
    assert_eq!(tokens_left(&world, &world.caller).await, (true, 100));
}

#[tokio::test]
async fn keys_have_budgets_of_their_own() {
    let world = World::limited(limits(Policy::Minute, 1)).await;
    let other = world.caller_with(Permissions::all(), None).await;
    for caller in [&world.caller, &other] {
        let mut passes = Vec::new();
        for _ in 0..2 {
            passes.push(world.app.take_call(caller, Policy::Minute, false).await.unwrap().unwrap().passes());
        }
        assert_eq!(passes, [true, false]);
    }
}

#[tokio::test]
async fn nothing_is_limited_where_limits_are_off() {
    let world = World::new().await;
    assert_eq!(world.app.take_call(&world.caller, Policy::Minute, true).await, Ok(None));
    for _ in 0..1000 {
        assert_eq!(world.app.refuse_credential(HERE), Error::Unauthorized);
    }
}

/// K16.
#[tokio::test]
async fn whoever_guesses_is_refused_after_so_many_and_known_keys_behind_the_address_are_not() {
    let world = World::limited(limits(Policy::Minute, 100)).await;
    let known = format!("cx_{}_secret", world.caller.principal());
    world.app.authenticate_from(HERE, &known).await.unwrap();
    let limited = Err(Error::RateLimited { retry_after: 60 });
    let guess = async |address| world.app.authenticate_from(address, "cx_000000000099_secret").await.map(drop);
    for _ in 0..3 {
        assert_eq!(guess(HERE).await, Err(Error::Unauthorized));
    }
    assert_eq!(guess(HERE).await, limited);
    assert_eq!(world.app.authenticate_from(HERE, "nonsense").await.map(drop), limited);
    assert_eq!(guess(THERE).await, Err(Error::Unauthorized), "from elsewhere");
    world.app.authenticate_from(HERE, &known).await.unwrap();
    world.clock.advance(chrono::Duration::seconds(60));
    assert_eq!(guess(HERE).await, Err(Error::Unauthorized), "a minute later");
}
