//! OAuth clients: the applications that are registered with the authorization server (contract section 10).

use crate::body::{Echo, Fields, JsonBody, NoBody, OptionalBody};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::PagePagination;
use crate::reply::{Reply, not_modified};
use crate::rfc3339::Instant;
use crate::route::{Answer, Method, PAGE, Parameter, ParameterType, Route, SEARCH, SORT, TIMES};
use crate::v1::rotation::{self, RotateCredential};
use actix_web::{HttpResponse, web};
use connix_application::{ClientOrder, NewClient};
use connix_domain::lifecycle::Words;
use connix_domain::name::ClientName;
use connix_domain::oauth::client::{ClientChange, ClientKind, ClientStatus, OAuthClient};
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::scope::Scopes;
use connix_domain::permission::Permission;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

const TAG: &str = "OAuth clients";
const COLLECTION: &str = "/api/v1/oauth-clients";
const ONE: &str = "/api/v1/oauth-clients/{client}";
const STATUS: &[Parameter] =
    &[Parameter::new("status", ParameterType::Words(&["active", "disabled"]), "Filter by status")];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createOAuthClient", || web::to(create))
        .about(TAG, "Register an application")
        .needs(Permission::ClientsWrite)
        .takes::<CreateOAuthClient>()
        .answers(&[Answer::of::<Client>(201, "The client; its secret is shown here alone")]),
    Route::new(Method::Get, COLLECTION, "listOAuthClients", || web::to(list))
        .about(TAG, "List the registered applications")
        .needs(Permission::ClientsRead)
        .query(&[PAGE, SORT, STATUS, SEARCH, TIMES])
        .answers(&[Answer::of::<ClientList>(200, "A page of clients")]),
    Route::new(Method::Get, ONE, "getOAuthClient", || web::to(get))
        .about(TAG, "Get a registered application")
        .needs(Permission::ClientsRead)
        .answers(&[Answer::of::<Client>(200, "The client")]),
    Route::new(Method::Patch, ONE, "updateOAuthClient", || web::to(update))
        .about(TAG, "Change a registered application")
        .needs(Permission::ClientsWrite)
        .takes::<UpdateOAuthClient>()
        .answers(&[Answer::of::<Client>(200, "The client")]),
    Route::new(Method::Post, "/api/v1/oauth-clients/{client}/rotate-secret", "rotateOAuthClientSecret", || {
        web::to(rotate)
    })
    .about(TAG, "Give a confidential client another secret")
    .needs(Permission::ClientsWrite)
    .takes::<RotateCredential>()
    .answers(&[Answer::of::<Client>(200, "The client; its new secret is shown here alone")]),
    Route::new(Method::Delete, ONE, "deleteOAuthClient", || web::to(delete))
        .about(TAG, "Remove an application; whatever it was given is worth nothing from then on")
        .needs(Permission::ClientsWrite)
        .answers(&[Answer::of::<ClientRemoved>(200, "It is removed")]),
];

/// A new application.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
struct CreateOAuthClient {
    /// What people call it; shown to those it asks.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Whether it can keep a secret.
    #[schemars(extend("enum" = ["public", "confidential"]))]
    r#type: String,
    /// Where answers may be sent: `https://…`, or `http://127.0.0.1…` and `http://[::1]…` with any port.
    #[schemars(length(min = 1, max = 20))]
    redirect_uris: Vec<String>,
    /// The most it may ask for: `read`, `write`. `read` when it is left out.
    scopes: Option<Vec<String>>,
}

/// What is to change.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
struct UpdateOAuthClient {
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    #[schemars(length(min = 1, max = 20))]
    redirect_uris: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    /// A disabled client is as good as unknown, and its tokens are refused.
    #[schemars(extend("enum" = ["active", "disabled"]))]
    status: Option<String>,
}

/// A registered application.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OAuthClient")]
struct Client {
    client_id: String,
    /// Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    org_id: String,
    name: String,
    r#type: &'static str,
    redirect_uris: Vec<String>,
    scopes: Vec<&'static str>,
    status: &'static str,
    created_by: String,
    created_at: Instant,
    updated_at: Instant,
}

impl Client {
    fn of(client: &OAuthClient) -> Self {
        Self {
            client_id: client.id.to_string(),
            client_secret: None,
            org_id: client.org.to_string(),
            name: client.name.as_str().to_owned(),
            r#type: client.kind.as_str(),
            redirect_uris: client.redirect_uris.iter().map(ToString::to_string).collect(),
            scopes: client.scopes.iter().map(Words::as_str).collect(),
            status: client.status.as_str(),
            created_by: client.created_by.to_string(),
            created_at: client.created_at.into(),
            updated_at: client.updated_at.into(),
        }
    }

