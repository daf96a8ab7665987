//! The binary `connix`.
mod settings;
fn main() {
    let _ = settings::load::load(None, [], &settings::load::Flags::default());
}
