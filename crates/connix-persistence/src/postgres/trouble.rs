//! What an error says about the connection and the transaction, beyond its statement.

use diesel::result::{DatabaseErrorKind, Error};

/// Who or what an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The statement: the database refused it.
    Statement,
    /// Somebody else's transaction: the same again may succeed.
    Conflict,
    /// The server ended the session, or takes no writes any more: what comes after this statement is not executed.
    Ended,
    /// The connection broke: nobody knows how far the server came.
    Lost,
}

/// Judges an error. Diesel keeps no SQLSTATE, so that some are told by their message, which [`session`](super::session)
/// asks for in English.
pub(super) fn judge(error: &Error) -> Trouble {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Trouble::Conflict,
        Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => Trouble::Ended,
        Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection, _) => {
            Trouble::Lost
        }
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => by_message(info.message()),
        _ => Trouble::Statement,
    }
}

fn by_message(message: &str) -> Trouble {
    const ENDED: [&str; 3] = ["terminating connection", "the database system is", "connection to client lost"];
    if message == "deadlock detected" {
        Trouble::Conflict
    } else if ENDED.iter().any(|start| message.starts_with(start)) {
        Trouble::Ended
    } else {
        Trouble::Statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(message: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
    }

    #[test]
    fn what_ended_the_session_is_told_from_what_is_wrong_with_a_statement() {
        assert_eq!(judge(&unknown("terminating connection due to administrator command")), Trouble::Ended);
        assert_eq!(judge(&unknown("the database system is shutting down")), Trouble::Ended);
        assert_eq!(judge(&unknown("deadlock detected")), Trouble::Conflict);
        assert_eq!(judge(&unknown("canceling statement due to statement timeout")), Trouble::Statement);
        assert_eq!(judge(&Error::NotFound), Trouble::Statement);
    }
}
