//! Members (contract section 10).

mod body;
mod view;

pub(crate) use view::{MemberList, MemberView};

use crate::body::{JsonBody, NoBody};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::PagePagination;
use crate::reply::{Reply, not_modified};
use crate::route::{Answer, Method, PAGE, Parameter, ParameterType, Route, SEARCH, SORT, TIMES};
use actix_web::{HttpResponse, web};
use connix_application::InvitedMember;
use connix_domain::member::{Member, MemberStatus};
use connix_domain::permission::Permission;
use view::InvitedView;

const TAG: &str = "Members";
const COLLECTION: &str = "/api/v1/members";
const ITEM: &str = "/api/v1/members/{member}";

/// The filter of lists of members.
pub(crate) const MEMBER_STATUS: &[Parameter] =
    &[Parameter::new("status", ParameterType::Words(&["invited", "active", "disabled"]), "Filter by status")];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createMember", || web::to(create))
        .about(TAG, "Add a member; hand over the link with which it sets its password")
        .needs(Permission::MembersWrite)
        .takes::<body::CreateMember>()
        .answers(&[Answer::of::<InvitedView>(201, "The member, with its link")]),
    Route::new(Method::Get, COLLECTION, "listMembers", || web::to(list))
        .about(TAG, "List the organisation's members; search and sorting by name go by the e-mail address")
        .needs(Permission::MembersRead)
        .query(&[PAGE, SORT, MEMBER_STATUS, SEARCH, TIMES])
        .answers(&[Answer::of::<MemberList>(200, "A page of members")]),
    Route::new(Method::Get, ITEM, "getMember", || web::to(get))
        .about(TAG, "Get a member")
        .needs(Permission::MembersRead)
        .answers(&[Answer::of::<MemberView>(200, "The member")]),
    Route::new(Method::Patch, ITEM, "updateMember", || web::to(amend))
        .about(TAG, "Change a member's role or address, disable it, enable it")
        .needs(Permission::MembersWrite)
        .takes::<body::PatchMember>()
        .answers(&[Answer::of::<MemberView>(200, "The member as it is now")]),
    Route::new(Method::Post, "/api/v1/members/{member}/password-link", "createPasswordLink", || web::to(renew))
        .about(TAG, "Make another link for a member to set its password with; an older one is void")
        .needs(Permission::MembersWrite)
        .answers(&[Answer::of::<InvitedView>(200, "The member, with its link")]),
];

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let order = body::order(&body)?;
    let reply = |invited: &InvitedMember| {
        let location = format!("{COLLECTION}/{}", invited.member.id);
        Reply::created(&InvitedView::of(invited), location).version(invited.member.version).secret()
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.invite_member(&call.caller, order, remember).await
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let directory = query.directory();
    let status = query.word::<MemberStatus>("status");
    query.finish()?;
    let page = call.app.members(&call.caller, &directory, status).await?;
    let data = page.items.iter().map(MemberView::of).collect();
    Ok(Reply::ok(&MemberList { data, pagination: PagePagination::new(directory.window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let member = call.app.member(&call.caller, call.path("member")).await?;
    if call.knows(member.version) {
        return Ok(not_modified(member.version));
    }
    Ok(shown(&member))
}

async fn amend(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (change, echo) = body::change(&body)?;
    let wanted = call.path("member");
    if !echo.is_empty() {
        let present = call.app.member(&call.caller, wanted).await?;
        echo.unchanged(&MemberView::of(&present))?;
    }
    let member = call.app.change_member(&call.caller, wanted, &call.precondition(), &change).await?;
    Ok(shown(&member))
}

async fn renew(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let reply = |invited: &InvitedMember| Reply::ok(&InvitedView::of(invited)).version(invited.member.version).secret();
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.renew_invitation(&call.caller, call.path("member"), remember).await
    })
    .await
}

fn shown(member: &Member) -> HttpResponse {
    Reply::ok(&MemberView::of(member)).version(member.version).into()
}
