//! The route table: every route as one value, which actix, the OpenAPI document and the tests all read.
//!
//! A route cannot exist without its permission, its rate policy and its documentation, because there is nothing else to
//! make one from. The entries stand beside their handlers; [`table`] joins them.

mod parameter;
mod table;

pub(crate) use parameter::{CURSOR, METADATA, OFFSET, PAGE, SEARCH, SORT, TIMES};
pub use parameter::{Parameter, ParameterType};
pub(crate) use table::configure;
pub use table::table;

use crate::problem::Vocabulary;
use connix_domain::permission::Permission;
use connix_domain::rate_limit::Policy;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A method of the API. `GET` routes answer `HEAD` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Make, or command.
    Post,
    /// Change.
    Put,
    /// Change.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// The method's name in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; credentials are not looked at.
    Public,
    /// Every good API key.
    AnyKey,
    /// An API key that holds this permission.
    Key(Permission),
    /// An agent's worker, with its token.
    Worker,
}

/// Makes the schema of a type in a document that is being written.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
pub const fn schema_of<T: JsonSchema>() -> SchemaOf {
    SchemaGenerator::subschema_for::<T>
}

/// A successful answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it says.
    pub summary: &'static str,
    /// Its body; `None` is an empty one.
    pub body: Option<SchemaOf>,
    /// What each event of its stream holds, where it can be a stream.
    pub events: Option<SchemaOf>,
}

impl Answer {
    /// An answer with a body of type `T`.
    pub(crate) const fn of<T: JsonSchema>(status: u16, summary: &'static str) -> Self {
        Self { status, summary, body: Some(schema_of::<T>()), events: None }
    }

    /// The same, or instead of a body a stream of events, each with a `T`.
    pub(crate) const fn streaming<T: JsonSchema>(mut self) -> Self {
        self.events = Some(schema_of::<T>());
        self
    }

    /// An answer without a body.
    pub(crate) const fn empty(status: u16, summary: &'static str) -> Self {
        Self { status, summary, body: None, events: None }
    }
}

/// In whose words a route refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The API's, in the vocabulary of the path.
    Problem,
    /// Those of OAuth 2 (RFC 6749 5.2); what is our own fault is told as everywhere.
    Protocol,
    /// A page for people.
    Page,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// Its name in the OpenAPI document, which becomes a method's name in the SDKs.
    pub operation_id: &'static str,
    /// The group it is documented in.
    pub tag: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Which per-minute limit it counts in (contract section 3). `None`: public routes and workers are not limited.
    pub rate: Option<Policy>,
    /// Whether it starts an agent or a task, so that model tokens must be left.
    pub starts_work: bool,
    /// What its query string may hold, in groups.
    pub query: &'static [&'static [Parameter]],
    /// The body it takes.
    pub takes: Option<SchemaOf>,
    /// What the form holds that it takes, where it takes one.
    pub form: &'static [Parameter],
    /// How it refuses.
    pub refusal: Refusal,
    /// What it answers when all is well.
    pub answers: &'static [Answer],
    /// Whether a caller may ask it to wait: then a long answer is not a slow one.
    pub held: bool,
    /// Whether it stands in the OpenAPI document: pages for people do not.
    pub documented: bool,
    /// Makes its handler.
    pub handler: fn() -> actix_web::Route,
}

impl Route {
    /// A route that everybody with any good key may call, until it is told otherwise.
    pub(crate) const fn new(
        method: Method,
        path: &'static str,
        operation_id: &'static str,
        handler: fn() -> actix_web::Route,
    ) -> Self {
        Self {
            method,
            path,
            operation_id,
            tag: "",
            summary: "",
            access: Access::AnyKey,
            rate: Some(Policy::Minute),
            starts_work: false,
            query: &[],
            takes: None,
            form: &[],
            refusal: Refusal::Problem,
            answers: &[],
            held: false,
            documented: true,
            handler,
        }
    }

    /// The group and the summary it is documented with.
    pub(crate) const fn about(mut self, tag: &'static str, summary: &'static str) -> Self {
        self.tag = tag;
        self.summary = summary;
        self
    }

    /// Only keys with this permission.
    pub(crate) const fn needs(mut self, permission: Permission) -> Self {
        self.access = Access::Key(permission);
        self
    }

    /// Everybody, without limits.
    pub(crate) const fn public(mut self) -> Self {
        self.access = Access::Public;
        self.rate = None;
        self
    }

    /// A page for people.
    pub(crate) const fn page(mut self) -> Self {
        self.documented = false;
        self.for_browsers()
    }

    /// Browsers are sent there.
    pub(crate) const fn for_browsers(mut self) -> Self {
        self.refusal = Refusal::Page;
        self
    }

    /// It takes a form and refuses in the words of OAuth 2.
    pub(crate) const fn form(mut self, parameters: &'static [Parameter]) -> Self {
        self.form = parameters;
        self.refusal = Refusal::Protocol;
        self
    }

    /// Workers alone, without limits, held as long as they ask for.
    pub(crate) const fn for_workers(mut self) -> Self {
        self.access = Access::Worker;
        self.rate = None;
        self.held = true;
        self
    }

    /// Another limit than the common one.
    pub(crate) const fn limited(mut self, minute: Policy) -> Self {
        self.rate = Some(minute);
        self
    }

    /// It starts an agent or a task.
    pub(crate) const fn starts_work(mut self) -> Self {
        self.starts_work = true;
        self
    }

    /// What its query string may hold.
    pub(crate) const fn query(mut self, groups: &'static [&'static [Parameter]]) -> Self {
        self.query = groups;
        self
    }

    /// The type of its body.
    pub(crate) const fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(schema_of::<T>());
        self
    }

    /// What it answers when all is well.
    pub(crate) const fn answers(mut self, answers: &'static [Answer]) -> Self {
        self.answers = answers;
        self
    }

    /// A caller may ask it to wait.
    pub(crate) const fn may_wait(mut self) -> Self {
        self.held = true;
        self
    }

    /// The vocabulary of its errors.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary::of_path(self.path)
    }

    /// The names of its path parameters, in order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}
