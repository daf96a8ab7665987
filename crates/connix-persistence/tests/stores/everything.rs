//! An organisation with a row in every table that holds rows of organisations.

use connix_domain::agent::Agent;
use connix_domain::change_set::Change;
use connix_domain::oauth::change::OAuthChange;
use connix_domain::port::store::Store;
use connix_domain::role::Role;
use connix_domain::task::TaskPhase;
use connix_domain::team::Membership;
use connix_domain::telemetry::{MeterSource, Reading, ResourceSample, Traffic};
use connix_testkit::contract::{Shared, Tenant};
use connix_testkit::samples;
use connix_testkit::samples::oauth;
use std::sync::Arc;

/// Makes one.
pub(crate) async fn one_of_everything(store: Arc<dyn Store>) -> Tenant {
    let tenant = Tenant::new(&Shared(store)).await;
    let project = tenant.project("everything").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = samples::full_task(&agent, TaskPhase::Completed);
    tenant
        .must([
            Change::CreateApiKey(samples::api_key(tenant.org())),
            Change::CreateTask(task.clone()),
            Change::AppendJournal(vec![samples::journal_entry(&task, 1)]),
            Change::AppendLogs(vec![samples::log_line(&agent, 1)]),
            Change::AppendSamples(vec![sample(&agent)]),
            Change::Raise(samples::event(&project)),
            Change::Audit(samples::audit_entry(tenant.org())),
            Change::Remember(samples::record(tenant.org(), "once")),
        ])
        .await;
    people_and_applications(&tenant).await;
    tenant
}

fn sample(agent: &Agent) -> ResourceSample {
    let reading = |source| Some(Reading { value: 0.5, source });
    ResourceSample {
        org: agent.org,
        agent: agent.id,
        incarnation: 1,
        at: samples::noon(),
        window: chrono::Duration::seconds(10),
        cpu: reading(MeterSource::Cgroup),
        memory: reading(MeterSource::Processes),
        disk: reading(MeterSource::Workspace),
        network: Some(Reading { value: Traffic { received: 1, sent: 2 }, source: MeterSource::WorkerClients }),
        storage: Some(4096),
    }
}

async fn people_and_applications(tenant: &Tenant) {
    let member = samples::member(tenant.org(), Role::Member);
    let team = samples::team(tenant.org(), "everybody");
    let joined = Membership { org: tenant.org(), team: team.id, user: member.id, since: samples::noon() };
    tenant.must([Change::CreateMember(member.clone()), Change::CreateTeam(team), Change::JoinTeam(joined)]).await;
    let client = oauth::public_client(&member);
    let grant = oauth::grant(&client, &member);
    let changes = [
        OAuthChange::CreateClient(client.clone()),
        OAuthChange::IssueCode(oauth::code(&client, &member)),
        OAuthChange::CreateGrant(grant.clone()),
        OAuthChange::IssuePair(oauth::pair(&grant)),
        OAuthChange::GiveConsent(oauth::consent(&client, &member)),
        OAuthChange::OpenSession(oauth::session(&member)),
    ];
    tenant.must(changes.map(Change::from)).await;
}