    fn with_secret(new: &NewClient) -> Self {
        let secret = new.secret.as_ref().map(|secret| secret.expose().to_owned());
        Self { client_secret: secret, ..Self::of(&new.client) }
    }
}

/// What is left of a removed client.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OAuthClientRemoved")]
struct ClientRemoved {
    message: &'static str,
    client_id: String,
}

/// A page of applications.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OAuthClientList")]
struct ClientList {
    data: Vec<Client>,
    pagination: PagePagination,
}

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let order = order(&body)?;
    let reply = |new: &NewClient| {
        Reply::created(&Client::with_secret(new), format!("{COLLECTION}/{}", new.client.id))
            .version(new.client.version)
            .secret()
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.register_client(&call.caller, order, remember).await
    })
    .await
}

fn order(body: &JsonBody) -> Result<ClientOrder, Problem> {
    let mut fields = body.fields();
    fields.require("name");
    let name = name(&mut fields);
    fields.require("type");
    let kind = fields.word::<ClientKind>("type");
    fields.require("redirect_uris");
    let uris = redirect_uris(&mut fields);
    let scopes = scopes(&mut fields);
    fields.finish()?;
    let (Some(name), Some(kind), Some(redirect_uris)) = (name, kind, uris) else {
        return Err(Problem::internal("a required field was neither there nor refused"));
    };
    Ok(ClientOrder { name, kind, redirect_uris, scopes: scopes.unwrap_or_else(Scopes::usual) })
}

fn name(fields: &mut Fields<'_>) -> Option<ClientName> {
    let parsed = ClientName::parse(fields.string("name")?);
    parsed.map_err(|issue| fields.fault("name", issue.to_string())).ok()
}

fn redirect_uris(fields: &mut Fields<'_>) -> Option<Vec<RedirectUri>> {
    let list = strings(fields, "redirect_uris")?;
    match OAuthClient::redirect_uris(&list) {
        Ok(uris) => Some(uris),
        Err(faults) => {
            faults.into_iter().for_each(|fault| fields.fault(&fault.field, fault.message));
            None
        }
    }
}

fn scopes(fields: &mut Fields<'_>) -> Option<Scopes> {
    let words = strings(fields, "scopes")?;
    let scopes = words.iter().map(|word| word.parse()).collect::<Result<Vec<_>, _>>().ok().and_then(Scopes::of);
    if scopes.is_none() {
        fields.fault("scopes", "must hold read, write, or both");
    }
    scopes
}

fn strings(fields: &mut Fields<'_>, key: &'static str) -> Option<Vec<String>> {
    match fields.any(key)? {
        Value::Array(list) => Some(fields.strings_of(key, list)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            fields.fault(key, "must be a list of strings");
            None
        }
    }
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let directory = query.directory();
    let status = query.word::<ClientStatus>("status");
    query.finish()?;
    let page = call.app.clients(&call.caller, &directory, status).await?;
    let data = page.items.iter().map(Client::of).collect();
    Ok(Reply::ok(&ClientList { data, pagination: PagePagination::new(directory.window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let client = call.app.client(&call.caller, call.path("client")).await?;
    if call.knows(client.version) {
        return Ok(not_modified(client.version));
    }
    Ok(Reply::ok(&Client::of(&client)).version(client.version).into())
}

async fn update(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (change, echo) = change(&body)?;
    let (wanted, on) = (call.path("client"), call.precondition());
    if !echo.is_empty() {
        echo.unchanged(&Client::of(&call.app.client(&call.caller, wanted).await?))?;
    }
    let client = call.app.change_client(&call.caller, wanted, &on, &change).await?;
    Ok(Reply::ok(&Client::of(&client)).version(client.version).into())
}

/// Reads a change, and what was sent back of the keys that the service owns.
fn change(body: &JsonBody) -> Result<(ClientChange, Echo<'_>), Problem> {
    let mut fields = body.fields();
    let echo = fields.owned(&["client_id", "org_id", "type", "created_by", "created_at", "updated_at"]);
    let change = ClientChange {
        name: name(&mut fields),
        redirect_uris: redirect_uris(&mut fields),
        scopes: scopes(&mut fields),
        status: fields.word::<ClientStatus>("status"),
    };
    fields.finish()?;
    Ok((change, echo))
}

async fn rotate(call: Call, OptionalBody(body): OptionalBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let grace = rotation::grace(&body)?;
    let reply = |new: &NewClient| Reply::ok(&Client::with_secret(new)).version(new.client.version).secret();
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.rotate_client_secret(&call.caller, call.path("client"), grace, remember).await
    })
    .await
}

async fn delete(call: Call, _: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let client = call.app.delete_client(&call.caller, call.path("client"), &call.precondition()).await?;
    let message = "OAuth client deleted successfully";
    Ok(Reply::ok(&ClientRemoved { message, client_id: client.id.to_string() }).into())
}
