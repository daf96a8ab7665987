//! Files that the server's own launcher left open for everybody.

use std::fs;

/// Closes what came over `exec` beside the three standard streams, so that a worker holds no pipe of the shell, terminal
/// or test that started its server. What a Rust program opens itself is marked close-on-exec and stays.
pub(crate) fn close_inherited() {
    let open: Vec<i32> =
        fs::read_dir("/proc/self/fd").map(|entries| entries.flatten().filter_map(number).collect()).unwrap_or_default();
    for file in open.into_iter().filter(|file| *file > 2 && survives_exec(*file)) {
        // What cannot be closed is gone already.
        let _ = nix::unistd::close(file);
    }
}

fn number(entry: fs::DirEntry) -> Option<i32> {
    entry.file_name().to_str()?.parse().ok()
}

fn survives_exec(file: i32) -> bool {
    const CLOSE_ON_EXEC: u32 = 0o2_000_000;
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{file}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok()).is_some_and(|flags| flags & CLOSE_ON_EXEC == 0)
}
