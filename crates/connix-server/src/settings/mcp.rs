//! `tools.mcp`: the MCP servers that the operator registers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::bail;
use connix_domain::agent::is_reserved;
use connix_worker_protocol::mcp as protocol;
use connix_worker_protocol::secret::Secret;
use serde::{Deserialize, Serialize};

use super::secret_text::SecretText;
use super::value::HttpUrl;

/// Longest name, so that what models call its tools stays readable within 64 characters.
const LONGEST_NAME: usize = 32;
/// Longest time of a call, in seconds.
const LONGEST_TIME: u32 = 3600;
/// Headers that the protocol itself sets.
const OWN_HEADERS: &[&str] = &[
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "transfer-encoding",
];

/// One server. Its keys are explained in `config/default.toml`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct McpServer {
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    command: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, SecretText>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    readable: Vec<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, SecretText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u32>,
}

/// Reads the secrets of all servers, and checks them.
///
/// # Errors
/// The first fault, by the setting's name: `tools.mcp[0].url`.
pub(crate) fn complete(servers: &mut [McpServer], variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let mut names = BTreeSet::new();
    for (at, server) in servers.iter_mut().enumerate() {
        let checked = server.read(&variable).and_then(|()| server.check());
        if let Err((key, fault)) = checked {
            bail!("bad setting: tools.mcp[{at}].{key}: {fault}");
        }
        if !names.insert(server.name.clone()) {
            bail!("bad setting: tools.mcp[{at}].name: `{}` is registered twice", server.name);
        }
    }
    Ok(())
}

/// A key, and what is wrong with it.
type Fault = (String, String);

impl McpServer {
    fn read(&mut self, variable: &impl Fn(&str) -> Option<String>) -> Result<(), Fault> {
        for (key, values) in [("env", &mut self.env), ("headers", &mut self.headers)] {
            for (name, value) in values {
                value.read(variable).map_err(|fault| (format!("{key}.{name}"), fault))?;
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        let fault = |key: &str, what: &str| Err((key.to_owned(), what.to_owned()));
        if !is_name(&self.name) {
            return fault(
                "name",
                "expected 1 to 32 lower-case letters, digits and hyphens, the first and last no hyphen",
            );
        }
        if self.timeout_seconds.is_some_and(|seconds| !(1..=LONGEST_TIME).contains(&seconds)) {
            return fault("timeout_seconds", "expected 1 to 3600");
        }
        match (&self.url, self.command.is_empty()) {
            (None, true) => fault("command", "a server needs a command or a url"),
            (Some(_), false) => fault("url", "a server has a command or a url, not both"),
            (Some(url), true) => self.check_endpoint(url),
            (None, false) => self.check_program(),
        }
    }

    fn check_endpoint(&self, url: &str) -> Result<(), Fault> {
        url.parse::<HttpUrl>().map_err(|fault| ("url".to_owned(), fault))?;
        if !self.env.is_empty() || !self.readable.is_empty() {
            let key = if self.env.is_empty() { "readable" } else { "env" };
            return Err((key.to_owned(), "is for servers with a command".to_owned()));
        }
        for (name, value) in &self.headers {
            let key = || format!("headers.{name}");
            if !is_header(name) {
                return Err((key(), "is no header's name, or one that the protocol sets itself".to_owned()));
            }
            if !value.expose().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
                return Err((key(), "expected printable ASCII".to_owned()));
            }
        }
        Ok(())
    }

    fn check_program(&self) -> Result<(), Fault> {
        let program = self.command.first().map_or("", String::as_str);
        if program.is_empty() || (program.contains('/') && !program.starts_with('/')) {
            return Err(("command".to_owned(), "expected the name of a program or its absolute path first".to_owned()));
        }
        if self.command.iter().any(|word| word.contains('\0')) {
            return Err(("command".to_owned(), "expected no NUL".to_owned()));
        }
        if !self.headers.is_empty() {
            return Err(("headers".to_owned(), "is for servers with a url".to_owned()));
        }
        if let Some(path) = self.readable.iter().find(|path| !path.is_absolute()) {
            return Err(("readable".to_owned(), format!("{} is no absolute path", path.display())));
        }
        let misnamed = self
            .env
            .iter()
            .find(|(name, value)| !is_variable(name) || is_reserved(name) || value.expose().contains('\0'));
        match misnamed {
            Some((name, _)) => Err((format!("env.{name}"), "is no variable that a server may be given".to_owned())),
            None => Ok(()),
        }
    }

    /// Where it is dialled, if it is.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// What workers are told of it. `usual_seconds` is the longest time of a call of one that has no time of its own.
    pub(crate) fn registered(&self, usual_seconds: u32) -> protocol::McpServer {
        let exposed = |values: &BTreeMap<String, SecretText>| {
            values.iter().map(|(name, value)| (name.clone(), Secret::new(value.expose()))).collect()
        };
        let reach = match &self.url {
            Some(url) => protocol::McpReach::Endpoint(protocol::McpEndpoint {
                url: url.clone(),
                headers: exposed(&self.headers),
            }),
            None => protocol::McpReach::Program(protocol::McpProgram {
                command: self.command.clone(),
                env: exposed(&self.env),
                readable: self.readable.clone(),
            }),
        };
        let secrets = self.env.iter().chain(&self.headers).filter_map(|(name, value)| value.secret(name));
        protocol::McpServer {
            name: self.name.clone(),
            reach,
            timeout_ms: u64::from(self.timeout_seconds.unwrap_or(usual_seconds)) * 1000,
            secrets: secrets.map(Secret::new).collect(),
        }
    }
}

fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = name.bytes().next().is_some_and(inner) && name.bytes().last().is_some_and(inner);
    ends && name.len() <= LONGEST_NAME && name.bytes().all(|byte| inner(byte) || byte == b'-')
}

