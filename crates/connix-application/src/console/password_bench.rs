//! Work with passwords, which takes long and much memory on purpose: beside everything else, and only a little at once.

use super::sign_in::SignInRefusal;
use crate::app::App;
use crate::error::Error;
use connix_domain::member::Member;
use connix_domain::port::oauth::{PasswordCheck, Passwords};
use connix_domain::port::secrets::Secret;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Where passwords are hashed: each takes 19 MiB and a core for a while, so only a few at once. However many strangers there are,
/// who is known finds a seat.
pub(crate) struct PasswordBench {
    strangers: Arc<Semaphore>,
    acquaintances: Arc<Semaphore>,
}

/// Who wants to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// Anybody.
    Stranger,
    /// Somebody at a browser that the member has signed in from.
    Acquaintance,
}

impl PasswordBench {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let seats = |seats| Arc::new(Semaphore::new(seats));
        Self { strangers: seats(2 * cores), acquaintances: seats(cores) }
    }

    fn seats(&self, seat: Seat) -> &Arc<Semaphore> {
        match seat {
            Seat::Stranger => &self.strangers,
            Seat::Acquaintance => &self.acquaintances,
        }
    }
}

impl App {
    /// The first of these members whose password it is, by its place, if any: compared where that holds up nobody. Without members
    /// it costs the same as with one.
    pub(super) async fn whose_password(
        &self,
        seat: Seat,
        password: &Secret,
        members: &[&Member],
    ) -> Result<Option<(usize, PasswordCheck)>, SignInRefusal> {
        let kept = members.iter().map(|member| member.password.as_ref().map(|password| password.hash.0.clone()));
        let (kept, password) = (kept.collect::<Vec<_>>(), password.clone());
        let compare = move |passwords: &dyn Passwords| {
            if kept.is_empty() {
                passwords.check(&password, None);
            }
            let mut checks = kept.iter().map(|kept| passwords.check(&password, kept.as_deref())).enumerate();
            checks.find(|(_, check)| *check != PasswordCheck::Wrong)
        };
        self.at_the_bench(seat, compare).await
    }

    /// Works with passwords beside everything else, with few others at once.
    pub(super) async fn at_the_bench<T: Send + 'static>(
        &self,
        seat: Seat,
        work: impl FnOnce(&dyn Passwords) -> T + Send + 'static,
    ) -> Result<T, SignInRefusal> {
        let permit =
            Arc::clone(self.password_bench.seats(seat)).try_acquire_owned().map_err(|_| SignInRefusal::Busy)?;
        let passwords = Arc::clone(&self.ports.passwords);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(passwords.as_ref())
        });
        Ok(done.await.map_err(|error| Error::Internal(error.to_string()))?)
    }
}
