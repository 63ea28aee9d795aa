//! Keys, whatever they hold.

use minato_runtime::time::Instant;

use super::{Command, Outcome, count, data, from_now, int, word};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::resp::Replies;
use crate::mini_redis::store::{Database, matches};

pub(super) const COMMANDS: &[Command] = &[
    data("del", -2, del),
    data("unlink", -2, del),
    data("exists", -2, exists),
    data("touch", -2, exists),
    data("type", 2, type_of),
    data("keys", 2, keys),
    data("scan", -2, scan),
    data("rename", 3, rename),
    data("renamenx", 3, renamenx),
    data("expire", 3, expire),
    data("pexpire", 3, pexpire),
    data("ttl", 2, ttl),
    data("pttl", 2, pttl),
    data("persist", 2, persist),
    data("dbsize", 1, dbsize),
    data("flushdb", -1, flushdb),
];

fn del(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(args.iter().filter(|key| database.remove(key).is_some()).count());
    Ok(())
}

fn exists(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(args.iter().filter(|key| database.value(key).is_some()).count());
    Ok(())
}

fn type_of(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.simple(database.value(args[0]).map_or("none", |value| value.type_name()));
    Ok(())
}

fn keys(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let is_wanted = |key: &[u8]| matches(args[0], key);
    replies.array(database.keys().filter(|(key, _)| is_wanted(key)).count());
    database.keys().filter(|(key, _)| is_wanted(key)).for_each(|(key, _)| replies.bulk(key));
    Ok(())
}

/// Keys looked at in one SCAN, unless COUNT says otherwise.
const SCAN_COUNT: usize = 10;

fn scan(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let cursor = count(args[0]).map_err(|_| Fault::new("ERR invalid cursor"))?;
    let (mut pattern, mut looked_at, mut type_name) = (&b"*"[..], SCAN_COUNT, None);
    let mut options = args[1..].iter();
    while let Some(option) = options.next() {
        let option = word(option, &["MATCH", "COUNT", "TYPE"]);
        let value = options.next().ok_or(Fault::SYNTAX)?;
        match option {
            Some("MATCH") => pattern = value,
            Some("COUNT") => looked_at = count(value)?.max(1),
            Some("TYPE") => type_name = Some(value),
            _ => return Err(Fault::SYNTAX),
        }
    }
    let (next, found) = database.scan(cursor, looked_at);
    let found: Vec<&[u8]> = found
        .filter(|(key, _)| matches(pattern, key))
        .filter(|(_, value)| {
            type_name.is_none_or(|name| name.eq_ignore_ascii_case(value.type_name().as_bytes()))
        })
        .map(|(key, _)| key)
        .collect();
    replies.array(2);
    replies.bulk(itoa::Buffer::new().format(next).as_bytes());
    replies.array(found.len());
    found.into_iter().for_each(|key| replies.bulk(key));
    Ok(())
}

fn rename(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    database.rename(args[0], args[1])?;
    replies.ok();
    Ok(())
}

fn renamenx(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    if database.value(args[0]).is_none() {
        return Err(Fault::NO_SUCH_KEY);
    }
    let is_free = database.value(args[1]).is_none();
    if is_free {
        database.rename(args[0], args[1])?;
    }
    replies.integer(is_free.into());
    Ok(())
}

fn expire(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    expire_in(database, args, replies, 1000, "expire")
}

fn pexpire(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    expire_in(database, args, replies, 1, "pexpire")
}

fn expire_in(
    database: &mut Database,
    args: &[&[u8]],
    replies: &mut Replies<'_>,
    unit_ms: i64,
    name: &str,
) -> Outcome {
    let amount = int(args[1])?;
    let was_there = if amount <= 0 {
        database.remove(args[0]).is_some()
    } else {
        let deadline = from_now(amount, unit_ms, name)?;
        database.set_deadline(args[0], Some(deadline)).is_some()
    };
    replies.integer(was_there.into());
    Ok(())
}

fn ttl(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    // Rounded, as Redis does.
    replies.integer(left_ms(database, args[0]).map_or_else(|none| none, |ms| ms.saturating_add(500) / 1000));
    Ok(())
}

fn pttl(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.integer(left_ms(database, args[0]).unwrap_or_else(|none| none));
    Ok(())
}

/// Milliseconds a key has left; the number that means none otherwise.
fn left_ms(database: &mut Database, key: &[u8]) -> Result<i64, i64> {
    let deadline = database.deadline(key).ok_or(-2)?.ok_or(-1)?;
    let left = deadline.saturating_duration_since(Instant::now());
    Ok(left.as_micros().div_ceil(1000).try_into().unwrap_or(i64::MAX))
}

fn persist(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let expires = database.deadline(args[0]).flatten().is_some();
    if expires {
        database.set_deadline(args[0], None);
    }
    replies.integer(expires.into());
    Ok(())
}

fn dbsize(database: &mut Database, _: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(database.len());
    Ok(())
}

fn flushdb(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    if args.len() > 1 || args.iter().any(|arg| word(arg, &["SYNC", "ASYNC"]).is_none()) {
        return Err(Fault::SYNTAX);
    }
    database.clear();
    replies.ok();
    Ok(())
}
