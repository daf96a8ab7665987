//! What tools there are, and whether they could work here: what a server's catalogue shows.

use std::path::Path;

use connix_outbound::Traffic;
use connix_worker_protocol::tools::ToolSettings;
use futures_util::future::join_all;
use serde_json::Value;

use super::toolbox::{self, BUILT_IN};
use super::{Supplies, mcp};
use crate::sandbox::{Found, Sandbox, find_out};

/// A tool as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTool {
    /// What a configuration calls it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON schema of its arguments; `None` of what is a set of tools, or cannot work here.
    pub parameters: Option<Value>,
    /// Why it cannot work here; `None` when it can.
    pub missing: Option<Missing>,
}

/// Why a tool cannot work here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// In words.
    pub reason: String,
    /// The setting that would change that.
    pub setting: Option<&'static str>,
}

impl Missing {
    /// A setting that has to be set.
    pub(crate) fn setting(name: &'static str) -> Self {
        Self { reason: format!("{name} is not set"), setting: Some(name) }
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Every tool.
    pub tools: Vec<FoundTool>,
    /// What the sandbox can do.
    pub programs: Found,
}

/// Looks at every tool, with `folder` as the workspace in which programs are tried. It is made when it is missing, and where
/// this process is root it is given to a user of programs.
pub async fn inventory(settings: &ToolSettings, folder: &Path) -> Inventory {
    let _ = std::fs::create_dir_all(folder); // if that fails, the trials below say so
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let sandbox = || Sandbox::new(settings.sandbox.clone(), folder.clone(), "inventory", "inventory".to_owned());
    let programs = find_out(&sandbox()).await;
    let supplies = Supplies::new(settings.clone(), Traffic::default(), sandbox());
    let mut tools = Vec::new();
    for (name, description) in BUILT_IN {
        let (parameters, mut missing) = match toolbox::built_in(name, &supplies).await {
            Ok(tool) => (Some(tool.parameters()), None),
            Err(missing) => (None, Some(missing)),
        };
        if *name == "code_execution" && missing.is_none() {
            missing = without_interpreter(&programs);
        }
        tools.push(FoundTool { name: (*name).to_owned(), description: (*description).to_owned(), parameters, missing });
    }
    tools.extend(join_all(settings.mcp.iter().map(|server| mcp::found(server, &supplies))).await.into_iter().flatten());
    Inventory { tools, programs }
}

/// Programs can be confined, but there is nothing to run them.
fn without_interpreter(programs: &Found) -> Option<Missing> {
    let (python, bash) = (programs.python.as_ref().err()?, programs.bash.as_ref().err()?);
    Some(Missing { reason: format!("neither python3 ({python}) nor bash ({bash}) can be run"), setting: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_interpreter_is_enough() {
        let no = || Err("not found".to_owned());
        let found = |python, bash| Found { hold: Err(String::new()), python, bash };
        assert_eq!(without_interpreter(&found(no(), Ok(()))), None);
        assert_eq!(without_interpreter(&found(Ok(()), no())), None);
        assert!(without_interpreter(&found(no(), no())).unwrap().reason.contains("python3 (not found)"));
    }
}
