//! Where a worker that somebody has started by hand may work: all that is in its folder is its programs' to read, change and
//! remove.

use std::path::{Path, PathBuf};

/// The current folder, unless it holds what no program may have.
///
/// # Errors
/// In words: why it is no workspace, and what to do.
pub(super) fn current(token_file: &Path) -> Result<PathBuf, String> {
    let folder = std::env::current_dir().map_err(|error| format!("the current folder cannot be read: {error}"))?;
    let home = std::env::home_dir().map(|home| home.canonicalize().unwrap_or(home));
    let token_file = token_file.canonicalize().unwrap_or_else(|_| folder.join(token_file));
    match unfit(&folder, home.as_deref(), &token_file) {
        None => Ok(folder),
        Some(why) => Err(format!(
            "{} is no workspace: {why}; start the worker in a folder of its own: mkdir agent && cd agent",
            folder.display()
        )),
    }
}

fn unfit(folder: &Path, home: Option<&Path>, token_file: &Path) -> Option<&'static str> {
    if folder == Path::new("/") {
        Some("it holds the whole system")
    } else if home.is_some_and(|home| home.starts_with(folder)) {
        Some("it holds your home folder, with all keys in it")
    } else if token_file.starts_with(folder) {
        Some("it holds the file of the worker's token, with which a program could act as the worker")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_holds_a_home_the_token_or_everything_is_no_workspace() {
        let why = |folder: &str| unfit(Path::new(folder), Some(Path::new("/home/ann")), Path::new("/srv/keys/token"));
        assert_eq!(why("/home/ann/agent"), None);
        assert_eq!(why("/home/annabel"), None);
        assert_eq!(why("/srv/work"), None);
        for folder in ["/home/ann", "/home"] {
            assert!(why(folder).unwrap().contains("home"), "{folder}");
        }
        for folder in ["/srv/keys", "/srv"] {
            assert!(why(folder).unwrap().contains("token"), "{folder}");
        }
        assert!(why("/").unwrap().contains("system"));
        let without_home = unfit(Path::new("/work"), None, Path::new("/token"));
        assert_eq!(without_home, None);
    }
}
