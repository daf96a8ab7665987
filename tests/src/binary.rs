//! Where the program under test is.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The `connix` binary of this build profile, built first where it is missing or older than a source of it.
///
/// `CONNIX_BINARY` names another one, to test what was installed or packaged.
pub fn connix() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("CONNIX_BINARY").map_or_else(up_to_date, PathBuf::from))
}

/// `target/<profile>/connix`, beside the `deps` folder that this test program runs from.
fn up_to_date() -> PathBuf {
    let program = env::current_exe().unwrap();
    let folder = program.ancestors().nth(2).unwrap();
    let binary = folder.join("connix");
    // Asking cargo takes a good part of a second, for each case where each is a process of its own (cargo-nextest).
    if !is_newest(&binary).unwrap_or(false) {
        build(folder.file_name().unwrap().to_str().unwrap());
    }
    binary
}

/// Whether no source that cargo noted beside the binary has changed since.
fn is_newest(binary: &Path) -> io::Result<bool> {
    let built = modified(binary)?;
    let note = fs::read_to_string(binary.with_extension("d"))?;
    let sources = note.split_once(": ").map_or("", |(_, sources)| sources);
    sources.split_whitespace().try_fold(true, |newest, source| Ok(newest && modified(Path::new(source))? <= built))
}

fn modified(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

fn build(folder: &str) {
    let profile = if folder == "debug" { "dev" } else { folder };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--package", "connix-server", "--profile", profile];
    let built = Command::new(cargo).args(arguments).status().unwrap();
    assert!(built.success(), "`cargo {}` failed: {built}", arguments.join(" "));
}
