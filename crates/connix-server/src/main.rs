//! The binary `connix`.
mod cli;
mod data_folder;
mod logging;
mod settings;
mod system;
fn main() {
    let _ = settings::load::load(None, [], &settings::load::Flags::default());
}
