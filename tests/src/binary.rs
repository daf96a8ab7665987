//! Where the program under test is.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The `connix` binary of this build profile, built (or found up to date) once per test program.
///
/// `CONNIX_BINARY` names another one, to test what was installed or packaged.
pub fn connix() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("CONNIX_BINARY").map_or_else(build, PathBuf::from))
}

/// Builds `target/<profile>/connix`, beside the `deps` folder that this test program runs from.
fn build() -> PathBuf {
    let program = env::current_exe().unwrap();
    let profile_folder = program.ancestors().nth(2).unwrap();
    let profile = match profile_folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--package", "connix-server", "--profile", profile];
    let built = Command::new(cargo).args(arguments).status().unwrap();
    assert!(built.success(), "`cargo {}` failed: {built}", arguments.join(" "));
    profile_folder.join("connix")
}
