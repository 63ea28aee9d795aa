//! Lists.

use bytes::Bytes;

use super::{Command, Outcome, count, data, int, range};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::resp::Replies;
use crate::mini_redis::store::{Database, List};

pub(super) const COMMANDS: &[Command] = &[
    data("lpush", -3, lpush),
    data("rpush", -3, rpush),
    data("lpushx", -3, lpushx),
    data("rpushx", -3, rpushx),
    data("lpop", -2, lpop),
    data("rpop", -2, rpop),
    data("llen", 2, llen),
    data("lrange", 4, lrange),
    data("lindex", 3, lindex),
    data("lset", 4, lset),
    data("lrem", 4, lrem),
    data("ltrim", 4, ltrim),
];

/// An end of a list.
#[derive(Clone, Copy)]
enum End {
    Front,
    Back,
}

fn extend(list: &mut List, end: End, values: &[&[u8]]) -> usize {
    for value in values.iter().map(|value| Bytes::copy_from_slice(value)) {
        match end {
            End::Front => list.push_front(value),
            End::Back => list.push_back(value),
        }
    }
    list.len()
}

fn push(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>, end: End) -> Outcome {
    replies.count(database.upsert(args[0], |list| Ok(extend(list, end, &args[1..])))?);
    Ok(())
}

fn push_if_there(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>, end: End) -> Outcome {
    replies.count(database.update(args[0], |list| extend(list, end, &args[1..]))?.unwrap_or(0));
    Ok(())
}

fn lpush(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    push(database, args, replies, End::Front)
}

fn rpush(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    push(database, args, replies, End::Back)
}

fn lpushx(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    push_if_there(database, args, replies, End::Front)
}

fn rpushx(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    push_if_there(database, args, replies, End::Back)
}

fn pop(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>, end: End, name: &str) -> Outcome {
    let take = |list: &mut List| match end {
        End::Front => list.pop_front(),
        End::Back => list.pop_back(),
    };
    match args {
        [key] => replies.shared_or_null(database.update(key, take)?.flatten().as_ref()),
        [key, wanted] => {
            let wanted = count(wanted)?;
            let popped = database.update(key, |list: &mut List| {
                (0..wanted.min(list.len())).map_while(|_| take(list)).collect::<Vec<_>>()
            })?;
            match popped {
                None => replies.null_array(),
                Some(popped) => {
                    replies.array(popped.len());
                    popped.iter().for_each(|value| replies.shared(value));
                }
            }
        }
        _ => return Err(Fault::arity(name)),
    }
    Ok(())
}

fn lpop(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    pop(database, args, replies, End::Front, "lpop")
}

fn rpop(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    pop(database, args, replies, End::Back, "rpop")
}

fn llen(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(database.get::<List>(args[0])?.map_or(0, List::len));
    Ok(())
}

fn lrange(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (start, stop) = (int(args[1])?, int(args[2])?);
    let Some(list) = database.get::<List>(args[0])? else {
        replies.array(0);
        return Ok(());
    };
    let range = range(start, stop, list.len());
    replies.array(range.len());
    list.range(range).for_each(|value| replies.shared(value));
    Ok(())
}

/// The place an index means, where negative ones count from the end.
fn place(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(i64::try_from(len).ok()?)? } else { index };
    usize::try_from(index).ok().filter(|&index| index < len)
}

fn lindex(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let index = int(args[1])?;
    let list = database.get::<List>(args[0])?;
    replies.shared_or_null(list.and_then(|list| list.get(place(index, list.len())?)));
    Ok(())
}

fn lset(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let index = int(args[1])?;
    let is_set = database.update(args[0], |list: &mut List| match place(index, list.len()) {
        Some(place) => {
            list[place] = Bytes::copy_from_slice(args[2]);
            true
        }
        None => false,
    })?;
    match is_set {
        Some(true) => replies.ok(),
        Some(false) => return Err(Fault::new("ERR index out of range")),
        None => return Err(Fault::NO_SUCH_KEY),
    }
    Ok(())
}

fn lrem(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (wanted, value) = (int(args[1])?, args[2]);
    let limit =
        if wanted == 0 { usize::MAX } else { usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX) };
    let removed = database.update(args[0], |list: &mut List| {
        let before = list.len();
        // From the end: those to be kept are all but the last so many.
        let occurrences = list.iter().filter(|member| &member[..] == value).count();
        let (mut seen, first) = (0, if wanted < 0 { occurrences.saturating_sub(limit) } else { 0 });
        list.retain(|member| {
            let is_value = &member[..] == value;
            seen += usize::from(is_value);
            !(is_value && seen > first && seen - first <= limit)
        });
        before - list.len()
    })?;
    replies.count(removed.unwrap_or(0));
    Ok(())
}

fn ltrim(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (start, stop) = (int(args[1])?, int(args[2])?);
    database.update(args[0], |list: &mut List| {
        let range = range(start, stop, list.len());
        list.truncate(range.end);
        drop(list.drain(..range.start));
    })?;
    replies.ok();
    Ok(())
}
