//! Members, teams, and who sees which project.

use super::tenant::{Outcome, all_projects, everything};
use super::{Subject, Tenant};
use crate::ids::chance;
use crate::samples;
use connix_domain::change_set::Change;
use connix_domain::id::{ProjectId, TeamId, UserId};
use connix_domain::member::Member;
use connix_domain::name::TeamName;
use connix_domain::organisation::Organisation;
use connix_domain::page::{DirectoryQuery, ProjectQuery, Viewer, Window};
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, Visibility};
use connix_domain::rate_limit::{Overrides, Policy};
use connix_domain::role::Role;
use connix_domain::team::{Membership, Team};
use connix_domain::upstream::UpstreamAccount;
use std::collections::BTreeSet;

fn stale(entity: Entity) -> Outcome {
    Err(CommitError::Stale { entity })
}

async fn joined(tenant: &Tenant, team: &Team, member: &Member) -> Membership {
    let membership = Membership { org: tenant.org(), team: team.id, user: member.id, since: samples::after(3) };
    tenant.must([Change::JoinTeam(membership)]).await;
    membership
}

/// `Change::UpdateOrganisation`, `MemberReader::organisation`
pub async fn an_organisation_is_changed_by_its_version(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let limits = Overrides::from_iter([(Policy::Hour, 7)]);
    let next = Organisation { limits, updated_at: samples::after(9), version: 2, ..samples::organisation() };
    let next = Organisation { id: tenant.org(), owner: tenant.organisation.owner, ..next };
    tenant.must([Change::UpdateOrganisation(next.clone())]).await;
    assert_eq!(tenant.store.organisation(tenant.scope()).await, Ok(Some(next.clone())));
    assert_eq!(tenant.store.organisation(other.scope()).await, Ok(Some(other.organisation.clone())));
    assert_eq!(tenant.commit([Change::UpdateOrganisation(next.clone())]).await, stale(Entity::Organisation));
    let taken = Organisation { name: other.organisation.name.clone(), version: 3, ..next };
    let duplicate = Err(CommitError::Duplicate { entity: Entity::Organisation, field: "name" });
    assert_eq!(tenant.commit([Change::UpdateOrganisation(taken)]).await, duplicate);
}

/// Everything a member can hold.
pub async fn members_come_back_as_they_were(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for member in [samples::member(tenant.org(), Role::Viewer), samples::full_member(tenant.org())] {
        tenant.must([Change::CreateMember(member.clone())]).await;
        assert_eq!(tenant.store.member(tenant.scope(), member.id).await, Ok(Some(member.clone())));
        let next =
            Member { version: member.version + 1, ..Member { id: member.id, ..samples::full_member(tenant.org()) } };
        tenant.must([Change::UpdateMember(next.clone())]).await;
        assert_eq!(tenant.store.member(tenant.scope(), member.id).await, Ok(Some(next.clone())));
        assert_eq!(tenant.commit([Change::UpdateMember(next)]).await, stale(Entity::Member));
    }
}

/// MemberReader: "MUST be `None`, not an error, for an unknown member and for another organisation's; …"
pub async fn unknown_and_foreign_members_are_none_and_disabled_ones_are_seen(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let member = Member { disabled_at: Some(samples::noon()), ..samples::member(tenant.org(), Role::Member) };
    tenant.must([Change::CreateMember(member.clone())]).await;
    assert_eq!(tenant.store.member(other.scope(), member.id).await, Ok(None));
    assert_eq!(tenant.store.member(tenant.scope(), UserId::new(0)).await, Ok(None));
    assert_eq!(tenant.store.member(tenant.scope(), member.id).await, Ok(Some(member.clone())));
    assert_eq!(tenant.store.members(other.scope(), &everything(), None).await.map(|page| page.total), Ok(0));
    let foreign = Member { org: other.org(), version: 2, ..member };
    assert_eq!(tenant.commit([Change::UpdateMember(foreign)]).await, stale(Entity::Member));
}

/// `MemberReader::members`: the oldest first, a part of them.
pub async fn members_are_listed_oldest_first(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut made = Vec::new();
    for age in [3, 1, 2] {
        let member = Member { created_at: samples::after(age), ..samples::member(tenant.org(), Role::Member) };
        tenant.must([Change::CreateMember(member.clone())]).await;
        made.push(member);
    }
    let second = DirectoryQuery::oldest_first(Window { limit: 2, offset: 1 });
    let part = tenant.store.members(tenant.scope(), &second, None).await.expect("members");
    assert_eq!((part.total, part.items), (3, vec![made[2].clone(), made[0].clone()]));
}

