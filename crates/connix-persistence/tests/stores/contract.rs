//! Both stores pass the contract suite, PostgreSQL in both of its ways to commit a group.

use connix_domain::change_set::Change;
use connix_domain::log::LogLine;
use connix_domain::page::{LogQuery, Window};
use connix_domain::project::Project;
use connix_testkit::contract::{Subject, Tenant};
use connix_testkit::samples;

mod sqlite {
    use crate::databases::Opened;

    connix_testkit::store_contract!(Opened::sqlite);
}

mod postgres {
    use crate::databases::Opened;

    connix_testkit::store_contract!(Opened::postgres);
}

mod postgres_under_savepoints {
    use crate::databases::Opened;

    connix_testkit::store_contract!(Opened::postgres_under_savepoints);
}

/// Not a promise of the port, but how these two stores keep what PostgreSQL cannot: a worker's output holds anything.
pub(crate) async fn nul_becomes_a_sign(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = Project { description: Some("a\0b".to_owned()), ..tenant.draft("nul").await };
    tenant.must([Change::CreateProject(project.clone())]).await;
    let agent = tenant.agent(&project, "worker").await;
    tenant
        .must([Change::AppendLogs(vec![LogLine { message: "c\0".to_owned(), ..samples::log_line(&agent, 1) }])])
        .await;
    let kept = tenant.store.project(tenant.scope(), project.id).await.unwrap();
    assert_eq!(kept.and_then(|project| project.description), Some("a\u{fffd}b".to_owned()));
    let query =
        LogQuery { agent: agent.id, level: None, start: None, end: None, window: Window { limit: 1, offset: 0 } };
    let lines = tenant.store.logs(tenant.scope(), &query).await.unwrap().items;
    assert_eq!(lines.first().map(|line| line.message.as_str()), Some("c\u{fffd}"));
}
