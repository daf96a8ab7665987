//! What the sandbox can do on this host, found out by trying.

use std::collections::BTreeMap;
use std::time::Duration;

use connix_redaction::Redactor;
use connix_worker_protocol::sandbox::Containment;
use tokio::sync::watch;

use super::Sandbox;
use super::order::{Hold, Program};
use super::run::Bounds;
use crate::tools::CallClock;

/// The most that trying an interpreter may take.
const TRIAL: Duration = Duration::from_secs(20);

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// How the processes of a program are held together; or, in words, why no program can be run as the settings ask.
    pub hold: Result<Hold, String>,
    /// In words why `python3` cannot be run, if it cannot.
    pub python: Result<(), String>,
    /// The same for `bash`.
    pub bash: Result<(), String>,
}

/// Tries everything once, as the user that programs run as.
pub async fn find_out(sandbox: &Sandbox) -> Found {
    let hold = sandbox.hold().await;
    let python = sandbox.runs(&["python3", "-c", "import json, socket, tempfile; print('works')"]).await;
    let bash = sandbox.runs(&["bash", "-c", "echo works"]).await;
    Found { hold, python, bash }
}

impl Sandbox {
    /// How programs are held here: the first way of those that the settings allow in which everything is denied that
    /// must be. Tried until one has worked, then remembered.
    ///
    /// # Errors
    /// In words, for each way why it does not work.
    pub async fn hold(&self) -> Result<Hold, String> {
        self.hold.get_or_try_init(async || self.first_hold_that_works().await).await.copied()
    }

    async fn first_hold_that_works(&self) -> Result<Hold, String> {
        let ways: &[Hold] = match self.settings.containment {
            Containment::Auto => &[Hold::Namespace, Hold::Sweep],
            Containment::Namespace => &[Hold::Namespace],
            Containment::Sweep => &[Hold::Sweep],
        };
        let mut reasons = Vec::new();
        for way in ways {
            match self.examined(*way).await {
                Ok(()) => return Ok(*way),
                Err(why) => reasons.push(why),
            }
        }
        Err(reasons.join("; "))
    }

    async fn runs(&self, words: &[&str]) -> Result<(), String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let program = Program { words, environment: BTreeMap::new() };
        let never = CallClock::new(watch::channel(false).1);
        let ran = self.run(program, Bounds { time: TRIAL, clock: &never, redactor: &Redactor::default() }).await?;
        if ran.stdout == "works\n" { Ok(()) } else { Err(format!("it does not work: {}", ran.stderr.trim())) }
    }
}
