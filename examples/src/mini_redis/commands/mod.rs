//! The commands, in a table.
//!
//! Commands on data get a key space and nothing else, so that a transaction can run them under one lock. Those on the
//! connection or the server get a [`Call`].

mod connection;
mod hashes;
mod keys;
mod lists;
mod pubsub;
mod sets;
mod sorted_sets;
mod strings;
mod transactions;

use std::sync::LazyLock;
use std::time::Duration;

use minato_runtime::time::Instant;

use super::fault::Fault;
use super::resp::{Replies, integer};
use super::session::Session;
use super::shared::Shared;
use super::store::{Database, Store};

/// One command.
#[derive(Debug)]
pub(super) struct Command {
    /// In small letters.
    pub(super) name: &'static str,
    /// Parts of a request with its name; negative: at least so many.
    pub(super) arity: i32,
    pub(super) run: Run,
}

/// What a command does with its arguments, without the name; their number is right.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    Data(fn(&mut Database, &[&[u8]], &mut Replies<'_>) -> Outcome),
    Server(fn(&mut Call<'_, '_, '_>) -> Outcome),
}

/// An error is the only answer then: nothing was written before it.
pub(super) type Outcome = Result<(), Fault>;

const fn data(
    name: &'static str,
    arity: i32,
    run: fn(&mut Database, &[&[u8]], &mut Replies<'_>) -> Outcome,
) -> Command {
    Command { name, arity, run: Run::Data(run) }
}

const fn server(name: &'static str, arity: i32, run: fn(&mut Call<'_, '_, '_>) -> Outcome) -> Command {
    Command { name, arity, run: Run::Server(run) }
}

impl Command {
    /// Whether it may have so many arguments.
    pub(super) fn takes(&self, args: usize) -> bool {
        let (parts, arity) = (args + 1, self.arity.unsigned_abs() as usize);
        if self.arity < 0 { parts >= arity } else { parts == arity }
    }

    /// Whether it may be called by a client of version 2 that listens to channels.
    pub(super) fn is_for_subscribers(&self) -> bool {
        const FOR_SUBSCRIBERS: [&str; 7] =
            ["subscribe", "psubscribe", "unsubscribe", "punsubscribe", "ping", "quit", "reset"];
        FOR_SUBSCRIBERS.contains(&self.name)
    }

    /// Whether it runs at once between MULTI and EXEC.
    pub(super) fn is_never_kept(&self) -> bool {
        ["exec", "discard", "multi", "watch", "quit", "reset"].contains(&self.name)
    }
}

/// A call of a command that is not about data alone.
pub(super) struct Call<'a, 's, 'q> {
    pub(super) session: &'a mut Session<'s>,
    pub(super) store: StoreAccess<'a>,
    pub(super) args: &'a [&'a [u8]],
    pub(super) replies: &'a mut Replies<'q>,
}

/// The way to the store: within a transaction it is locked already.
pub(super) enum StoreAccess<'a> {
    Unlocked(&'a Shared),
    Locked(&'a mut Store),
}

impl StoreAccess<'_> {
    pub(super) fn with<R>(&mut self, work: impl FnOnce(&mut Store) -> R) -> R {
        match self {
            Self::Unlocked(shared) => work(&mut shared.store()),
            Self::Locked(store) => work(store),
        }
    }
}

/// All of them, by name.
static COMMANDS: LazyLock<Vec<&'static Command>> = LazyLock::new(|| {
    let tables = [
        connection::COMMANDS,
        hashes::COMMANDS,
        keys::COMMANDS,
        lists::COMMANDS,
        pubsub::COMMANDS,
        sets::COMMANDS,
        sorted_sets::COMMANDS,
        strings::COMMANDS,
        transactions::COMMANDS,
    ];
    let mut commands: Vec<_> = tables.into_iter().flatten().collect();
    commands.sort_by_key(|command| command.name);
    commands
});

/// The longest name, with some room.
const NAME_LEN_MAX: usize = 24;

/// The command of a name in any case.
pub(super) fn command(name: &[u8]) -> Option<&'static Command> {
    let mut small = [0; NAME_LEN_MAX];
    let small = small.get_mut(..name.len())?;
    for (to, from) in small.iter_mut().zip(name) {
        *to = from.to_ascii_lowercase();
    }
    let found = COMMANDS.binary_search_by(|command| command.name.as_bytes().cmp(small)).ok()?;
    Some(COMMANDS[found])
}

fn int(arg: &[u8]) -> Result<i64, Fault> {
    integer(arg).ok_or(Fault::NOT_INTEGER)
}

fn float(arg: &[u8]) -> Result<f64, Fault> {
    let text = std::str::from_utf8(arg).map_err(|_| Fault::NOT_FLOAT)?;
    text.parse().ok().filter(|value: &f64| !value.is_nan()).ok_or(Fault::NOT_FLOAT)
}

/// A count that may not be negative.
fn count(arg: &[u8]) -> Result<usize, Fault> {
    integer(arg).and_then(|count| usize::try_from(count).ok()).ok_or(Fault::NOT_POSITIVE)
}

/// The word `arg` is, in capitals; `None` if it is none of `words`.
fn word<'w>(arg: &[u8], words: &[&'w str]) -> Option<&'w str> {
    words.iter().copied().find(|word| arg.eq_ignore_ascii_case(word.as_bytes()))
}

/// The time `amount` of units of so many milliseconds from now.
fn from_now(amount: i64, unit_ms: i64, name: &str) -> Result<Instant, Fault> {
    let at = amount
        .checked_mul(unit_ms)
        .and_then(|ms| u64::try_from(ms).ok())
        .and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
    at.ok_or_else(|| Fault::expire(name))
}

/// The range of a sequence of `len` that two indices mean, where negative ones count from the end.
fn range(start: i64, stop: i64, len: usize) -> std::ops::Range<usize> {
    let length = i64::try_from(len).unwrap_or(i64::MAX);
    let from_start = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let start = from_start(start).clamp(0, length);
    let end = from_start(stop).saturating_add(1).clamp(start, length);
    start as usize..end as usize
}