/// `Change::CreateMember`: "… unique in the organisation without regard to case."
pub async fn an_address_is_unique_in_its_organisation_without_regard_to_case(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let at = |org, text: &str| Member { email: Some(samples::email(text)), ..samples::member(org, Role::Member) };
    let text = format!("Ada{:x}@example.com", chance());
    let duplicate = || Err(CommitError::Duplicate { entity: Entity::Member, field: "email" });
    tenant.must([Change::CreateMember(at(tenant.org(), &text))]).await;
    let second = at(tenant.org(), &text.to_uppercase());
    assert_eq!(tenant.commit([Change::CreateMember(second.clone())]).await, duplicate());
    tenant.must([Change::CreateMember(at(other.org(), &text))]).await;
    let without = Member { email: None, ..second.clone() };
    tenant.must([Change::CreateMember(without)]).await;
    assert_eq!(tenant.commit([Change::UpdateMember(Member { version: 2, ..second })]).await, duplicate());
}

/// MemberReader: "The members of all organisations that sign in with an address, … MUST leave disabled ones out."
pub async fn who_signs_in_is_found_by_address_without_the_disabled(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let text = format!("Grace{:x}@example.com", chance());
    let email = Some(samples::email(&text));
    let enabled = Member { email: email.clone(), ..samples::member(tenant.org(), Role::Member) };
    let disabled_at = Some(samples::noon());
    let disabled = Member { email, disabled_at, ..samples::member(other.org(), Role::Member) };
    tenant.must([Change::CreateMember(enabled.clone()), Change::CreateMember(disabled)]).await;
    for spelt in [text.clone(), text.to_uppercase()] {
        assert_eq!(tenant.store.members_by_email(&spelt).await, Ok(vec![enabled.clone()]));
    }
    assert_eq!(tenant.store.members_by_email("nobody\0@example.com").await, Ok(Vec::new()));
}

/// MemberReader: "… MUST compare issuer and subject exactly, and leave disabled members out."
pub async fn who_signs_in_through_a_provider_is_found_by_account_without_the_disabled(subject: &dyn Subject) {
    let tenants = [Tenant::new(subject).await, Tenant::new(subject).await, Tenant::new(subject).await];
    let account = samples::upstream_account();
    let bound = |tenant: &Tenant, age| Member {
        upstream: Some(account.clone()),
        created_at: samples::after(age),
        ..samples::member(tenant.org(), Role::Member)
    };
    let [younger, older, disabled] = [(0, 2), (1, 1), (2, 0)].map(|(of, age)| bound(&tenants[of], age));
    tenants[0].must([Change::CreateMember(younger.clone())]).await;
    tenants[1].must([Change::CreateMember(older.clone())]).await;
    let disabled_at = Some(samples::noon());
    tenants[2].must([Change::CreateMember(Member { disabled_at, ..disabled })]).await;
    let store = subject.store();
    assert_eq!(store.members_by_account(&account).await, Ok(vec![older, younger]));
    let issuer = account.issuer.to_uppercase();
    for other in [
        UpstreamAccount { issuer, ..account.clone() },
        UpstreamAccount { subject: account.subject.to_lowercase(), ..account.clone() },
        UpstreamAccount { subject: format!("{}\0", account.subject), ..account },
    ] {
        assert_eq!(store.members_by_account(&other).await, Ok(Vec::new()), "{other:?}");
    }
}

/// `Change::CreateMember`: "… its account at a provider exactly."
pub async fn an_account_is_bound_to_one_member_of_an_organisation(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let account = samples::upstream_account();
    let bound = |org| Member { upstream: Some(account.clone()), ..samples::member(org, Role::Member) };
    let duplicate = || Err(CommitError::Duplicate { entity: Entity::Member, field: "upstream_account" });
    tenant.must([Change::CreateMember(bound(tenant.org()))]).await;
    assert_eq!(tenant.commit([Change::CreateMember(bound(tenant.org()))]).await, duplicate());
    let later = samples::member(tenant.org(), Role::Member);
    tenant.must([Change::CreateMember(later.clone())]).await;
    let next = later.bound_to(account.clone(), samples::after(1));
    assert_eq!(tenant.commit([Change::UpdateMember(next)]).await, duplicate());
    let elsewhere = UpstreamAccount { issuer: "https://other.example".to_owned(), ..account.clone() };
    tenant.must([Change::UpdateMember(later.bound_to(elsewhere, samples::after(1)))]).await;
    other.must([Change::CreateMember(bound(other.org()))]).await;
}

