//! The last steps of a process before it is the program: it confines itself, and becomes it.

use std::convert::Infallible;
use std::ffi::{CString, NulError};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use landlock::ABI;
use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{
    Gid, Pid, Uid, access, chdir, dup2_stdin, execve, geteuid, getppid, setgroups, setresgid, setresuid, setsid,
};

use super::super::order::{Confinement, Hold, Job, Order, Program};
use super::examine::Outside;
use super::landlock::Rules;
use super::scratch::Scratch;
use super::surroundings::{DEVICES, PATH, SYSTEM, configuration, existing};
use super::{bounds, examine, seccomp};
use crate::tools::own_program::{self, OwnCall};

/// Where a program finds itself.
pub(super) struct Place<'a> {
    pub(super) order: &'a Order,
    pub(super) scratch: &'a Scratch,
    /// Processes of the same user that run already and count against its limit.
    pub(super) processes_besides: u64,
    /// The keeper, where no namespace hides it.
    pub(super) keeper: Option<Pid>,
}

impl Place<'_> {
    /// Becomes the program; comes back when it was to examine alone.
    ///
    /// # Errors
    /// In words: it is not confined as ordered, or cannot be executed. The process is of no more use then.
    pub(super) fn enter(&self) -> Result<(), String> {
        settle_signals()?;
        umask(Mode::from_bits_truncate(0o077));
        setsid().map_err(|error| format!("setsid: {error}"))?;
        chdir(&self.order.workspace)
            .map_err(|error| format!("the workspace {} cannot be entered: {error}", self.order.workspace.display()))?;
        match &self.order.confinement {
            Some(confinement) => self.confine(confinement)?,
            None => bounds::set(&self.order.limits, self.processes_besides)?,
        }
        if let Some(keeper) = self.keeper {
            end_with(keeper)?;
        }
        match &self.order.job {
            Job::Program(program) => match self.become_program(program)? {},
            Job::Serve(program) => {
                self.be_spoken_to()?;
                match self.become_program(program)? {}
            }
            Job::Own(call) => self.do_call(call),
            Job::Examine if self.order.confinement.is_none() => Ok(()),
            Job::Examine => {
                let outside = Outside { process: self.keeper, folder: self.scratch.folder() };
                examine::examine([&self.order.workspace, &self.temporary()], &outside)
            }
        }
    }

    /// The order matters: what opens paths comes before the user changes, what could forbid a step comes after it.
    fn confine(&self, confinement: &Confinement) -> Result<(), String> {
        let rules = self.rules(confinement).prepare()?;
        bounds::set(&self.order.limits, self.processes_besides)?;
        if let Some(user) = confinement.user {
            become_user(user)?;
        }
        self.paths_are_open()?;
        rules.enforce()?;
        keep_files_private()?;
        seccomp::deny(self.order.shares_its_user())
    }

    fn rules(&self, confinement: &Confinement) -> Rules {
        let readable = existing(SYSTEM).into_iter().chain(configuration()).chain(confinement.readable.iter().cloned());
        let mut writable = vec![self.order.workspace.clone(), self.temporary()];
        if self.order.hold == Hold::Namespace {
            writable.push("/dev/shm".into());
        }
        // Without a namespace and a user of its own, only Landlock's signal scope keeps it from its worker's throat.
        let least = if self.order.shares_its_user() { ABI::V6 } else { ABI::V1 };
        Rules { readable: readable.collect(), writable, devices: existing(DEVICES), least }
    }

    /// The folder for temporary files, by the path it has in here.
    fn temporary(&self) -> PathBuf {
        let hidden = self.order.hold == Hold::Namespace && self.order.confinement.is_some();
        if hidden { "/tmp".into() } else { self.scratch.temporary() }
    }

    /// A program names its files by absolute paths too.
    fn paths_are_open(&self) -> Result<(), String> {
        let workspace = &self.order.workspace;
        let reached = access(workspace, nix::unistd::AccessFlags::X_OK);
        reached.map_err(|error| {
            format!(
                "{} cannot be reached by user {}: {error}; without namespaces the folders above it must let others \
                 pass (chmod o+x)",
                workspace.display(),
                geteuid()
            )
        })
    }

    /// Does the call as if it were a program: nothing of the keeper's is open, and its end is this process's end.
    fn do_call(&self, call: &OwnCall) -> ! {
        // SAFETY: what is closed belongs to the keeper's own code, none of which runs here any more.
        #[expect(unsafe_code, reason = "close_range has no safe wrapper; it touches no memory")]
        let closed = unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
        // A tool that fails must not go on as the keeper that this process was copied from.
        let answered = catch_unwind(AssertUnwindSafe(|| own_program::answer(call, &self.order.workspace)));
        let Ok(answer) = answered else { std::process::exit(own_program::FAILED) };
        let mut out = std::io::stdout();
        let printed = out.write_all(answer.as_bytes()).and_then(|()| out.flush());
        std::process::exit(i32::from(closed != 0 || printed.is_err()))
    }

    /// Its standard input is what its standard output is; and it works where nobody else has put anything.
    fn be_spoken_to(&self) -> Result<(), String> {
        dup2_stdin(std::io::stdout()).map_err(|error| format!("standard input cannot be made: {error}"))?;
        let temporary = self.temporary();
        chdir(&temporary).map_err(|error| format!("{} cannot be entered: {error}", temporary.display()))
    }

    fn become_program(&self, program: &Program) -> Result<Infallible, String> {
        let name = program.words.first().map_or("", String::as_str);
        let in_words = |error: NulError| format!("{name} cannot be run: {error}");
        let words = program.words.iter().map(|word| CString::new(word.as_str())).collect::<Result<Vec<_>, _>>();
        let words = words.map_err(in_words)?;
        let environment = self.environment(program).map_err(in_words)?;
        let mut why = Errno::ENOENT;
        let is_path = name.contains('/');
        for folder in if is_path { "" } else { PATH }.split(':') {
            let path = if is_path { name.to_owned() } else { format!("{folder}/{name}") };
            match execve(&CString::new(path).map_err(in_words)?, &words, &environment) {
                Ok(never) => match never {},
                Err(Errno::ENOENT) => {}
                Err(error) => why = error,
            }
        }
        let looked = if is_path { String::new() } else { format!(" (looked for in {PATH})") };
        Err(format!("{name} cannot be run: {why}{looked}"))
    }

    /// Nothing of the worker's: what every program has, and the agent's own variables, which cannot replace it.
    fn environment(&self, program: &Program) -> Result<Vec<CString>, NulError> {
        let temporary = self.temporary();
        let home = if matches!(self.order.job, Job::Serve(_)) { &temporary } else { &self.order.workspace };
        let fixed = [
            ("PATH", PATH.to_owned()),
            ("HOME", home.display().to_string()),
            ("TMPDIR", temporary.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("CONNIX_INSTANCE", self.order.instance.clone()),
        ];
        let is_fixed = |name: &str| fixed.iter().any(|(fixed, _)| *fixed == name);
        let own = program.environment.iter().filter(|(name, _)| !is_fixed(name));
        let own = own.map(|(name, value)| CString::new(format!("{name}={}", value.expose())));
        fixed.iter().map(|(name, value)| CString::new(format!("{name}={value}"))).chain(own).collect()
    }
}

