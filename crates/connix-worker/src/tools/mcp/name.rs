//! What configurations and models call an MCP server's tools.

use sha2::{Digest, Sha256};

/// Longest name of a function that model endpoints take.
const LONGEST: usize = 64;
/// Hexadecimal digits that tell names apart which cannot be told as they are.
const DIGITS: usize = 8;

/// The kind of tools in a configuration.
const PREFIX: &str = "mcp:";

/// A configuration's `mcp:<server>` or `mcp:<server>/<tool>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct McpName<'n> {
    pub(crate) server: &'n str,
    /// One of its tools; all of them when absent.
    pub(crate) tool: Option<&'n str>,
}

impl<'n> McpName<'n> {
    /// `None` for what is no MCP server's.
    pub(crate) fn parse(name: &'n str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        Some(match rest.split_once('/') {
            Some((server, tool)) => Self { server, tool: Some(tool) },
            None => Self { server: rest, tool: None },
        })
    }
}

/// What a configuration calls a server.
pub(crate) fn of_server(server: &str) -> String {
    format!("{PREFIX}{server}")
}

/// What a configuration calls a tool.
pub(crate) fn of_tool(server: &str, tool: &str) -> String {
    format!("{PREFIX}{server}/{tool}")
}

/// What a model calls any tool of a server begins so.
pub(crate) fn function_prefix(server: &str) -> String {
    format!("mcp__{server}__")
}

/// What a model calls a tool: at most 64 of `A-Z a-z 0-9 _ -`, another name for every tool, and always the same for the same.
pub(crate) fn function(server: &str, tool: &str) -> String {
    let taken = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let plain = function_prefix(server) + tool;
    if plain.len() <= LONGEST && plain.chars().all(taken) && !ends_in_digits(&plain) {
        return plain;
    }
    let digest = Sha256::digest(of_tool(server, tool).as_bytes());
    let digits: String = digest.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
    let kept = plain.chars().take(LONGEST - DIGITS - 1).map(|character| if taken(character) { character } else { '_' });
    format!("{}_{digits}", kept.collect::<String>())
}

/// Whether a name looks like one that was made distinct: such a name is made distinct too.
fn ends_in_digits(name: &str) -> bool {
    let is_digit = |character: char| matches!(character, '0'..='9' | 'a'..='f');
    let end = name.rsplit('_').next().unwrap_or_default();
    end.len() == DIGITS && end.chars().all(is_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_configuration_names_a_server_or_one_of_its_tools() {
        assert_eq!(McpName::parse("mcp:files"), Some(McpName { server: "files", tool: None }));
        assert_eq!(McpName::parse("mcp:files/read/all"), Some(McpName { server: "files", tool: Some("read/all") }));
        assert_eq!(McpName::parse("web_search"), None);
    }

    #[test]
    fn a_plain_name_stays_readable_and_others_are_made_so() {
        assert_eq!(function("files", "read_file"), "mcp__files__read_file");
        let dotted = function("files", "read.file");
        assert!(dotted.starts_with("mcp__files__read_file_") && dotted != function("files", "read/file"), "{dotted}");
        let long = function("files", &"x".repeat(200));
        assert_eq!(long.len(), LONGEST);
        assert_ne!(
            function("files", &long["mcp__files__".len()..]),
            long,
            "a name that looks made distinct is made so too"
        );
    }

    proptest! {
        #[test]
        fn every_name_is_one_that_endpoints_take_and_no_two_are_the_same(
            tools in prop::collection::btree_set(("[a-z0-9-]{1,32}", "[a-c_./ä]{1,80}"), 2..20)
        ) {
            let names: Vec<_> = tools.iter().map(|(server, tool)| function(server, tool)).collect();
            for name in &names {
                let taken = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
                prop_assert!(taken && (1..=LONGEST).contains(&name.len()), "{}", name);
            }
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
        }
    }
}
