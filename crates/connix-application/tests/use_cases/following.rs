//! Following a log and a task: what ends it, on a memory store.

use crate::world::World;
use connix_application::{LogStart, Next, Over, Precondition, ProjectRef, Step};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::permission::Permissions;
use connix_domain::port::store::Committer;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

/// Contract section 10: at the latest after 5 s.
#[tokio::test]
async fn a_revoked_key_follows_nothing_any_more() {
    let world = World::new().await;
    let agent = world.agent("helper").await;
    let caller = world.caller_with(Permissions::all(), None).await;
    let project = ProjectRef::default_project();
    let id = agent.id.to_string();
    let app = Arc::clone(&world.app);
    let mut follower = app.follow_logs(&caller, &project, &id, None, LogStart::After(0)).await.unwrap();
    assert_eq!(follower.next(SOON).await, Ok(Next::Quiet));
    let key = caller.key().unwrap().id();
    world.app.revoke_api_key(&world.caller, &key, &Precondition::None).await.unwrap();
    assert_eq!(follower.next(LONG).await, Ok(Next::Over(Over::Gone)));
}

#[tokio::test]
async fn an_ending_service_ends_what_is_followed_at_once() {
    let world = World::new().await;
    let agent = world.agent("helper").await;
    let task = world.task(&agent, "wait").await;
    let (project, id) = (ProjectRef::default_project(), agent.id.to_string());
    let app = Arc::clone(&world.app);
    let mut follower = app.follow_task(&world.caller, &project, &id, &task.id.to_string(), 0).await.unwrap();
    let leaving = async {
        tokio::task::yield_now().await;
        world.app.begin_leaving();
    };
    let (next, ()) = tokio::join!(follower.next(LONG), leaving);
    assert_eq!(next, Ok(Next::Over(Over::Leaving)));
}

#[tokio::test]
async fn the_end_of_a_task_is_told_once() {
    let world = World::supervised().await;
    let agent = world.agent("helper").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let task = world.task(&agent, "work").await;
    let claimed = world.claim(worker, &grant).await;
    let (project, id, task_id) = (ProjectRef::default_project(), agent.id.to_string(), task.id.to_string());
    let mut follower = Arc::clone(&world.app).follow_task(&world.caller, &project, &id, &task_id, 0).await.unwrap();
    assert_eq!(follower.next(SOON).await, Ok(Next::Quiet));
    let attempt = (task.id, claimed.task.attempt);
    world.app.complete_task(worker, grant.session, attempt, json!("4"), Default::default()).await.unwrap();
    let told = follower.next(LONG).await.unwrap();
    assert!(
        matches!(&told, Next::More(Step::Ended { sequence: 1, task }) if task.output == Some(json!("4"))),
        "{told:?}"
    );
    assert_eq!(follower.next(LONG).await, Ok(Next::Over(Over::Told)));
    let again = Arc::clone(&world.app).follow_task(&world.caller, &project, &id, &task_id, 1).await.unwrap();
    assert!(again.is_told());
}

/// A million lines of other levels must hold up neither the heartbeat nor the end of a stream.
#[tokio::test]
async fn a_rare_level_is_looked_for_page_by_page() {
    let world = World::new().await;
    let agent = world.agent("helper").await;
    let line = |n: u64| LogLine {
        org: agent.org,
        agent: agent.id,
        key: LineKey::Service(n),
        at: world.now(),
        level: if n == 1000 { LogLevel::Error } else { LogLevel::Info },
        message: n.to_string(),
        context: json!({}),
    };
    let lines = (0..=1000).map(line).collect();
    world.store.commit(ChangeSet::new().with(Change::AppendLogs(lines))).await.unwrap();
    let (project, id) = (ProjectRef::default_project(), agent.id.to_string());
    let follow = async |start| {
        Arc::clone(&world.app).follow_logs(&world.caller, &project, &id, Some(LogLevel::Error), start).await.unwrap()
    };
    let mut hurried = follow(LogStart::After(0)).await;
    for _ in 0..10 {
        assert_eq!(hurried.next(Duration::ZERO).await, Ok(Next::Quiet), "a page without such a line");
    }
    let found = hurried.next(Duration::ZERO).await.unwrap();
    assert!(matches!(&found, Next::More(lines) if lines[0].line.message == "1000"), "{found:?}");
    let patient = follow(LogStart::After(0)).await.next(LONG).await.unwrap();
    assert_eq!(patient, found, "within one wait");
    let mut leaving = follow(LogStart::After(0)).await;
    assert_eq!(leaving.next(Duration::ZERO).await, Ok(Next::Quiet));
    world.app.begin_leaving();
    assert_eq!(leaving.next(LONG).await, Ok(Next::Over(Over::Leaving)));
}
