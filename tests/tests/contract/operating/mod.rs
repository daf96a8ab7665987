//! The operating interface (contract section 12).

mod keys;
mod master_key;
mod members;
mod retention;
mod settings;
mod signing_keys;
mod starting;
