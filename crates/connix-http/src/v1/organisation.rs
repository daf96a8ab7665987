//! `/api/v1/me` and `/api/v1/organization`: who asks, and for whom (contract section 10).

use super::member::MemberView;
use super::rate_limits::RateLimits;
use crate::body::{Echo, JsonBody};
use crate::call::Call;
use crate::problem::Problem;
use crate::reply::{Reply, not_modified};
use crate::rfc3339::Instant;
use crate::route::{Answer, Method, Route};
use actix_web::{HttpMessage, HttpResponse, web};
use connix_domain::api_key::Kid;
use connix_domain::id::ProjectId;
use connix_domain::member::Member;
use connix_domain::name::OrganisationName;
use connix_domain::organisation::{Organisation, OrganisationChange};
use connix_domain::permission::Permission;
use connix_domain::rate_limit::{Standing, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

const TAG: &str = "Organization";
const PATH: &str = "/api/v1/organization";

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/api/v1/me", "getMe", || web::to(me))
        .about(TAG, "Who your credential acts as, and what it may do")
        .answers(&[Answer::of::<Me>(200, "You")]),
    Route::new(Method::Get, PATH, "getOrganization", || web::to(get))
        .about(TAG, "Get your organisation")
        .answers(&[Answer::of::<OrganizationView>(200, "Your organisation")]),
    Route::new(Method::Patch, PATH, "updateOrganization", || web::to(amend))
        .about(TAG, "Rename your organisation, or change the rate limits of its credentials")
        .needs(Permission::OrganizationWrite)
        .takes::<PatchOrganization>()
        .answers(&[Answer::of::<OrganizationView>(200, "Your organisation as it is now")]),
];

/// An organisation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Organization")]
struct OrganizationView<'o> {
    /// Unique identifier.
    id: String,
    /// What people call it; unique in the service without regard to case.
    name: &'o str,
    /// The rate limits of its credentials that have none of their own.
    rate_limits: RateLimits,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last change.
    updated_at: Instant,
}

impl<'o> OrganizationView<'o> {
    fn of(organisation: &'o Organisation) -> Self {
        Self {
            id: organisation.id.to_string(),
            name: organisation.name.as_str(),
            rate_limits: RateLimits::of(&organisation.limits),
            created_at: organisation.created_at.into(),
            updated_at: organisation.updated_at.into(),
        }
    }
}

/// What is to change of an organisation; the rest stays.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
struct PatchOrganization {
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    rate_limits: Option<RateLimits>,
}

/// Who asks.
#[derive(Debug, Serialize, JsonSchema)]
struct Me<'m> {
    /// The member that the credential acts as.
    user: MemberView<'m>,
    /// Its organisation.
    organization: OrganizationView<'m>,
    /// The public part of the API key that was shown, if it was one.
    api_key_id: Option<String>,
    /// The application that was let act for the member, if an access token was shown.
    client_id: Option<String>,
    /// What may be done now.
    permissions: Vec<&'static str>,
    /// The only projects that are reached; `null` for all that the member sees.
    projects: Option<Vec<String>>,
    /// The rate limits that hold instead of everybody's.
    rate_limits: RateLimits,
    /// What is left of each limit that this call was counted in; empty where nothing is limited.
    limits: Vec<LimitLeft>,
}

/// How much is left of a limit.
#[derive(Debug, Serialize, JsonSchema)]
struct LimitLeft {
    /// `hour`, `minute` or `tokens`.
    name: &'static str,
    /// How much there is of it in a window.
    limit: i64,
    /// How much is left of it in this one.
    remaining: i64,
    /// When the next window begins, in Unix seconds.
    reset: i64,
}

impl LimitLeft {
    fn all(verdict: Option<&Verdict>) -> Vec<Self> {
        let standings = verdict.map(|verdict| verdict.standings.as_slice()).unwrap_or_default();
        let left = |standing: &Standing| Self {
            name: standing.policy.as_str(),
            limit: standing.limit,
            remaining: standing.remaining,
            reset: standing.window.closes,
        };
        standings.iter().map(left).collect()
    }
}

impl<'m> Me<'m> {
    fn of(call: &Call, member: &'m Member, organisation: &'m Organisation) -> Self {
        let (caller, access) = (&call.caller, call.caller.access());
        Self {
            user: MemberView::of(member),
            organization: OrganizationView::of(organisation),
            api_key_id: caller.key().map(Kid::id),
            client_id: caller.application().map(|client| client.to_string()),
            permissions: access.permissions().iter().map(Permission::as_str).collect(),
            projects: access.projects().map(|list| list.iter().map(ProjectId::to_string).collect()),
            rate_limits: RateLimits::of(caller.own_limits()),
            limits: LimitLeft::all(call.request().extensions().get::<Verdict>()),
        }
    }
}

async fn me(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (member, organisation) = call.app.whoami(&call.caller).await?;
    Ok(Reply::ok(&Me::of(&call, &member, &organisation)).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let organisation = call.app.own_organisation(&call.caller).await?;
    if call.knows(organisation.version) {
        return Ok(not_modified(organisation.version));
    }
    Ok(shown(&organisation))
}

async fn amend(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (change, echo) = change(&body)?;
    if !echo.is_empty() {
        let present = call.app.own_organisation(&call.caller).await?;
        echo.unchanged(&OrganizationView::of(&present))?;
    }
    let organisation = call.app.change_organisation(&call.caller, &call.precondition(), &change).await?;
    Ok(shown(&organisation))
}

fn change(body: &JsonBody) -> Result<(OrganisationChange, Echo<'_>), Problem> {
    let mut fields = body.fields();
    let text = fields.string("name");
    let name = text.and_then(|text| fields.parsed("name", OrganisationName::parse(text)));
    let limits = RateLimits::read(&mut fields);
    let echo = fields.owned(&["id", "created_at", "updated_at"]);
    fields.finish()?;
    Ok((OrganisationChange { name, limits }, echo))
}

fn shown(organisation: &Organisation) -> HttpResponse {
    Reply::ok(&OrganizationView::of(organisation)).version(organisation.version).into()
}
