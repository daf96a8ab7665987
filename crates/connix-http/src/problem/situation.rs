//! The error table: what can go wrong, with its status and its code in each vocabulary (contract section 4).
//!
//! This is the only place that knows a code. `docs/errors.md` is printed from it.

use super::Vocabulary;
use actix_web::http::StatusCode;

/// One row of the error table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) status: StatusCode,
    /// Code on `/api/v1`.
    upper: &'static str,
    /// Code below `…/agents` and `/api/v1/worker`.
    lower: &'static str,
    /// Code on `/v1`.
    dotted: &'static str,
    /// What the reader is told unless the problem knows better.
    message: &'static str,
}

macro_rules! situations {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $upper:literal, $lower:literal, $dotted:literal, $message:literal;)*) => {
        /// What can be wrong with a request, or with us.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Situation {
            $($(#[$doc])* $name,)*
        }

        impl Situation {
            /// Every situation, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        status: StatusCode::$status, upper: $upper, lower: $lower, dotted: $dotted, message: $message,
                    },)*
                }
            }

            /// The name of the situation as the program knows it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

situations! {
    /// An unreadable body, a bad query, a field that breaks a rule.
    Invalid = BAD_REQUEST, "INVALID_REQUEST", "validation_error", "request.invalid",
        "The request data is invalid";
    /// A header that cannot be read: two credentials, a bad `Idempotency-Key`.
    InvalidHeader = BAD_REQUEST, "INVALID_REQUEST", "validation_error", "request.invalid",
        "A request header is invalid";
    /// A project name that breaks the naming rule.
    InvalidProjectName = BAD_REQUEST, "INVALID_PROJECT_NAME", "validation_error", "projects.invalid_name",
        "Project name must be 3-50 characters long and contain only alphanumeric characters and hyphens";
    /// A canonical project name that another project of the organisation has.
    ProjectNameTaken = BAD_REQUEST, "PROJECT_NAME_TAKEN", "agent_conflict", "projects.name_taken",
        "A project with this name already exists";
    /// A workspace path that is not one, or leaves the workspace.
    InvalidPath = BAD_REQUEST, "INVALID_REQUEST", "validation_error", "workspace_files.invalid_path",
        "The path is invalid or escapes the workspace root";
    /// No credential, or one that opens nothing: one answer for every kind of failure.
    Unauthorized = UNAUTHORIZED, "UNAUTHORIZED", "unauthorized", "auth.unauthorized",
        "Invalid API key or expired token";
    /// A good credential without the permission this call needs.
    Forbidden = FORBIDDEN, "FORBIDDEN", "insufficient_permissions", "auth.forbidden",
        "You don't have permission to do this";
    /// No such project, or none the caller may see.
    ProjectNotFound = NOT_FOUND, "RESOURCE_NOT_FOUND", "project_not_found", "projects.not_found",
        "Project not found";
    /// No such agent in this project.
    AgentNotFound = NOT_FOUND, "RESOURCE_NOT_FOUND", "agent_not_found", "request.not_found",
        "Agent not found";
    /// No such task of this agent.
    TaskNotFound = NOT_FOUND, "RESOURCE_NOT_FOUND", "task_not_found", "request.not_found",
        "Task not found";
    /// No such file in the workspace.
    FileNotFound = NOT_FOUND, "RESOURCE_NOT_FOUND", "not_found", "workspace_files.not_found",
        "File not found";
    /// No such route, or no such thing of another kind.
    NotFound = NOT_FOUND, "RESOURCE_NOT_FOUND", "not_found", "request.not_found",
        "The requested resource does not exist";
    /// The route exists, with other methods; they stand in `Allow`.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "method_not_allowed", "request.method_not_allowed",
        "The method is not allowed on this resource";
    /// The body did not arrive in time.
    RequestTimeout = REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "request_timeout", "request.timeout",
        "The request body did not arrive in time";
    /// A name taken within a project, or a transition the status does not allow.
    Conflict = CONFLICT, "CONFLICT", "agent_conflict", "request.conflict",
        "The request conflicts with the state of the resource";
    /// An archived project takes nothing new.
    ProjectArchived = CONFLICT, "PROJECT_ARCHIVED", "agent_conflict", "projects.archived",
        "The project is archived";
    /// The default project stays as it is.
    DefaultProjectProtected = CONFLICT, "DEFAULT_PROJECT_PROTECTED", "agent_conflict", "projects.default_protected",
        "The default project cannot be deleted, archived or renamed";
    /// The first request with this `Idempotency-Key` has not ended.
    IdempotencyInProgress = CONFLICT, "IDEMPOTENCY_IN_PROGRESS", "idempotency_in_progress", "request.idempotency_in_progress",
        "A request with this idempotency key is still in progress";
    /// The worker no longer holds the task it speaks about.
    LeaseLost = CONFLICT, "LEASE_LOST", "lease_lost", "request.lease_lost",
        "The task is no longer leased to this session";
    /// The cursor points before the oldest entry kept.
    CursorExpired = GONE, "CURSOR_EXPIRED", "cursor_expired", "request.cursor_expired",
        "The cursor is too old";
    /// A newer incarnation of the agent has taken over from this worker.
    InstanceFenced = GONE, "INSTANCE_FENCED", "instance_fenced", "request.instance_fenced",
        "This worker has been replaced by a newer incarnation";
    /// `If-Match` names a version that is no longer the present one.
    PreconditionFailed = PRECONDITION_FAILED, "PRECONDITION_FAILED", "precondition_failed", "request.precondition_failed",
        "The resource has changed since the version given in If-Match";
    /// The body is over the limit.
    PayloadTooLarge = PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "payload_too_large", "request.too_large",
        "The request body is larger than 256 KiB";
    /// The request target is over the limit.
    UriTooLong = URI_TOO_LONG, "URI_TOO_LONG", "uri_too_long", "request.uri_too_long",
        "The request URI is longer than 8 KiB";
    /// Not JSON, or compressed.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type", "request.unsupported_media_type",
        "The request body must be uncompressed application/json in UTF-8";
    /// The `Idempotency-Key` was used with another request.
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", "idempotency_key_reused", "request.idempotency_key_reused",
        "This idempotency key was used with a different request";
    /// The worker speaks a protocol this server does not.
    WorkerProtocolUnsupported = UPGRADE_REQUIRED, "PROTOCOL_UNSUPPORTED", "protocol_unsupported", "request.protocol_unsupported",
        "This server speaks worker protocol 1; the header Connix-Worker-Protocol must say so";
    /// A rate limit is used up.
    RateLimited = TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", "rate_limit_exceeded", "request.rate_limited",
        "Rate limit exceeded";
    /// The agent has as many open tasks as it may have.
    QueueFull = TOO_MANY_REQUESTS, "QUEUE_FULL", "queue_full", "request.queue_full",
        "The agent's task queue is full";
    /// The header block is over the limits.
    HeadersTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "HEADERS_TOO_LARGE", "headers_too_large", "request.headers_too_large",
        "The request headers are too large or too many";
    /// Our fault; the cause is in the log, under the request id.
    Internal = INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "internal_error", "internal.error",
        "An unexpected error occurred. Please try again later.";
    /// A part of the service is down; `Retry-After` says when to come back.
    Unavailable = SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "service_unavailable", "service.unavailable",
        "The service is temporarily unavailable. Please try again later.";
}

impl Situation {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().status
    }

    /// The code a client tests for.
    #[must_use]
    pub const fn code(self, vocabulary: Vocabulary) -> &'static str {
        let row = self.row();
        match (vocabulary, self) {
            (Vocabulary::UpperProject, Self::Invalid) => "VALIDATION_ERROR",
            (Vocabulary::Upper | Vocabulary::UpperProject, _) => row.upper,
            (Vocabulary::Lower, _) => row.lower,
            (Vocabulary::Dotted, _) => row.dotted,
        }
    }

    /// The sentence for people, word for word where a document shows it.
    #[must_use]
    pub const fn message(self, vocabulary: Vocabulary) -> &'static str {
        match (vocabulary, self) {
            (Vocabulary::Lower, Self::Invalid) => "The request is invalid",
            (Vocabulary::Lower, Self::Forbidden) => "You don't have permission to access this agent",
            (Vocabulary::Lower, Self::Conflict) => "The agent's state does not allow this",
            _ => self.row().message,
        }
    }
}
