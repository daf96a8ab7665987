//! Teams, and who is in them (contract section 10).

use super::member::{MEMBER_STATUS, MemberList, MemberView};
use crate::body::{Echo, JsonBody, NoBody};
use crate::call::Call;
use crate::idempotency;
use crate::problem::{Problem, Situation};
use crate::query::PagePagination;
use crate::reply::{Reply, not_modified};
use crate::rfc3339::Instant;
use crate::route::{Answer, Method, PAGE, Route, SEARCH, SORT, TIMES};
use actix_web::{HttpResponse, web};
use connix_domain::member::{Member, MemberStatus};
use connix_domain::name::TeamName;
use connix_domain::permission::Permission;
use connix_domain::team::Team;
use schemars::JsonSchema;
use serde::Serialize;

const TAG: &str = "Teams";
const COLLECTION: &str = "/api/v1/teams";
const ITEM: &str = "/api/v1/teams/{team}";
const MEMBERS: &str = "/api/v1/teams/{team}/members";

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createTeam", || web::to(create))
        .about(TAG, "Create a team")
        .needs(Permission::TeamsWrite)
        .takes::<CreateTeam>()
        .answers(&[Answer::of::<TeamView>(201, "The team")]),
    Route::new(Method::Get, COLLECTION, "listTeams", || web::to(list))
        .about(TAG, "List the organisation's teams")
        .needs(Permission::TeamsRead)
        .query(&[PAGE, SORT, SEARCH, TIMES])
        .answers(&[Answer::of::<TeamList>(200, "A page of teams")]),
    Route::new(Method::Get, ITEM, "getTeam", || web::to(get))
        .about(TAG, "Get a team")
        .needs(Permission::TeamsRead)
        .answers(&[Answer::of::<TeamView>(200, "The team")]),
    Route::new(Method::Patch, ITEM, "updateTeam", || web::to(amend))
        .about(TAG, "Rename a team")
        .needs(Permission::TeamsWrite)
        .takes::<PatchTeam>()
        .answers(&[Answer::of::<TeamView>(200, "The team as it is now")]),
    Route::new(Method::Delete, ITEM, "deleteTeam", || web::to(delete))
        .about(TAG, "Delete a team; its projects stay, and belong to none")
        .needs(Permission::TeamsWrite)
        .answers(&[Answer::of::<TeamRemoved>(200, "It is deleted")]),
    Route::new(Method::Get, MEMBERS, "listTeamMembers", || web::to(members))
        .about(TAG, "List who is in a team")
        .needs(Permission::TeamsRead)
        .query(&[PAGE, SORT, MEMBER_STATUS, SEARCH, TIMES])
        .answers(&[Answer::of::<MemberList>(200, "A page of members")]),
    Route::new(Method::Post, MEMBERS, "addTeamMember", || web::to(join))
        .about(TAG, "Add a member to a team")
        .needs(Permission::TeamsWrite)
        .takes::<AddTeamMember>()
        .answers(&[Answer::of::<MemberView>(201, "The member, who is in the team now")]),
    Route::new(Method::Delete, "/api/v1/teams/{team}/members/{member}", "removeTeamMember", || web::to(leave))
        .about(TAG, "Remove a member from a team")
        .needs(Permission::TeamsWrite)
        .answers(&[Answer::of::<TeamMemberRemoved>(200, "It is in the team no more")]),
];

/// A team.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Team")]
struct TeamView<'t> {
    /// Unique identifier.
    id: String,
    /// What people call it; unique in the organisation without regard to case.
    name: &'t str,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last change.
    updated_at: Instant,
}

impl<'t> TeamView<'t> {
    fn of(team: &'t Team) -> Self {
        let (created_at, updated_at) = (team.created_at.into(), team.updated_at.into());
        Self { id: team.id.to_string(), name: team.name.as_str(), created_at, updated_at }
    }
}

/// A page of teams.
#[derive(Debug, Serialize, JsonSchema)]
struct TeamList<'t> {
    data: Vec<TeamView<'t>>,
    pagination: PagePagination,
}

/// What is left of a deleted team.
#[derive(Debug, Serialize, JsonSchema)]
struct TeamRemoved {
    message: &'static str,
    team_id: String,
}

/// That a member has left a team.
#[derive(Debug, Serialize, JsonSchema)]
struct TeamMemberRemoved {
    message: &'static str,
    user_id: String,
}

/// A new team.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
struct CreateTeam {
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

/// What is to change of a team.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
struct PatchTeam {
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
}

/// Who is to be in a team.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `joining` reads")]
struct AddTeamMember {
    /// `user_…`
    user_id: String,
}

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let mut fields = body.fields();
    let text = fields.required_string("name").unwrap_or_default();
    let name = fields.parsed("name", TeamName::parse(text));
    fields.finish()?;
    let name = name.ok_or_else(|| Problem::from(Situation::Invalid))?;
    let reply =
        |team: &Team| Reply::created(&TeamView::of(team), format!("{COLLECTION}/{}", team.id)).version(team.version);
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.create_team(&call.caller, name, remember).await
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let directory = query.directory();
    query.finish()?;
    let page = call.app.teams(&call.caller, &directory).await?;
    let data = page.items.iter().map(TeamView::of).collect();
    Ok(Reply::ok(&TeamList { data, pagination: PagePagination::new(directory.window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let team = call.app.team(&call.caller, call.path("team")).await?;
    if call.knows(team.version) {
        return Ok(not_modified(team.version));
    }
    Ok(shown(&team))
}

async fn amend(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (name, echo) = change(&body)?;
    let wanted = call.path("team");
    if !echo.is_empty() {
        let present = call.app.team(&call.caller, wanted).await?;
        echo.unchanged(&TeamView::of(&present))?;
    }
    let team = call.app.rename_team(&call.caller, wanted, &call.precondition(), name.as_ref()).await?;
    Ok(shown(&team))
}

fn change(body: &JsonBody) -> Result<(Option<TeamName>, Echo<'_>), Problem> {
    let mut fields = body.fields();
    let text = fields.string("name");
    let name = text.and_then(|text| fields.parsed("name", TeamName::parse(text)));
    let echo = fields.owned(&["id", "created_at", "updated_at"]);
    fields.finish()?;
    Ok((name, echo))
}

async fn delete(call: Call, _: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let team = call.app.delete_team(&call.caller, call.path("team"), &call.precondition()).await?;
    let removed = TeamRemoved { message: "Team deleted successfully", team_id: team.id.to_string() };
    Ok(Reply::ok(&removed).into())
}

async fn members(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let directory = query.directory();
    let status = query.word::<MemberStatus>("status");
    query.finish()?;
    let page = call.app.team_members(&call.caller, call.path("team"), &directory, status).await?;
    let data = page.items.iter().map(MemberView::of).collect();
    Ok(Reply::ok(&MemberList { data, pagination: PagePagination::new(directory.window, page.total) }).into())
}

async fn join(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let mut fields = body.fields();
    let user = fields.required_string("user_id").unwrap_or_default();
    fields.finish()?;
    let reply = |member: &Member| {
        Reply::created(&MemberView::of(member), format!("/api/v1/members/{}", member.id)).version(member.version)
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.join_team(&call.caller, call.path("team"), user, remember).await
    })
    .await
}

async fn leave(call: Call, _: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let member = call.app.leave_team(&call.caller, call.path("team"), call.path("member")).await?;
    let removed = TeamMemberRemoved { message: "Member removed from the team", user_id: member.id.to_string() };
    Ok(Reply::ok(&removed).into())
}

fn shown(team: &Team) -> HttpResponse {
    Reply::ok(&TeamView::of(team)).version(team.version).into()
}
