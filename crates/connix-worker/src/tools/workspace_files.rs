//! A tool's way to files: below the workspace and nowhere else, whatever a path says and wherever a link leads.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, mkdirat, openat, openat2, renameat};
use rustix::io::Errno;

use super::ToolError;

/// A project's folder, open.
pub(super) struct WorkspaceFiles(OwnedFd);

/// No component may be a link, and none may lead up and out.
const BENEATH: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

impl WorkspaceFiles {
    pub(super) fn open(folder: &Path) -> Result<Self, ToolError> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = openat(CWD, folder, flags, Mode::empty());
        open.map(Self)
            .map_err(|error| ToolError::new("workspace_failed", format!("The workspace cannot be opened: {error}")))
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// `file_error`: there is none, it is no plain file, it lies outside, or it is larger than `most`.
    pub(super) fn read(&self, path: &str, most: u64) -> Result<Vec<u8>, ToolError> {
        let fault = |why: &dyn std::fmt::Display| ToolError::new("file_error", format!("'{path}': {why}"));
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK; // a pipe must not make it wait
        let file =
            openat2(&self.0, plain(path)?, flags, Mode::empty(), BENEATH).map_err(|error| fault(&in_words(error)))?;
        let stat = fstat(&file).map_err(|error| fault(&error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(fault(&"it is not a file"));
        }
        let mut bytes = Vec::new();
        File::from(file).take(most + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
        if bytes.len() as u64 > most {
            return Err(fault(&format!("it is larger than {} MiB", most >> 20)));
        }
        Ok(bytes)
    }

    /// Writes a file whole, or not at all. Missing folders are made.
    ///
    /// # Errors
    /// `file_error`
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), ToolError> {
        let fault = |error: &dyn std::fmt::Display| ToolError::new("file_error", format!("'{path}': {error}"));
        let path_only = plain(path)?;
        let name = path_only.file_name().ok_or_else(|| fault(&"it is no file name"))?;
        let folder =
            self.folder(path_only.parent().unwrap_or(Path::new(""))).map_err(|error| fault(&in_words(error)))?;
        let new = format!(".{}.new", name.to_string_lossy());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&folder, new.as_str(), flags, Mode::from_raw_mode(0o600)).map_err(|error| fault(&error))?;
        let mut file = File::from(file);
        let written: io::Result<()> = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| fault(&error))?;
        renameat(&folder, new.as_str(), &folder, name).map_err(|error| fault(&error))
    }

    /// A folder below the workspace, made if need be.
    fn folder(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut folder = openat2(&self.0, ".", flags, Mode::empty(), BENEATH)?;
        for part in path.components() {
            match mkdirat(&folder, part.as_os_str(), Mode::from_raw_mode(0o700)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            folder = openat2(&folder, part.as_os_str(), flags, Mode::empty(), BENEATH)?;
        }
        Ok(folder)
    }
}

/// A path below the workspace, as the model wrote it: relative, or absolute as if the workspace were the root.
fn plain(path: &str) -> Result<&Path, ToolError> {
    let relative = Path::new(path.trim_start_matches('/'));
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside || relative.as_os_str().is_empty() || path.contains('\0') || path.len() > 4096 {
        return Err(ToolError::new("file_error", format!("'{path}' is no path of a file in the workspace")));
    }
    Ok(relative)
}

fn in_words(error: Errno) -> String {
    match error {
        Errno::LOOP => "it is a link, or lies behind one".to_owned(),
        Errno::XDEV => "it lies outside of the workspace".to_owned(),
        Errno::NOENT => "there is no such file in the workspace".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn workspace() -> (tempfile::TempDir, WorkspaceFiles) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        fs::write(folder.path().join("secret"), "outside").unwrap();
        let files = WorkspaceFiles::open(&folder.path().join("project")).unwrap();
        (folder, files)
    }

    #[test]
    fn what_is_written_is_read() {
        let (folder, files) = workspace();
        files.write("models/a/model.json", b"{}").unwrap();
        files.write("models/a/model.json", b"{1}").unwrap();
        assert_eq!(files.read("models/a/model.json", 10).unwrap(), b"{1}");
        assert_eq!(files.read("/models/./a/model.json", 10).unwrap(), b"{1}");
        let left: Vec<_> = fs::read_dir(folder.path().join("project/models/a")).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing half-written is left");
    }

    #[test]
    fn no_path_and_no_link_leads_out() {
        let (folder, files) = workspace();
        symlink("../secret", folder.path().join("project/link")).unwrap();
        symlink("..", folder.path().join("project/up")).unwrap();
        for path in ["../secret", "up/secret", "link", "a/../../secret", "", "/", "..", "a\0b"] {
            assert_eq!(files.read(path, 100).unwrap_err().code, "file_error", "{path}");
        }
        for path in ["../written", "up/written", "link/x", ""] {
            assert!(files.write(path, b"x").is_err(), "{path}");
        }
        files.write("link", b"mine").unwrap();
        assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"outside");
        assert!(!folder.path().join("written").exists());
    }

    #[test]
    fn folders_pipes_and_large_files_are_refused() {
        let (folder, files) = workspace();
        fs::create_dir(folder.path().join("project/folder")).unwrap();
        nix::unistd::mkfifo(&folder.path().join("project/pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        fs::write(folder.path().join("project/large"), "123456").unwrap();
        for path in ["folder", "pipe", "large", "missing"] {
            assert!(files.read(path, 5).is_err(), "{path}");
        }
    }
}
