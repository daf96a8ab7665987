//! What a worker's exit code tells its supervisor (after BSD `sysexits.h`).
//!
//! Any other code and every signal counts as a crash, which is retried with backoff.

/// It was told to leave: drained, fenced or asked to exit. Without having been told, 0 is a crash.
pub const TOLD_TO_LEAVE: u8 = 0;
/// Wrong arguments or an unreadable handshake; not retried.
pub const USAGE: u8 = 64;
/// A fault of the worker itself; retried.
pub const INTERNAL: u8 = 70;
/// A condition that passes, such as the lock of a predecessor that is still ending; retried.
pub const RETRY: u8 = 75;
/// The server refused the worker's token, or the model's endpoint its key, three times in a row; not retried.
pub const CREDENTIALS_REFUSED: u8 = 77;
/// Configuration or protocol version not supported; not retried.
pub const UNSUPPORTED: u8 = 78;
