//! Who is signed in to the console: sign-in by password, sessions (`reliability.md` 2.5).

mod forms;
mod sessions;
mod sign_in;

pub use sessions::SignedIn;
pub use sign_in::{Entered, Guest, SignInRefusal};
pub(crate) use sign_in::{Guesses, PasswordBench};