fn is_variable(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_header(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let own = OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own));
    !name.is_empty() && name.bytes().all(token) && !own
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::settings::Settings;
    use crate::settings::load::{Flags, load};
    use crate::settings::print;

    fn from(text: &str, variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        load(Some(file.path()), variables, &Flags::default())
    }

    #[test]
    fn a_server_is_a_command_or_a_url_with_secrets_from_files_and_the_environment() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "from-a-file\n").unwrap();
        let text = format!(
            "[[tools.mcp]]\nname = \"files\"\ncommand = [\"files\", \"{{workspace}}\"]\nreadable = [\"/opt/files\"]\n\
             env = {{ LOG_LEVEL = \"debugging\", KEY = {{ file = \"{}\" }} }}\n\
             [[tools.mcp]]\nname = \"tickets\"\nurl = \"https://mcp.example.com/mcp/\"\ntimeout_seconds = 5\n\
             headers = {{ Authorization = {{ env = \"TICKETS\", prefix = \"Bearer \" }} }}\n",
            secret.path().display()
        );
        let settings = from(&text, &[("TICKETS", "from-outside")]).unwrap();
        let [files, tickets] = &settings.tools.mcp[..] else { panic!("{:?}", settings.tools.mcp) };
        let files = files.registered(60);
        let protocol::McpReach::Program(program) = &files.reach else { panic!("{files:?}") };
        assert_eq!((program.env["KEY"].expose(), program.env["LOG_LEVEL"].expose()), ("from-a-file", "debugging"));
        assert_eq!((files.timeout_ms, program.command[1].as_str()), (60_000, protocol::WORKSPACE));
        assert_eq!(files.secrets, [Secret::new("from-a-file")], "what is no secret may be told");
        let tickets = tickets.registered(60);
        let protocol::McpReach::Endpoint(endpoint) = &tickets.reach else { panic!("{tickets:?}") };
        assert_eq!(endpoint.headers["Authorization"].expose(), "Bearer from-outside");
        assert_eq!((endpoint.url.as_str(), tickets.timeout_ms), ("https://mcp.example.com/mcp/", 5000));
        assert_eq!(tickets.secrets, [Secret::new("from-outside")]);

        let printed = print::text(&settings).unwrap();
        assert!(!printed.contains("from-outside") && !printed.contains("from-a-file"), "{printed}");
        let again = from(&printed, &[("TICKETS", "from-outside")]).unwrap();
        assert_eq!(print::text(&again).unwrap(), printed);
    }

    #[test]
    fn the_environment_takes_them_as_toml() {
        let list = "[{ name = \"files\", command = [\"files\"], env = { A_Key = \"x\" } }]";
        let settings = load(None, [("CONNIX_TOOLS__MCP".into(), list.into())], &Flags::default()).unwrap();
        assert_eq!(print::lines(&settings).unwrap().iter().filter(|(key, _)| key == "tools.mcp").count(), 1);
        let protocol::McpReach::Program(program) = settings.tools.mcp[0].registered(1).reach else { panic!() };
        assert!(program.env.contains_key("A_Key"), "names keep their case: {program:?}");
        let broken = load(None, [("CONNIX_TOOLS__MCP".into(), "[{ canary".into())], &Flags::default()).unwrap_err();
        let message = format!("{broken:#}");
        assert!(message.contains("CONNIX_TOOLS__MCP") && !message.contains("canary"), "{message}");
    }

    #[test]
    fn a_bad_server_is_refused_by_the_name_of_its_key() {
        let good = "name = \"a\"\ncommand = [\"a\"]";
        for (server, key) in [
            ("command = [\"a\"]", "name"),
            ("name = \"A b\"\ncommand = [\"a\"]", "tools.mcp[0].name"),
            ("name = \"a\"", "tools.mcp[0].command"),
            ("name = \"a\"\ncommand = [\"a\"]\nurl = \"https://a.example\"", "tools.mcp[0].url"),
            ("name = \"a\"\nurl = \"a.example\"", "tools.mcp[0].url"),
            ("name = \"a\"\nurl = \"https://user:word@a.example\"", "tools.mcp[0].url"),
            ("name = \"a\"\ncommand = [\"./a\"]", "tools.mcp[0].command"),
            (&format!("{good}\ntimeout_seconds = 0"), "tools.mcp[0].timeout_seconds"),
            (&format!("{good}\nheaders = {{ A = \"b\" }}"), "tools.mcp[0].headers"),
            (&format!("{good}\nreadable = [\"opt\"]"), "tools.mcp[0].readable"),
            (&format!("{good}\nenv = {{ LD_PRELOAD = \"b\" }}"), "tools.mcp[0].env.LD_PRELOAD"),
            (&format!("{good}\nenv = {{ A = {{ env = \"NOT_SET\" }} }}"), "tools.mcp[0].env.A"),
            (&format!("{good}\nenv = {{ A = {{ file = \"/nowhere\" }} }}"), "tools.mcp[0].env.A"),
            (&format!("{good}\nenv = {{ A = {{ vault = \"b\" }} }}"), "tools.mcp[0]"),
            (&format!("{good}\ncolour = \"red\""), "colour"),
            ("name = \"a\"\nurl = \"https://a.example\"\nheaders = { Host = \"b\" }", "tools.mcp[0].headers.Host"),
            ("name = \"a\"\nurl = \"https://a.example\"\nheaders = { A = \"b\\nc\" }", "tools.mcp[0].headers.A"),
            (&format!("{good}\n[[tools.mcp]]\n{good}"), "tools.mcp[1].name"),
        ] {
            let message = format!("{:#}", from(&format!("[[tools.mcp]]\n{server}"), &[]).unwrap_err());
            assert!(message.contains(key), "{server}: {message}");
        }
    }
}
