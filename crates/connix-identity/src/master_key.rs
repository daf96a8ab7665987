//! The master key: 32 random bytes in one file of the data folder, from which every other key of the installation is derived.
//!
//! It stands outside the database, so that whoever can read or write the tables alone can neither read a sealed secret nor mint an API key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox};

use crate::keyed_digest::keyed_digest;

/// What a derived key is for. Keys of different purposes say nothing about each other (RFC 5869's expand step, one block).
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The pepper under the digests of API keys and worker tokens.
    Credentials,
    /// Sealing of secrets at rest.
    Sealing,
    /// Deriving each refresh token from the one before.
    Successors,
    /// Marks that tell what came from here.
    Marks,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Credentials => b"connix 1 credentials",
            Self::Sealing => b"connix 1 sealing",
            Self::Successors => b"connix 1 refresh successors",
            Self::Marks => b"connix 1 marks",
        }
    }
}

/// The installation's master key. `Debug` prints no byte of it, and its memory is wiped when it is dropped.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; 32]>);

/// Why a master key cannot be used, with the cure.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The group or the world may read or write the file.
    #[error("the master key {} is open to other users (mode {mode:04o}): run `chmod 600 {}`", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold 64 hexadecimal digits.
    #[error("{} does not hold a master key (64 hexadecimal digits): restore it from your backup", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("the master key {} cannot be {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read` or `written`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl MasterKey {
    /// The key in `path`, or nothing when there is no such file.
    ///
    /// # Errors
    /// Refuses a file that others may read or write, and one that does not hold exactly one key.
    pub fn load(path: &Path) -> Result<Option<Self>, MasterKeyError> {
        let failed = |source| MasterKeyError::Io { path: path.to_owned(), action: "read", source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = Vec::new();
        file.take(1024).read_to_end(&mut text).map_err(failed)?;
        let mut key = SecretBox::new(Box::new([0; 32]));
        hex::decode_to_slice(text.trim_ascii_end(), key.expose_secret_mut())
            .map_err(|_| MasterKeyError::Malformed { path: path.to_owned() })?;
        Ok(Some(Self(key)))
    }

    /// The key in `path`; made from the system's generator, with mode 0600, when there is no such file.
    ///
    /// The file is written beside its place, flushed, and linked into place, so that neither a crash nor a second process
    /// ever meets half a key; of two processes that make one, both use the first's.
    ///
    /// # Errors
    /// As [`MasterKey::load`]; or the folder cannot be written.
    pub fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        if let Some(key) = Self::load(path)? {
            return Ok(key);
        }
        let failed = |source| MasterKeyError::Io { path: path.to_owned(), action: "written", source };
        create(path).map_err(failed)?;
        Self::load(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The key derived for one purpose.
    pub(crate) fn derive(&self, purpose: Purpose) -> [u8; 32] {
        keyed_digest(self.0.expose_secret(), purpose.label())
    }
}

/// Puts a new key at `path`, unless one is there already.
fn create(path: &Path) -> io::Result<()> {
    let mut key = [0; 32];
    SysRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked = (|| {
        file.write_all(hex::encode(key).as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    })();
    fs::remove_file(&draft)?;
    linked?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(key: &MasterKey) -> [u8; 32] {
        *key.0.expose_secret()
    }

    fn written(folder: &Path, text: &str, mode: u32) -> PathBuf {
        let path = folder.join("master.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_key_is_made_once_readable_by_its_owner_alone_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(MasterKey::load(&path).unwrap().is_none());
        let made = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(bytes(&made), bytes(&MasterKey::load_or_create(&path).unwrap()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left beside it");
    }

    #[test]
    fn an_existing_key_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), &"ab".repeat(32), 0o600);
        create(&path).unwrap();
        assert_eq!(bytes(&MasterKey::load(&path).unwrap().unwrap()), [0xab; 32]);
    }

    #[test]
    fn a_key_open_to_others_is_refused_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let path = written(folder.path(), &"ab".repeat(32), mode);
            let message = MasterKey::load_or_create(&path).unwrap_err().to_string();
            assert!(message.contains(&format!("chmod 600 {}", path.display())), "{message}");
        }
    }

    #[test]
    fn a_file_of_another_length_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"xy".repeat(32), &"ab".repeat(4096)] {
            let path = written(folder.path(), text, 0o600);
            assert!(matches!(MasterKey::load_or_create(&path), Err(MasterKeyError::Malformed { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn keys_of_different_purposes_and_of_different_masters_differ() {
        let master = |byte| MasterKey::from_bytes([byte; 32]);
        assert_ne!(master(1).derive(Purpose::Credentials), master(1).derive(Purpose::Sealing));
        assert_ne!(master(1).derive(Purpose::Sealing), master(2).derive(Purpose::Sealing));
    }

    #[test]
    fn the_derivation_stays_what_it_was() {
        // A change here would make every stored digest and sealed secret useless.
        let key = MasterKey::from_bytes([0; 32]);
        let expected = "9fadfcd64b20a4b53daa7ddef08bf42c3073f9211102d2aa8484073c707afb5c";
        assert_eq!(hex::encode(key.derive(Purpose::Sealing)), expected);
    }

    #[test]
    fn debug_prints_no_byte_of_it() {
        let printed = format!("{:?}", MasterKey::from_bytes([0xab; 32]));
        assert!(!printed.contains("171") && !printed.contains("ab"), "{printed}");
    }
}
