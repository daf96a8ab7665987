//! A program that is spoken to, such as an MCP server: it runs until it is let go of.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use connix_redaction::Redactor;
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Sandbox;
use super::order::{End, Job, Program};
use super::output::HeadAndTail;
use super::run::{Keeper, keeper_failed};
use crate::tools::CallClock;

/// Bytes that are kept of its standard error.
const COMPLAINTS: usize = 4 << 10;
/// How long the account of an end is waited for, once the program has hung up.
const ACCOUNT: Duration = Duration::from_secs(3);

/// What to run.
pub(crate) struct Serving {
    /// The program; [`Program::words`] may be a path.
    pub(crate) program: Program,
    /// Folders that it may read besides those of the settings.
    pub(crate) readable: Vec<PathBuf>,
    /// Stands still while the program shall.
    pub(crate) clock: CallClock,
    /// Takes out of what it complains of what must not be kept.
    pub(crate) redactor: Arc<Redactor>,
}

/// A program that runs. When it is dropped, the program is asked to end and soon after made to; when the worker ends, the
/// keeper ends it at once.
pub(crate) struct Served {
    course: JoinHandle<Result<End, String>>,
    complaints: JoinHandle<String>,
    _hold: oneshot::Sender<()>,
}

impl Sandbox {
    /// Starts a program, confined like any other, and gives the socket that is its standard input and output. Whether it
    /// could be started shows itself there: one that cannot be, hangs up.
    ///
    /// # Errors
    /// In words: programs cannot be confined as they must be.
    pub(crate) async fn serve(&self, serving: Serving) -> Result<(Served, UnixStream), String> {
        let Serving { program, readable, clock, redactor } = serving;
        let hold = self.hold().await?;
        let order = self.order(Job::Serve(program), hold, &readable);
        let (ours, its) = StdUnixStream::pair().map_err(|error| keeper_failed(&error))?;
        let stdout = Stdio::from(OwnedFd::from(its));
        let mut keeper = Keeper::start(&self.keeper, &self.instance, stdout).map_err(|error| keeper_failed(&error))?;
        keeper.tell(&order).await.map_err(|error| keeper_failed(&error))?;
        let stderr = keeper.child.stderr.take();
        let complaints = tokio::spawn(async move {
            let mut kept = HeadAndTail::new(COMPLAINTS);
            if let Some(stderr) = stderr {
                kept.read(stderr, redactor.stream()).await;
            }
            kept.text()
        });
        let (hold, let_go) = oneshot::channel::<()>();
        let course = tokio::spawn(async move {
            let over = async { drop(let_go.await) };
            keeper.see_to_the_end(&clock, over).await.map(|(end, _)| end)
        });
        let socket = ours.set_nonblocking(true).and_then(|()| UnixStream::from_std(ours));
        let socket = socket.map_err(|error| keeper_failed(&error))?;
        Ok((Served { course, complaints, _hold: hold }, socket))
    }
}

impl Served {
    /// How a program that has hung up ended, in words, and what it complained of. One that lives is ended.
    pub(crate) async fn account(self) -> (String, String) {
        let Self { course, complaints, _hold } = self;
        let ended = timeout(ACCOUNT, course).await;
        let how = match ended {
            Ok(Ok(Ok(End { out_of_memory: true, .. }))) => "it used more memory than a program may".to_owned(),
            Ok(Ok(Ok(End { disk_full: true, .. }))) => {
                "it filled the space that a program has for its files".to_owned()
            }
            Ok(Ok(Ok(End { code: Some(code), .. }))) => format!("it ended with exit code {code}"),
            Ok(Ok(Ok(End { signal: Some(signal), .. }))) => format!("it was ended by signal {signal}"),
            Ok(Ok(Err(why))) => why,
            Ok(_) => "it ended".to_owned(),
            Err(_) => "it closed its output".to_owned(),
        };
        let complaints = timeout(ACCOUNT, complaints).await;
        (how, complaints.ok().and_then(Result::ok).unwrap_or_default())
    }
}
