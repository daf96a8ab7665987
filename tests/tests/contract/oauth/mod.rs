//! The authorization server (contract section 10; `reliability.md` 2.4 and table O).

mod redemption;
