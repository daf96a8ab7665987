//! What can happen to an agent, for proptest to choose from.

use proptest::prelude::*;

/// What people ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Start,
    Pause,
    Stop,
    Restart,
    Put { reconfigures: bool },
    Delete,
}

/// What the worker says that it uses.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Revision {
    Older,
    Newest,
    /// One that nobody has made.
    Beyond,
}

/// One thing that happens. Those that cannot happen in a situation do nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Move {
    Command(Command),
    /// Time passes, in seconds.
    Wait(i64),
    /// The supervisor takes its next step, if there is one.
    Supervise,
    /// The launched worker, or a new one of the customer's, says hello.
    Hello,
    /// It says the same hello again, having missed the answer.
    HelloAgain,
    Applied(Revision),
    Parked(bool),
    /// The process ends by itself, with this code.
    Ends {
        code: i32,
        jitter: f64,
    },
    /// The process ends as it was told to.
    Leaves,
    /// What was to be launched could not be.
    LaunchFails,
    /// The server ends with all its processes and starts again; or an external worker is not heard of.
    Lost,
    /// The owner of an external agent asks for a new token.
    NewToken,
}

pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => Just(Command::Start),
        2 => Just(Command::Pause),
        3 => Just(Command::Stop),
        2 => Just(Command::Restart),
        3 => any::<bool>().prop_map(|reconfigures| Command::Put { reconfigures }),
        1 => Just(Command::Delete),
    ]
}

pub(crate) fn any_move() -> impl Strategy<Value = Move> {
    let revision = prop_oneof![Just(Revision::Older), Just(Revision::Newest), Just(Revision::Beyond)];
    let code = prop_oneof![Just(0), Just(1), Just(70), Just(75), Just(77)];
    prop_oneof![
        8 => any_command().prop_map(Move::Command),
        8 => Just(Move::Supervise),
        5 => Just(Move::Hello),
        1 => Just(Move::HelloAgain),
        3 => prop_oneof![Just(0), 1..20_i64, 20..100_i64, 100..1000_i64].prop_map(Move::Wait),
        2 => revision.prop_map(Move::Applied),
        2 => any::<bool>().prop_map(Move::Parked),
        3 => (code, -0.25..=0.25).prop_map(|(code, jitter)| Move::Ends { code, jitter }),
        3 => Just(Move::Leaves),
        1 => Just(Move::LaunchFails),
        1 => Just(Move::Lost),
        1 => Just(Move::NewToken),
    ]
}

pub(crate) fn many_moves() -> impl Strategy<Value = Vec<Move>> {
    proptest::collection::vec(any_move(), 0..60)
}
