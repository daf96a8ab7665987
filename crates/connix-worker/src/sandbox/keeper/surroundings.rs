//! What of the system a confined program sees.

use std::path::{Path, PathBuf};

/// Programs and libraries. On most systems all but the first are links into it.
pub(super) const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// What interpreters read of the system's configuration: nothing about users, hosts or secrets.
pub(super) const CONFIGURATION: &[&str] = &[
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/python3",
];

/// Devices without a memory of their own.
pub(super) const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// Where programs are looked for.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// [`CONFIGURATION`], and that of each version of Python, as far as it exists.
pub(super) fn configuration() -> Vec<PathBuf> {
    let of_python = |name: &str| name.strip_prefix("python3.").is_some_and(|minor| minor.parse::<u8>().is_ok());
    let entries = std::fs::read_dir("/etc").into_iter().flatten().flatten();
    let versions = entries.filter(|entry| entry.file_name().to_str().is_some_and(of_python)).map(|entry| entry.path());
    existing(CONFIGURATION).into_iter().chain(versions).collect()
}

/// Those of the paths that are there.
pub(super) fn existing<P: AsRef<Path>>(paths: &[P]) -> Vec<PathBuf> {
    paths.iter().map(|path| path.as_ref().to_owned()).filter(|path| path.symlink_metadata().is_ok()).collect()
}
