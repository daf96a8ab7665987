//! How often a credential may do something (contract section 3): policies and their figures, windows aligned to the clock, and the
//! decision whether a request passes, which counts in all of its policies or in none.
//!
//! ```
//! use connix_domain::rate_limit::{Account, Figures, Overrides, Policy};
//!
//! let figures = Figures::default().with(Policy::Minute, 2);
//! let claims = figures.claims(&Overrides::default(), Policy::Minute, false);
//! let now = connix_domain::Timestamp::UNIX_EPOCH;
//! let mut account = Account::default();
//! let passes: Vec<bool> = (0..3).map(|_| account.draw_alone(&claims, now).passes()).collect();
//! assert_eq!(passes, [true, true, false]);
//! ```

mod account;
mod figures;
mod policy;
mod verdict;
mod window;

pub use account::{Account, Held, Lease};
pub use figures::{Claim, Draw, Figures, Overrides};
pub use policy::Policy;
pub use verdict::{Standing, Verdict};
pub use window::Window;
