//! Work with passwords, which takes long and much memory on purpose: beside everything else, and only a little at once.

use super::sign_in::SignInRefusal;
use crate::app::App;
use crate::error::Error;
use connix_domain::member::Password;
use connix_domain::port::oauth::{PasswordCheck, Passwords};
use connix_domain::port::secrets::Secret;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Where passwords are hashed: each takes 19 MiB and a core for a while, so only a few at once.
pub(crate) struct PasswordBench(Arc<Semaphore>);

impl PasswordBench {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Semaphore::new(2 * cores)))
    }
}

impl App {
    /// Compares a password with what is kept, where that holds up nobody.
    pub(super) async fn check_password(
        &self,
        password: &Secret,
        kept: Option<&Password>,
    ) -> Result<PasswordCheck, SignInRefusal> {
        let kept = kept.map(|kept| kept.hash.0.clone());
        let password = password.clone();
        self.at_the_bench(move |passwords| passwords.check(&password, kept.as_deref())).await
    }

    /// Works with passwords beside everything else, with few others at once.
    pub(super) async fn at_the_bench<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Passwords) -> T + Send + 'static,
    ) -> Result<T, SignInRefusal> {
        let permit = Arc::clone(&self.password_bench.0).try_acquire_owned().map_err(|_| SignInRefusal::Busy)?;
        let passwords = Arc::clone(&self.ports.passwords);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(passwords.as_ref())
        });
        Ok(done.await.map_err(|error| Error::Internal(error.to_string()))?)
    }
}