/// MemberReader: "MUST find the member that was handed a link, whatever its organisation, also when the link has expired."
pub async fn who_was_handed_a_link_is_found_by_it(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let invited = samples::full_member(tenant.org());
    tenant.must([Change::CreateMember(invited.clone())]).await;
    let digest = invited.invitation.as_ref().map(|link| link.digest).expect("a link");
    assert_eq!(tenant.store.member_by_invitation(&digest).await, Ok(Some(invited.clone())));
    let used = Member { invitation: None, version: invited.version + 1, ..invited };
    tenant.must([Change::UpdateMember(used)]).await;
    assert_eq!(tenant.store.member_by_invitation(&digest).await, Ok(None));
}

/// `Change::OwnerRemains`
pub async fn the_last_owner_cannot_go(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let remains = || Change::OwnerRemains { org: tenant.org() };
    let (first, second) = (samples::member(tenant.org(), Role::Owner), samples::member(tenant.org(), Role::Owner));
    tenant.must([Change::CreateMember(first.clone()), Change::CreateMember(second.clone())]).await;
    let lowered = Member { role: Role::Admin, version: 2, ..first };
    tenant.must([Change::UpdateMember(lowered), remains()]).await;
    let disabled = Member { disabled_at: Some(samples::noon()), version: 2, ..second.clone() };
    assert_eq!(tenant.commit([Change::UpdateMember(disabled), remains()]).await, stale(Entity::Member));
    assert_eq!(tenant.store.member(tenant.scope(), second.id).await, Ok(Some(second)));
}

/// Teams, with the rule of their names.
pub async fn teams_come_back_and_their_names_are_unique(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let team = samples::team(tenant.org(), "Legal");
    tenant.must([Change::CreateTeam(team.clone())]).await;
    assert_eq!(tenant.store.team(tenant.scope(), team.id).await, Ok(Some(team.clone())));
    assert_eq!(tenant.store.teams(tenant.scope(), &everything()).await.map(|page| page.items), Ok(vec![team.clone()]));
    let duplicate = Err(CommitError::Duplicate { entity: Entity::Team, field: "name" });
    assert_eq!(tenant.commit([Change::CreateTeam(samples::team(tenant.org(), "LEGAL"))]).await, duplicate);
    tenant.must([Change::CreateTeam(samples::team(other.org(), "legal"))]).await;
    let renamed = team.renamed(TeamName::parse("Law").expect("a name"), samples::after(9)).expect("another name");
    tenant.must([Change::UpdateTeam(renamed.clone())]).await;
    assert_eq!(tenant.store.team(tenant.scope(), team.id).await, Ok(Some(renamed.clone())));
    assert_eq!(tenant.commit([Change::UpdateTeam(renamed)]).await, stale(Entity::Team));
}

/// MemberReader: "MUST be `None`, not an error, for an unknown team and for another organisation's."
pub async fn unknown_and_foreign_teams_are_none(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let team = samples::team(tenant.org(), "Legal");
    tenant.must([Change::CreateTeam(team.clone())]).await;
    assert_eq!(tenant.store.team(other.scope(), team.id).await, Ok(None));
    assert_eq!(tenant.store.team(tenant.scope(), TeamId::new(0)).await, Ok(None));
    assert_eq!(tenant.store.teams(other.scope(), &everything()).await.map(|page| page.total), Ok(0));
    let exists = |org| Change::TeamExists { org, id: team.id };
    tenant.must([exists(tenant.org())]).await;
    assert_eq!(tenant.commit([exists(other.org())]).await, stale(Entity::Team));
    let foreign = Change::DeleteTeam { org: other.org(), id: team.id, at: samples::noon() };
    assert_eq!(tenant.commit([foreign]).await, stale(Entity::Team));
}

