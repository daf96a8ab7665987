//! API keys (contract section 10, `reliability.md` 2.2).

mod body;
mod view;

use crate::body::{JsonBody, NoBody, OptionalBody};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::PagePagination;
use crate::reply::Reply;
use crate::route::{Answer, Method, PAGE, Parameter, ParameterType, Route, SEARCH, SORT, TIMES};
use crate::v1::rotation::{self, RotateCredential};
use actix_web::{HttpResponse, web};
use connix_application::IssuedKey;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, KeyStatus};
use connix_domain::permission::Permission;
use view::{ApiKeyList, ApiKeyRevoked, ApiKeyView, IssuedKeyView};

const TAG: &str = "API keys";
const COLLECTION: &str = "/api/v1/api-keys";
const ITEM: &str = "/api/v1/api-keys/{api_key}";

const STATUS: &[Parameter] =
    &[Parameter::new("status", ParameterType::Words(&["active", "rotated", "expired"]), "Filter by status")];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createApiKey", || web::to(create))
        .about(TAG, "Create an API key that acts as you; its text is shown once")
        .needs(Permission::ApiKeysWrite)
        .takes::<body::CreateApiKey>()
        .answers(&[Answer::of::<IssuedKeyView>(201, "The key, with its text")]),
    Route::new(Method::Get, COLLECTION, "listApiKeys", || web::to(list))
        .about(TAG, "List the organisation's API keys")
        .needs(Permission::ApiKeysRead)
        .query(&[PAGE, SORT, STATUS, SEARCH, TIMES])
        .answers(&[Answer::of::<ApiKeyList>(200, "A page of keys")]),
    Route::new(Method::Get, ITEM, "getApiKey", || web::to(get))
        .about(TAG, "Get an API key, without its text")
        .needs(Permission::ApiKeysRead)
        .answers(&[Answer::of::<ApiKeyView>(200, "The key")]),
    Route::new(Method::Patch, ITEM, "updateApiKey", || web::to(amend))
        .about(TAG, "Change an API key")
        .needs(Permission::ApiKeysWrite)
        .takes::<body::PatchApiKey>()
        .answers(&[Answer::of::<ApiKeyView>(200, "The key as it is now")]),
    Route::new(Method::Post, "/api/v1/api-keys/{api_key}/rotate", "rotateApiKey", || web::to(rotate))
        .about(TAG, "Make a key in the place of one of yours, which goes on working for a while")
        .needs(Permission::ApiKeysWrite)
        .takes::<RotateCredential>()
        .answers(&[Answer::of::<IssuedKeyView>(201, "The new key, with its text")]),
    Route::new(Method::Delete, ITEM, "revokeApiKey", || web::to(revoke))
        .about(TAG, "Revoke an API key")
        .needs(Permission::ApiKeysWrite)
        .answers(&[Answer::of::<ApiKeyRevoked>(200, "It is refused from now on")]),
];

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let order = body::order(&body)?;
    let now = call.app.now();
    idempotency::once(
        &call,
        body.raw(),
        |issued| issued_reply(issued, now),
        async |remember| call.app.create_api_key(&call.caller, order, remember).await,
    )
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let directory = query.directory();
    let status = query.one_of("status", &[KeyStatus::Active, KeyStatus::Rotated, KeyStatus::Expired]);
    query.finish()?;
    let page = call.app.api_keys(&call.caller, &directory, status).await?;
    let data = page.items.iter().map(|key| ApiKeyView::of(key, call.app.now())).collect();
    Ok(Reply::ok(&ApiKeyList { data, pagination: PagePagination::new(directory.window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let key = call.app.api_key(&call.caller, call.path("api_key")).await?;
    Ok(shown(&call, &key))
}

async fn amend(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (update, echo) = body::update(&body)?;
    let wanted = call.path("api_key");
    if !echo.is_empty() {
        let present = call.app.api_key(&call.caller, wanted).await?;
        echo.unchanged(&ApiKeyView::of(&present, call.app.now()))?;
    }
    let key = call.app.change_api_key(&call.caller, wanted, &call.precondition(), &update).await?;
    Ok(shown(&call, &key))
}

async fn rotate(call: Call, OptionalBody(body): OptionalBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let grace = rotation::grace(&body)?;
    let now = call.app.now();
    idempotency::once(
        &call,
        body.raw(),
        |issued| issued_reply(issued, now),
        async |remember| call.app.rotate_api_key(&call.caller, call.path("api_key"), grace, remember).await,
    )
    .await
}

async fn revoke(call: Call, _: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let key = call.app.revoke_api_key(&call.caller, call.path("api_key"), &call.precondition()).await?;
    Ok(Reply::ok(&ApiKeyRevoked::of(&key)).into())
}

/// The one answer that holds a key's text.
fn issued_reply(issued: &IssuedKey, now: Timestamp) -> Reply {
    let location = format!("{COLLECTION}/{}", issued.key.kid.id());
    Reply::created(&IssuedKeyView::of(issued, now), location).version(issued.key.version).secret()
}

fn shown(call: &Call, key: &ApiKey) -> HttpResponse {
    Reply::ok(&ApiKeyView::of(key, call.app.now())).version(key.version).into()
}
