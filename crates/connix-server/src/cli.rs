//! The command line (contract section 12).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use connix_domain::permission::{Permission, Scope};
use connix_domain::role::Role;

use crate::settings::load::Flags;

/// Projects, agents and their tasks, served over HTTP.
#[derive(Debug, Parser)]
#[command(name = "connix", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// A file of settings (TOML) that replace defaults.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder for the embedded store, the master key and the workspaces [default: ./data].
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// postgres://… or sqlite://PATH [default: connix.db in the data folder].
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API (what happens without a command, too).
    Serve(Serve),
    /// API keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Organisations.
    #[command(subcommand)]
    Orgs(Orgs),
    /// Members of an organisation.
    Members(Members),
    /// The keys that access tokens are signed with.
    #[command(subcommand)]
    SigningKeys(SigningKeys),
    /// Run an agent's worker: on a host of yours with --server and --token-file; without them, as a child of the server.
    Worker(Worker),
    /// Keep one program of a tool: what a worker starts, not for people.
    #[command(hide = true)]
    SandboxExec(SandboxExec),
    /// Bring the store's tables up to date (`serve` does so by itself).
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Print the settings in force, secrets hidden.
    Config,
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve::default())
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct Serve {
    /// The address of the API [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key, and print it alone. It is not shown again.
    Create(CreateKey),
}

#[derive(Debug, Args)]
pub(crate) struct CreateKey {
    /// What to call it.
    #[arg(long)]
    pub(crate) name: String,
    /// Name or id of its organisation [default: the only one, or `default`].
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// Whom it acts as: address or id of a member [default: the organisation's first owner].
    #[arg(long)]
    pub(crate) member: Option<String>,
    /// What it may do: read, write. Without scopes and permissions it may do everything.
    #[arg(long, value_delimiter = ',')]
    pub(crate) scopes: Vec<Scope>,
    /// Single permissions, such as data.projects.read.
    #[arg(long, value_delimiter = ',')]
    pub(crate) permissions: Vec<Permission>,
    /// The only projects it may touch: integers, ids or canonical names.
    #[arg(long, value_delimiter = ',', value_name = "PROJECTS")]
    pub(crate) projects: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Orgs {
    /// Make an organisation with its owner and default project, and print its id.
    Create {
        /// What to call it.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeys {
    /// Print every key: name, algorithm, phase, from when and until when it signs.
    List,
    /// Refuse whatever a key has signed, and print its name. Another key signs from then on; applications refresh their tokens.
    Revoke {
        /// The key's name, as `list` prints it.
        kid: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Members {
    /// Name or id of the organisation [default: the only one, or `default`].
    #[arg(long, global = true)]
    pub(crate) org: Option<String>,
    #[command(subcommand)]
    pub(crate) action: MemberAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberAction {
    /// Make a member whose password is the first line of standard input, and print its id.
    Create {
        /// How it signs in.
        #[arg(long)]
        email: String,
        /// viewer, member, admin or owner.
        #[arg(long)]
        role: Role,
    },
    /// Print every member: id, role, status, address.
    List,
    /// Give a member another role, and print its id.
    SetRole {
        /// Address or id.
        member: String,
        /// viewer, member, admin or owner.
        role: Role,
    },
    /// Let nothing act for a member any more, and print its id.
    Disable {
        /// Address or id.
        member: String,
    },
    /// Let a disabled member act again, and print its id.
    Enable {
        /// Address or id.
        member: String,
    },
    /// Print a link with which a member sets its password. It works once, for seven days; an older one is void.
    Link {
        /// Address or id.
        member: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Worker {
    /// The server's address: `https://connix.example.com`.
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub(crate) server: Option<String>,
    /// A file that holds the agent's worker token alone.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxExec {
    /// The worker whose program it is, to be seen in the list of processes.
    pub(crate) instance: String,
}

impl Cli {
    /// What it says of settings.
    pub(crate) fn flags(&self) -> Flags {
        let listen = match &self.command {
            Some(Command::Serve(serve)) => serve.listen.clone(),
            _ => None,
        };
        Flags { data_dir: self.data_dir.clone(), database_url: self.database_url.clone(), listen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_settings_flags_are_taken_before_and_after_the_command() {
        for line in ["connix --data-dir /d keys create --name k", "connix keys create --name k --data-dir /d"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.flags().data_dir.as_deref(), Some("/d"));
        }
    }

    #[test]
    fn a_key_s_scopes_permissions_and_projects_are_lists() {
        let line = "connix keys create --name k --scopes read,write --permissions org.audit.read --projects 1,proj_2";
        let Some(Command::Keys(Keys::Create(key))) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("another command");
        };
        assert_eq!(key.scopes, [Scope::Read, Scope::Write]);
        assert_eq!(key.permissions, [Permission::AuditRead]);
        assert_eq!(key.projects, ["1", "proj_2"]);
        assert!(Cli::try_parse_from("connix keys create --name k --scopes all".split(' ')).is_err());
    }

    #[test]
    fn a_worker_s_server_and_token_come_together() {
        assert!(Cli::try_parse_from(["connix", "worker", "--server", "http://h"]).is_err());
        assert!(Cli::try_parse_from(["connix", "worker"]).is_ok());
    }
}
