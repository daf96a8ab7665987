//! One look at the processes of this host: those that bear a mark, and the children of this process.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;
use std::{fs, io};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// How a keeper is called.
const KEEPER: &str = "sandbox-exec";
/// The variable that the processes of a program have.
const VARIABLE: &str = "CONNIX_INSTANCE=";

/// A process.
pub(super) struct Seen {
    handle: OwnedFd,
    pub(super) number: i32,
    /// It is a child of this process.
    pub(super) is_child: bool,
    /// It is a keeper, and not something that calls itself one.
    pub(super) is_keeper: bool,
    /// It has ended and waits to be buried.
    pub(super) has_ended: bool,
    /// The worker that it belongs to.
    pub(super) mark: Option<String>,
}

impl Seen {
    pub(super) fn kill(&self) {
        // It may have ended.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

/// Looks, shared by all who wait for something at the same time.
#[derive(Default)]
pub(super) struct Looks(Mutex<Option<(Instant, Arc<Vec<Seen>>)>>);

impl Looks {
    /// What a look has found that began after this call.
    ///
    /// # Errors
    /// When `/proc` cannot be read: then nothing is known.
    pub(super) async fn new_one(&self) -> io::Result<Arc<Vec<Seen>>> {
        let asked = Instant::now();
        let mut newest = self.0.lock().await;
        if let Some((_, seen)) = newest.as_ref().filter(|(began, _)| *began > asked) {
            return Ok(Arc::clone(seen));
        }
        let began = Instant::now();
        let seen = Arc::new(spawn_blocking(|| look(Wanted::Marked)).await.map_err(io::Error::other)??);
        *newest = Some((began, Arc::clone(&seen)));
        Ok(seen)
    }
}

/// Those that a look is for.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// Children of this process. Of others only the parent is read.
    Children,
    /// These, and whatever bears a mark.
    Marked,
}

/// The children that this process has now.
///
/// # Errors
/// When `/proc` cannot be read.
pub(super) fn children() -> io::Result<Vec<Seen>> {
    look(Wanted::Children)
}

fn look(wanted: Wanted) -> io::Result<Vec<Seen>> {
    let own = Own { process: std::process::id().cast_signed(), rank: rank("self") };
    let processes = fs::read_dir("/proc")?.flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    Ok(numbers.filter_map(|number| own.seen(number, wanted)).collect())
}

/// What this process is.
struct Own {
    process: i32,
    rank: Option<Rank>,
}

/// Whose a process is, and how many filters of system calls it obeys, which no process can get rid of. A confined program has
/// more of them than its server, its worker and its keeper.
#[derive(PartialEq)]
struct Rank {
    user: String,
    filters: String,
}

impl Own {
    /// A process is held first and looked at then, so that it cannot be another's by the time it is signalled.
    fn seen(&self, number: i32, wanted: Wanted) -> Option<Seen> {
        let handle = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
        // After the name in parentheses: state, parent and, as the 20th field of all, threads. A process whose first thread has ended
        // alone looks dead, and is not.
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let threads: u64 = fields.get(17)?.parse().ok()?;
        let has_ended = matches!(*fields.first()?, "Z" | "X") && threads <= 1;
        let is_child = fields.get(1)?.parse() == Ok(self.process);
        if !is_child && wanted == Wanted::Children {
            return None;
        }
        let called = mark_of_keeper(number);
        let is_keeper = called.is_some() && self.rank.is_some() && rank(&number.to_string()) == self.rank;
        let mark = if is_keeper { called } else { mark_in_environment(number) };
        (is_child || mark.is_some()).then_some(Seen { handle, number, is_child, is_keeper, has_ended, mark })
    }
}

fn rank(process: &str) -> Option<Rank> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.to_owned())
    };
    Some(Rank { user: field("Uid:")?, filters: field("Seccomp_filters:").unwrap_or_default() })
}

/// The word after its name on a keeper's command line.
fn mark_of_keeper(process: i32) -> Option<String> {
    let words = words(process, "cmdline")?;
    let place = words.iter().position(|word| word == KEEPER)?;
    words.get(place + 1).cloned()
}

fn mark_in_environment(process: i32) -> Option<String> {
    words(process, "environ")?.iter().find_map(|word| word.strip_prefix(VARIABLE).map(str::to_owned))
}

fn words(process: i32, file: &str) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{process}/{file}")).ok()?;
    Some(bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}
