//! Passwords for use cases: kept as they are. Comparing them is counted, and can be held up.

use connix_domain::port::oauth::{PasswordCheck, PasswordIssue, Passwords};
use connix_domain::port::secrets::Secret;
use std::sync::{Condvar, Mutex};

/// What is kept of a password is the password.
#[derive(Default)]
pub(crate) struct PlainPasswords {
    bench: Mutex<Bench>,
    changed: Condvar,
}

#[derive(Default)]
struct Bench {
    held_up: bool,
    begun: usize,
    at_once: usize,
    most_at_once: usize,
}

impl PlainPasswords {
    /// From now on comparing a password takes until [`Self::go_on`].
    pub(crate) fn hold_up(&self) {
        self.bench.lock().unwrap().held_up = true;
    }

    /// Lets go on whatever was held up.
    pub(crate) fn go_on(&self) {
        self.bench.lock().unwrap().held_up = false;
        self.changed.notify_all();
    }

    /// How many passwords have been compared, with what is kept or with nothing.
    pub(crate) fn compared(&self) -> usize {
        self.bench.lock().unwrap().begun
    }

    /// How many were compared at the same time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.bench.lock().unwrap().most_at_once
    }
}

impl Passwords for PlainPasswords {
    fn hash(&self, password: &Secret) -> Result<String, PasswordIssue> {
        Ok(password.expose().to_owned())
    }

    fn check(&self, password: &Secret, kept: Option<&str>) -> PasswordCheck {
        let mut bench = self.bench.lock().unwrap();
        bench.begun += 1;
        bench.at_once += 1;
        bench.most_at_once = bench.most_at_once.max(bench.at_once);
        let mut bench = self.changed.wait_while(bench, |bench| bench.held_up).unwrap();
        bench.at_once -= 1;
        if kept == Some(password.expose()) { PasswordCheck::Right } else { PasswordCheck::Wrong }
    }
}
