//! Members, teams, visibility, the caller itself, API keys (contract section 10; `reliability.md` tables K and T).

mod api_keys;
mod directories;
mod me;
mod members;
mod reach;
mod rotation;
mod teams;
mod visibility;
