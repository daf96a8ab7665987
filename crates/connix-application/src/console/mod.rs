//! Who is signed in to the console: sign-in by password or through a provider, setting a password, sessions (`reliability.md` 2.5).

mod forms;
mod guesses;
mod password;
mod password_bench;
mod sessions;
mod sign_in;
mod upstream;

pub(crate) use guesses::Guesses;
pub use password::PasswordRefusal;
pub(crate) use password_bench::PasswordBench;
pub use sessions::SignedIn;
pub use sign_in::{Entered, Guest, SignInRefusal};
pub use upstream::{Arrival, Departure, UpstreamAnswer, UpstreamRefusal};
