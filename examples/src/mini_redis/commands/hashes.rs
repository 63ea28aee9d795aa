//! Hashes: fields with values.

use bytes::Bytes;

use super::{Command, Outcome, data, int};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::resp::{Replies, integer};
use crate::mini_redis::store::{Database, Hash};

pub(super) const COMMANDS: &[Command] = &[
    data("hset", -4, hset),
    data("hmset", -4, hmset),
    data("hsetnx", 4, hsetnx),
    data("hget", 3, hget),
    data("hmget", -3, hmget),
    data("hgetall", 2, hgetall),
    data("hdel", -3, hdel),
    data("hlen", 2, hlen),
    data("hexists", 3, hexists),
    data("hkeys", 2, hkeys),
    data("hvals", 2, hvals),
    data("hstrlen", 3, hstrlen),
    data("hincrby", 4, hincrby),
];

/// Sets fields; answers how many are new.
fn set_fields(database: &mut Database, args: &[&[u8]], name: &str) -> Result<usize, Fault> {
    let (pairs, []) = args[1..].as_chunks::<2>() else { return Err(Fault::arity(name)) };
    database.upsert(args[0], |hash: &mut Hash| {
        let before = hash.len();
        for [field, value] in pairs {
            hash.insert(Bytes::copy_from_slice(field), Bytes::copy_from_slice(value));
        }
        Ok(hash.len() - before)
    })
}

fn hset(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(set_fields(database, args, "hset")?);
    Ok(())
}

fn hmset(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    set_fields(database, args, "hmset")?;
    replies.ok();
    Ok(())
}

fn hsetnx(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let is_new = database.upsert(args[0], |hash: &mut Hash| {
        let is_new = !hash.contains_key(args[1]);
        if is_new {
            hash.insert(Bytes::copy_from_slice(args[1]), Bytes::copy_from_slice(args[2]));
        }
        Ok(is_new)
    })?;
    replies.integer(is_new.into());
    Ok(())
}

fn hget(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let hash = database.get::<Hash>(args[0])?;
    replies.shared_or_null(hash.and_then(|hash| hash.get(args[1])));
    Ok(())
}

fn hmget(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let hash = database.get::<Hash>(args[0])?;
    replies.array(args.len() - 1);
    for field in &args[1..] {
        replies.shared_or_null(hash.and_then(|hash| hash.get(*field)));
    }
    Ok(())
}

fn hgetall(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let hash = database.get::<Hash>(args[0])?;
    replies.map(hash.map_or(0, Hash::len));
    for (field, value) in hash.into_iter().flatten() {
        replies.shared(field);
        replies.shared(value);
    }
    Ok(())
}

fn hdel(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let removed = database.update(args[0], |hash: &mut Hash| {
        args[1..].iter().filter(|field| hash.swap_remove(**field).is_some()).count()
    })?;
    replies.count(removed.unwrap_or(0));
    Ok(())
}

fn hlen(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(database.get::<Hash>(args[0])?.map_or(0, Hash::len));
    Ok(())
}

fn hexists(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let is_there = database.get::<Hash>(args[0])?.is_some_and(|hash| hash.contains_key(args[1]));
    replies.integer(is_there.into());
    Ok(())
}

fn hkeys(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let hash = database.get::<Hash>(args[0])?;
    replies.array(hash.map_or(0, Hash::len));
    hash.into_iter().flatten().for_each(|(field, _)| replies.shared(field));
    Ok(())
}

fn hvals(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let hash = database.get::<Hash>(args[0])?;
    replies.array(hash.map_or(0, Hash::len));
    hash.into_iter().flatten().for_each(|(_, value)| replies.shared(value));
    Ok(())
}

fn hstrlen(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let hash = database.get::<Hash>(args[0])?;
    replies.count(hash.and_then(|hash| hash.get(args[1])).map_or(0, Bytes::len));
    Ok(())
}

fn hincrby(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let amount = int(args[2])?;
    let sum = database.upsert(args[0], |hash: &mut Hash| {
        let before = match hash.get(args[1]) {
            Some(value) => integer(value).ok_or(Fault::HASH_NOT_INTEGER)?,
            None => 0,
        };
        let sum = before.checked_add(amount).ok_or(Fault::OVERFLOW)?;
        let text = Bytes::copy_from_slice(itoa::Buffer::new().format(sum).as_bytes());
        hash.insert(Bytes::copy_from_slice(args[1]), text);
        Ok(sum)
    })?;
    replies.integer(sum);
    Ok(())
}
