//! An agent under commands and observations: in any order (`sequences`), and in the situations that are easy to get
//! wrong (the other modules).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod crashing;
#[path = "../fixture/mod.rs"]
mod fixture;
mod losing;
mod moves;
mod overtaking;
mod sequences;
mod updating;
mod world;