/// `Change::JoinTeam`, `Change::LeaveTeam`: "nothing when it has been so already".
pub async fn members_join_and_leave_teams(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let (team, member) = (samples::team(tenant.org(), "Legal"), samples::member(tenant.org(), Role::Member));
    tenant.must([Change::CreateTeam(team.clone()), Change::CreateMember(member.clone())]).await;
    for _ in 0..2 {
        joined(&tenant, &team, &member).await;
        assert_eq!(tenant.store.teams_of(tenant.scope(), member.id).await, Ok(vec![team.id]));
        let page = tenant.store.team_members(tenant.scope(), team.id, &everything(), None).await;
        assert_eq!(page.map(|page| (page.total, page.items)), Ok((1, vec![member.clone()])));
    }
    assert_eq!(tenant.store.teams_of(other.scope(), member.id).await, Ok(Vec::new()));
    assert_eq!(
        tenant.store.team_members(other.scope(), team.id, &everything(), None).await.map(|page| page.total),
        Ok(0)
    );
    let leave = |org| Change::LeaveTeam { org, team: team.id, user: member.id };
    tenant.must([leave(other.org())]).await;
    assert_eq!(tenant.store.teams_of(tenant.scope(), member.id).await, Ok(vec![team.id]));
    tenant.must([leave(tenant.org()), leave(tenant.org())]).await;
    assert_eq!(tenant.store.teams_of(tenant.scope(), member.id).await, Ok(Vec::new()));
    let stranger = samples::member(other.org(), Role::Member);
    tenant.must([Change::CreateMember(stranger.clone())]).await;
    let foreign = Membership { org: tenant.org(), team: team.id, user: stranger.id, since: samples::noon() };
    assert_eq!(tenant.commit([Change::JoinTeam(foreign)]).await, Err(CommitError::Reference));
}

/// `Change::DeleteTeam`: "Its projects belong to none from then on. …"
pub async fn a_deleted_team_leaves_its_projects(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (team, member) = (samples::team(tenant.org(), "Legal"), samples::member(tenant.org(), Role::Member));
    tenant.must([Change::CreateTeam(team.clone()), Change::CreateMember(member.clone())]).await;
    joined(&tenant, &team, &member).await;
    let project = Project { team: Some(team.id), ..tenant.draft("of-a-team").await };
    tenant.must([Change::CreateProject(project.clone())]).await;
    let delete = || Change::DeleteTeam { org: tenant.org(), id: team.id, at: samples::after(30) };
    tenant.must([delete()]).await;
    let left = Project { team: None, updated_at: samples::after(30), version: 2, ..project.clone() };
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(left)));
    assert_eq!(tenant.store.teams_of(tenant.scope(), member.id).await, Ok(Vec::new()));
    assert_eq!(tenant.commit([delete()]).await, stale(Entity::Team));
}

/// `ProjectQuery::seen_by`: shared projects, those that the member made, those of its teams.
pub async fn a_member_s_list_holds_what_it_sees(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (me, mine, theirs) = (UserId::new(chance()), TeamId::new(chance()), TeamId::new(chance()));
    let mut made: Vec<Project> = Vec::new();
    for visibility in [Visibility::Private, Visibility::Shared] {
        for created_by in [me, UserId::new(chance())] {
            for team in [None, Some(mine), Some(theirs)] {
                let draft = tenant.draft(&format!("project-{}", made.len())).await;
                made.push(Project { visibility, created_by, team, ..draft });
            }
        }
    }
    tenant.must(made.iter().cloned().map(Change::CreateProject)).await;
    let listed = async |teams: Vec<TeamId>, within: Option<Vec<ProjectId>>| {
        let seen_by = Some(Viewer { user: me, teams });
        let query = ProjectQuery { seen_by, within, ..all_projects() };
        let page = tenant.store.projects(tenant.scope(), &query).await.expect("projects");
        assert_eq!(page.total, page.items.len() as i64);
        page.items.iter().map(|project| project.id).collect::<BTreeSet<_>>()
    };
    for teams in [Vec::new(), vec![mine], vec![mine, theirs]] {
        let viewer = Viewer { user: me, teams: teams.clone() };
        let seen = made.iter().filter(|project| viewer.sees(project));
        assert_eq!(listed(teams, None).await, seen.map(|project| project.id).collect());
    }
    let hidden = made.iter().find(|p| p.visibility == Visibility::Private && p.created_by != me).expect("one");
    assert_eq!(listed(Vec::new(), Some(vec![hidden.id, made[0].id])).await, BTreeSet::from([made[0].id]));
}
