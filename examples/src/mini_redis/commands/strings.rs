//! Strings and counters.

use bytes::Bytes;
use bytes::BytesMut;

use super::{Command, Outcome, data, from_now, int, range, word};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::limits::STRING_BYTES_MAX;
use crate::mini_redis::resp::{Replies, integer};
use crate::mini_redis::store::{Database, Deadline, Value};

pub(super) const COMMANDS: &[Command] = &[
    data("get", 2, get),
    data("set", -3, set),
    data("setnx", 3, setnx),
    data("setex", 4, setex),
    data("psetex", 4, psetex),
    data("getset", 3, getset),
    data("getdel", 2, getdel),
    data("mget", -2, mget),
    data("mset", -3, mset),
    data("msetnx", -3, msetnx),
    data("incr", 2, incr),
    data("decr", 2, decr),
    data("incrby", 3, incrby),
    data("decrby", 3, decrby),
    data("append", 3, append),
    data("strlen", 2, strlen),
    data("getrange", 4, getrange),
    data("setrange", 4, setrange),
];

fn string(bytes: &[u8]) -> Value {
    Value::String(Bytes::copy_from_slice(bytes))
}

fn get(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.shared_or_null(database.get::<Bytes>(args[0])?);
    Ok(())
}

/// When SET applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    IfMissing,
    IfThere,
}

fn set(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (key, value) = (args[0], args[1]);
    let (mut condition, mut deadline, mut answers_old) = (Condition::Always, Deadline::None, false);
    let mut options = args[2..].iter();
    while let Some(option) = options.next() {
        match word(option, &["EX", "PX", "NX", "XX", "GET", "KEEPTTL"]) {
            Some("NX") if condition != Condition::IfThere => condition = Condition::IfMissing,
            Some("XX") if condition != Condition::IfMissing => condition = Condition::IfThere,
            Some("GET") => answers_old = true,
            Some("KEEPTTL") if deadline == Deadline::None => deadline = Deadline::Keep,
            Some(unit @ ("EX" | "PX")) if deadline == Deadline::None => {
                let amount = int(options.next().ok_or(Fault::SYNTAX)?)?;
                if amount <= 0 {
                    return Err(Fault::expire("set"));
                }
                deadline = Deadline::At(from_now(amount, if unit == "EX" { 1000 } else { 1 }, "set")?);
            }
            _ => return Err(Fault::SYNTAX),
        }
    }
    if condition == Condition::Always && !answers_old {
        database.set(key, string(value), deadline);
        replies.ok();
        return Ok(());
    }
    let old = if answers_old { database.get::<Bytes>(key)?.cloned() } else { None };
    let is_there = database.value(key).is_some();
    let applies = match condition {
        Condition::Always => true,
        Condition::IfMissing => !is_there,
        Condition::IfThere => is_there,
    };
    if applies {
        database.set(key, string(value), deadline);
    }
    match applies {
        _ if answers_old => replies.shared_or_null(old.as_ref()),
        true => replies.ok(),
        false => replies.null(),
    }
    Ok(())
}

fn setnx(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let is_missing = database.value(args[0]).is_none();
    if is_missing {
        database.set(args[0], string(args[1]), Deadline::None);
    }
    replies.integer(is_missing.into());
    Ok(())
}

fn setex(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    set_for(database, args, replies, 1000, "setex")
}

fn psetex(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    set_for(database, args, replies, 1, "psetex")
}

fn set_for(
    database: &mut Database,
    args: &[&[u8]],
    replies: &mut Replies<'_>,
    unit_ms: i64,
    name: &str,
) -> Outcome {
    let amount = int(args[1])?;
    if amount <= 0 {
        return Err(Fault::expire(name));
    }
    let deadline = Deadline::At(from_now(amount, unit_ms, name)?);
    database.set(args[0], string(args[2]), deadline);
    replies.ok();
    Ok(())
}

