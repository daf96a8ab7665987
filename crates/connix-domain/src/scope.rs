//! Whose data may be looked at: a scope is needed for every read, and only authentication or a listed job can make one.

use crate::id::OrgId;
use crate::member::Member;
use crate::organisation::Organisation;

/// The work that the service itself does in an organisation, without anybody's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Making what an operator asked for on the command line.
    Administration,
    /// Converging agents towards what is wanted of them.
    Supervision,
    /// Dropping what is older than the retention.
    Retention,
    /// Looking up what a credential allows.
    Authentication,
    /// Answering an application that shows its identifier, a code or a token, and a browser that shows its cookie.
    Authorization,
    /// Serving an agent's own worker, which shows the agent's token.
    Worker,
}

/// The organisation whose rows a call may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrgScope {
    org: OrgId,
}

impl OrgScope {
    /// The scope of a member whose credential has been checked.
    pub fn of_member(member: &Member) -> Self {
        Self { org: member.org }
    }
    /// The scope of an operator who works on an organisation at the command line.
    pub fn of_organisation(organisation: &Organisation, _job: Job) -> Self {
        Self { org: organisation.id }
    }
    /// The scope of one of the service's own jobs.
    pub fn for_job(org: OrgId, _job: Job) -> Self {
        Self { org }
    }
    /// The organisation.
    pub fn org(self) -> OrgId {
        self.org
    }
}
