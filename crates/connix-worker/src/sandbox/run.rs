//! One run of a program, as the worker sees it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::pin::pin;
use std::process::Stdio;
use std::time::{Duration, Instant};

use connix_redaction::Redactor;
use futures_util::future::join;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command as Process};
use tokio::time::timeout;

use super::order::{Command, End, Hold, Job, Order, Program, Report};
use super::output::HeadAndTail;
use super::{KeeperProgram, Sandbox};
use crate::tools::CallClock;
use crate::tools::own_program::OwnCall;

/// The keeper kills 2 s after it was told to end the program; much later than that, something is wrong with it.
const KEEPER_PATIENCE: Duration = Duration::from_secs(8);
/// Trying what is denied takes moments; the host may be busy.
const EXAMINATION: Duration = Duration::from_secs(20);
/// When a program has ended, what it printed is in the pipes already.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a program may run.
pub struct Bounds<'a> {
    /// On `clock`.
    pub time: Duration,
    /// Stands still while the program shall.
    pub clock: &'a CallClock,
    /// Takes out of what it prints what must not be kept.
    pub redactor: &'a Redactor,
}

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
    /// How the program ended.
    pub end: End,
    /// It was ended because its time was over.
    pub timed_out: bool,
    /// What is kept of its standard output.
    pub stdout: String,
    /// What is kept of its standard error.
    pub stderr: String,
    /// From its start to its end.
    pub took: Duration,
}

impl Sandbox {
    /// Runs a program to its end, or to the end of its time.
    ///
    /// # Errors
    /// In words: it was not run, because it cannot be confined as it must be, or because there is no such program.
    pub async fn run(&self, program: Program, bounds: Bounds<'_>) -> Result<Ran, String> {
        let hold = self.hold().await?;
        self.ran(self.order(Job::Program(program), hold, &[]), bounds).await
    }

    /// Has this program do a call of one of its own tools, confined like any other.
    ///
    /// # Errors
    /// In words: it was not done, because it cannot be confined as it must be.
    pub(crate) async fn run_own(&self, call: OwnCall, bounds: Bounds<'_>) -> Result<Ran, String> {
        let hold = self.hold().await?;
        self.ran(self.order(Job::Own(call), hold, &[]), bounds).await
    }

    /// Tries whether programs can be confined when held so.
    pub(super) async fn examined(&self, hold: Hold) -> Result<(), String> {
        let never = CallClock::new(tokio::sync::watch::channel(false).1);
        let nothing = Redactor::default();
        let bounds = Bounds { time: EXAMINATION, clock: &never, redactor: &nothing };
        let ran = self.ran(self.order(Job::Examine, hold, &[]), bounds).await?;
        match ran.end {
            End { code: Some(0), .. } if !ran.timed_out => Ok(()),
            end => Err(format!("the examination of the sandbox ended early: {end:?} {}", ran.stderr.trim())),
        }
    }

    async fn ran(&self, order: Order, bounds: Bounds<'_>) -> Result<Ran, String> {
        let began = Instant::now();
        let mut keeper =
            Keeper::start(&self.keeper, &self.instance, Stdio::piped()).map_err(|error| keeper_failed(&error))?;
        keeper.tell(&order).await.map_err(|error| keeper_failed(&error))?;
        let most = usize::try_from(self.settings.limits.output_kib << 10).unwrap_or(usize::MAX);
        let (mut stdout, mut stderr) = (HeadAndTail::new(most / 4 * 3), HeadAndTail::new(most / 4));
        let (printed, complained) = (keeper.child.stdout.take(), keeper.child.stderr.take());
        let (end, timed_out) = {
            let reading =
                join(read(&mut stdout, printed, bounds.redactor), read(&mut stderr, complained, bounds.redactor));
            let (mut reading, mut done_reading) = (pin!(reading), false);
            let mut course = pin!(keeper.see_to_the_end(bounds.clock, bounds.clock.elapsed(bounds.time)));
            let over = loop {
                tokio::select! {
                    over = &mut course => break over?,
                    _ = &mut reading, if !done_reading => done_reading = true,
                }
            };
            if !done_reading {
                // Nobody is left who could print; whoever holds the pipe nevertheless is not waited for.
                let _ = timeout(LAST_WORDS, reading).await;
            }
            over
        };
        Ok(Ran { end, timed_out, stdout: stdout.text(), stderr: stderr.text(), took: began.elapsed() })
    }
}

async fn read(output: &mut HeadAndTail, stream: Option<impl tokio::io::AsyncRead + Unpin>, redactor: &Redactor) {
    if let Some(stream) = stream {
        output.read(stream, redactor.stream()).await;
    }
}

/// The keeper of a run. Dropping it closes the socket, by which it knows that the program must end.
pub(super) struct Keeper {
    pub(super) child: Child,
    commands: OwnedWriteHalf,
    reports: Lines<BufReader<OwnedReadHalf>>,
}

impl Keeper {
    /// `stdout` is the program's standard output.
    pub(super) fn start(program: &KeeperProgram, instance: &str, stdout: Stdio) -> io::Result<Self> {
        let (ours, its) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Process::new(&program.path);
        command.arg0("connix").args(&program.arguments).arg(instance).env_clear().current_dir("/");
        command.stdin(Stdio::from(OwnedFd::from(its))).stdout(stdout).stderr(Stdio::piped());
        let child = command.spawn()?;
        let (reports, commands) = UnixStream::from_std(ours)?.into_split();
        Ok(Self { child, commands, reports: BufReader::new(reports).lines() })
    }

    pub(super) async fn tell(&mut self, what: &impl serde::Serialize) -> io::Result<()> {
        let line = serde_json::to_string(what)? + "\n";
        self.commands.write_all(line.as_bytes()).await
    }

    /// Passes on pauses and that the program's time is over, until the keeper says that it is no more; and whether its time
    /// was over.
    pub(super) async fn see_to_the_end(
        &mut self,
        clock: &CallClock,
        out_of_time: impl Future<Output = ()>,
    ) -> Result<(End, bool), String> {
        let mut out_of_time = pin!(out_of_time);
        let (mut timed_out, mut frozen) = (false, false);
        loop {
            let report = async {
                match timed_out {
                    true => timeout(KEEPER_PATIENCE, self.reports.next_line()).await.unwrap_or(Ok(None)),
                    false => self.reports.next_line().await,
                }
            };
            let command = tokio::select! {
                report = report => match report.ok().flatten().and_then(|line| serde_json::from_str(&line).ok()) {
                    Some(Report::Started) => continue,
                    Some(Report::Refused(why)) => return Err(why),
                    Some(Report::Ended(end)) => return Ok((end, timed_out)),
                    None => return Err("the keeper of the program is gone".to_owned()),
                },
                () = &mut out_of_time, if !timed_out => {
                    timed_out = true;
                    Command::End
                }
                () = clock.frozen(), if !frozen && !timed_out => {
                    frozen = true;
                    Command::Freeze
                }
                () = clock.thawed(), if frozen => {
                    frozen = false;
                    Command::Thaw
                }
            };
            // A keeper that is gone is noticed by its silence.
            let _ = self.tell(&command).await;
        }
    }
}

pub(super) fn keeper_failed(error: &io::Error) -> String {
    format!("the keeper of the program cannot be started: {error}")
}