fn getset(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.shared_or_null(database.get::<Bytes>(args[0])?);
    database.set(args[0], string(args[1]), Deadline::None);
    Ok(())
}

fn getdel(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.shared_or_null(database.get::<Bytes>(args[0])?);
    database.remove(args[0]);
    Ok(())
}

fn mget(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.array(args.len());
    for key in args {
        replies.shared_or_null(database.get::<Bytes>(key).unwrap_or_default());
    }
    Ok(())
}

/// Keys and their values, alternately.
fn pairs<'a>(args: &'a [&'a [u8]], name: &str) -> Result<&'a [[&'a [u8]; 2]], Fault> {
    match args.as_chunks() {
        (pairs, []) => Ok(pairs),
        _ => Err(Fault::arity(name)),
    }
}

fn mset(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    for [key, value] in pairs(args, "mset")? {
        database.set(key, string(value), Deadline::None);
    }
    replies.ok();
    Ok(())
}

fn msetnx(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let pairs = pairs(args, "msetnx")?;
    let are_missing = pairs.iter().all(|[key, _]| database.value(key).is_none());
    if are_missing {
        pairs.iter().for_each(|[key, value]| database.set(key, string(value), Deadline::None));
    }
    replies.integer(are_missing.into());
    Ok(())
}

fn add(database: &mut Database, key: &[u8], amount: i64, replies: &mut Replies<'_>) -> Outcome {
    let sum = database.upsert(key, |value: &mut Bytes| {
        let before = if value.is_empty() { 0 } else { integer(value).ok_or(Fault::NOT_INTEGER)? };
        let sum = before.checked_add(amount).ok_or(Fault::OVERFLOW)?;
        *value = Bytes::copy_from_slice(itoa::Buffer::new().format(sum).as_bytes());
        Ok(sum)
    })?;
    replies.integer(sum);
    Ok(())
}

fn incr(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    add(database, args[0], 1, replies)
}

fn decr(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    add(database, args[0], -1, replies)
}

fn incrby(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    add(database, args[0], int(args[1])?, replies)
}

fn decrby(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let amount = int(args[1])?.checked_neg().ok_or(Fault::new("ERR decrement would overflow"))?;
    add(database, args[0], amount, replies)
}

/// Lets `change` work on the bytes of a string in place, unless an answer under way shares them.
fn in_place(value: &mut Bytes, change: impl FnOnce(&mut BytesMut)) {
    let mut bytes = std::mem::take(value).try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    change(&mut bytes);
    *value = bytes.freeze();
}

fn append(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let len = database.upsert(args[0], |value: &mut Bytes| {
        if value.len() + args[1].len() > STRING_BYTES_MAX {
            return Err(Fault::TOO_LONG);
        }
        in_place(value, |bytes| bytes.extend_from_slice(args[1]));
        Ok(value.len())
    })?;
    replies.count(len);
    Ok(())
}

fn strlen(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(database.get::<Bytes>(args[0])?.map_or(0, Bytes::len));
    Ok(())
}

fn getrange(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (start, stop) = (int(args[1])?, int(args[2])?);
    let value = database.get::<Bytes>(args[0])?.cloned().unwrap_or_default();
    replies.shared(&value.slice(range(start, stop, value.len())));
    Ok(())
}

fn setrange(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let offset = usize::try_from(int(args[1])?).map_err(|_| Fault::new("ERR offset is out of range"))?;
    let part = args[2];
    if part.is_empty() {
        return strlen(database, &args[..1], replies);
    }
    let end = offset.checked_add(part.len()).filter(|&end| end <= STRING_BYTES_MAX).ok_or(Fault::TOO_LONG)?;
    let len = database.upsert(args[0], |value: &mut Bytes| {
        in_place(value, |bytes| {
            bytes.resize(bytes.len().max(end), 0);
            bytes[offset..end].copy_from_slice(part);
        });
        Ok(value.len())
    })?;
    replies.count(len);
    Ok(())
}
