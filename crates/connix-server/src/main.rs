//! connix-server
fn main() {}
