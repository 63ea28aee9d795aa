//! Sets.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::{Command, Outcome, count, data};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::resp::Replies;
use crate::mini_redis::store::{Database, Set};

pub(super) const COMMANDS: &[Command] = &[
    data("sadd", -3, sadd),
    data("srem", -3, srem),
    data("smembers", 2, smembers),
    data("sismember", 3, sismember),
    data("smismember", -3, smismember),
    data("scard", 2, scard),
    data("spop", -2, spop),
    data("srandmember", 2, srandmember),
    data("sunion", -2, sunion),
    data("sinter", -2, sinter),
    data("sdiff", -2, sdiff),
];

/// A number below `len`, another each time.
fn any_below(len: usize) -> usize {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = SEED.hash_one(COUNTER.fetch_add(1, Ordering::Relaxed));
    (number % len as u64) as usize
}

fn sadd(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let added = database.upsert(args[0], |set: &mut Set| {
        let mut added = 0;
        for member in &args[1..] {
            // Looked up first: a member that is there needs no copy.
            if !set.contains(*member) {
                set.insert(Bytes::copy_from_slice(member));
                added += 1;
            }
        }
        Ok(added)
    })?;
    replies.count(added);
    Ok(())
}

fn srem(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let removed = database.update(args[0], |set: &mut Set| {
        args[1..].iter().filter(|member| set.swap_remove(**member)).count()
    })?;
    replies.count(removed.unwrap_or(0));
    Ok(())
}

fn smembers(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let set = database.get::<Set>(args[0])?;
    replies.set(set.map_or(0, Set::len));
    set.into_iter().flatten().for_each(|member| replies.shared(member));
    Ok(())
}

fn sismember(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let is_member = database.get::<Set>(args[0])?.is_some_and(|set| set.contains(args[1]));
    replies.integer(is_member.into());
    Ok(())
}

fn smismember(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let set = database.get::<Set>(args[0])?;
    replies.array(args.len() - 1);
    for member in &args[1..] {
        replies.integer(set.is_some_and(|set| set.contains(*member)).into());
    }
    Ok(())
}

fn scard(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(database.get::<Set>(args[0])?.map_or(0, Set::len));
    Ok(())
}

fn spop(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let pop = |set: &mut Set| set.swap_remove_index(any_below(set.len()));
    match args {
        [key] => replies.shared_or_null(database.update(key, pop)?.flatten().as_ref()),
        [key, wanted] => {
            let wanted = count(wanted)?;
            let popped = database.update(key, |set: &mut Set| {
                (0..wanted.min(set.len())).map_while(|_| pop(set)).collect::<Vec<_>>()
            })?;
            let popped = popped.unwrap_or_default();
            replies.set(popped.len());
            popped.iter().for_each(|member| replies.shared(member));
        }
        _ => return Err(Fault::SYNTAX),
    }
    Ok(())
}

fn srandmember(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let set = database.get::<Set>(args[0])?;
    replies.shared_or_null(set.and_then(|set| set.get_index(any_below(set.len()))));
    Ok(())
}

/// A copy of a set, which shares its members.
fn members(database: &mut Database, key: &[u8]) -> Result<Set, Fault> {
    Ok(database.get::<Set>(key)?.cloned().unwrap_or_default())
}

/// Starts with the first set, and lets `combine` join each other one to it.
fn combined(
    database: &mut Database,
    keys: &[&[u8]],
    replies: &mut Replies<'_>,
    combine: impl Fn(&mut Set, &Set),
) -> Outcome {
    let empty = Set::new();
    let mut result = members(database, keys[0])?;
    for key in &keys[1..] {
        combine(&mut result, database.get::<Set>(key)?.unwrap_or(&empty));
    }
    replies.set(result.len());
    result.iter().for_each(|member| replies.shared(member));
    Ok(())
}

fn sunion(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    combined(database, args, replies, |result, set| result.extend(set.iter().cloned()))
}

fn sinter(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    combined(database, args, replies, |result, set| result.retain(|member| set.contains(member)))
}

fn sdiff(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    combined(database, args, replies, |result, set| result.retain(|member| !set.contains(member)))
}