/// Signals as a program expects them: none blocked, none ignored.
fn settle_signals() -> Result<(), String> {
    let in_words = |error: Errno| format!("signals cannot be settled: {error}");
    // SAFETY: the default action is no handler that could run.
    #[expect(unsafe_code, reason = "Rust ignores SIGPIPE for itself, and what is ignored stays so over exec")]
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.map_err(in_words)?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).map_err(in_words)
}

fn become_user(user: u32) -> Result<(), String> {
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    let done = setgroups(&[]).and_then(|()| setresgid(gid, gid, gid)).and_then(|()| setresuid(uid, uid, uid));
    done.map_err(|error| {
        format!("a program cannot be run as user {user}: {error}; runtime.programs.users says which users may be used")
    })
}

/// This process dies with the keeper; its own children would not, they are swept. A change of user forgets it, so it comes
/// last.
fn end_with(keeper: Pid) -> Result<(), String> {
    set_pdeathsig(Signal::SIGKILL).map_err(|error| format!("PR_SET_PDEATHSIG: {error}"))?;
    if getppid() == keeper { Ok(()) } else { Err("the keeper is gone".to_owned()) }
}

/// No file of the keeper's reaches the program.
fn keep_files_private() -> Result<(), String> {
    // SAFETY: it marks files to be closed, and none is used afterwards but by exec.
    #[expect(unsafe_code, reason = "close_range has no safe wrapper; it touches no memory")]
    let marked = unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC.cast_signed()) };
    Errno::result(marked).map(drop).map_err(|error| format!("open files cannot be closed: {error}"))
}
