//! Sorted sets: members with scores.

use bytes::Bytes;

use super::{Command, Outcome, count, data, float, int, range, word};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::resp::{Protocol, Replies};
use crate::mini_redis::store::{Database, Score, SortedSet};

pub(super) const COMMANDS: &[Command] = &[
    data("zadd", -4, zadd),
    data("zincrby", 4, zincrby),
    data("zrem", -3, zrem),
    data("zscore", 3, zscore),
    data("zrank", 3, zrank),
    data("zcard", 2, zcard),
    data("zrange", -4, zrange),
    data("zpopmin", -2, zpopmin),
    data("zpopmax", -2, zpopmax),
];

fn score(arg: &[u8]) -> Result<Score, Fault> {
    Score::new(float(arg)?).ok_or(Fault::NOT_FLOAT)
}

fn zadd(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (key, mut rest) = (args[0], &args[1..]);
    let (mut only_new, mut only_old, mut counts_changed) = (false, false, false);
    while let Some(option) = rest.first().and_then(|arg| word(arg, &["NX", "XX", "CH"])) {
        match option {
            "NX" => only_new = true,
            "XX" => only_old = true,
            _ => counts_changed = true,
        }
        rest = &rest[1..];
    }
    let (pairs, []) = rest.as_chunks::<2>() else { return Err(Fault::SYNTAX) };
    if pairs.is_empty() {
        return Err(Fault::SYNTAX);
    }
    if only_new && only_old {
        return Err(Fault::new("ERR XX and NX options at the same time are not compatible"));
    }
    // All of them are checked before the first is added.
    let pairs =
        pairs.iter().map(|[at, member]| Ok((score(at)?, *member))).collect::<Result<Vec<_>, Fault>>()?;
    let (added, changed) = database.upsert(key, |set: &mut SortedSet| {
        let (mut added, mut changed) = (0, 0);
        for (score, member) in pairs {
            let before = set.score(member);
            let applies = if before.is_some() { !only_new } else { !only_old };
            if applies && before != Some(score) {
                set.insert(Bytes::copy_from_slice(member), score);
                added += usize::from(before.is_none());
                changed += 1;
            }
        }
        Ok((added, changed))
    })?;
    replies.count(if counts_changed { changed } else { added });
    Ok(())
}

fn zincrby(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let amount = score(args[1])?;
    let sum = database.upsert(args[0], |set: &mut SortedSet| {
        let before = set.score(args[2]).map_or(0.0, Score::value);
        let sum = Score::new(before + amount.value())
            .ok_or(Fault::new("ERR resulting score is not a number (NaN)"))?;
        set.insert(Bytes::copy_from_slice(args[2]), sum);
        Ok(sum)
    })?;
    replies.double(sum.value());
    Ok(())
}

fn zrem(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let removed = database.update(args[0], |set: &mut SortedSet| {
        args[1..].iter().filter(|member| set.remove(member)).count()
    })?;
    replies.count(removed.unwrap_or(0));
    Ok(())
}

fn zscore(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    match database.get::<SortedSet>(args[0])?.and_then(|set| set.score(args[1])) {
        Some(score) => replies.double(score.value()),
        None => replies.null(),
    }
    Ok(())
}

fn zrank(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    match database.get::<SortedSet>(args[0])?.and_then(|set| set.rank(args[1])) {
        Some(rank) => replies.count(rank),
        None => replies.null(),
    }
    Ok(())
}

fn zcard(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    replies.count(database.get::<SortedSet>(args[0])?.map_or(0, SortedSet::len));
    Ok(())
}

/// Writes members, with their scores if wanted: in pairs in version 3, one behind the other in version 2.
fn write_members<'a>(
    replies: &mut Replies<'_>,
    len: usize,
    with_scores: bool,
    members: impl Iterator<Item = (&'a Bytes, Score)>,
) {
    let in_pairs = with_scores && replies.protocol() == Protocol::Resp3;
    replies.array(if with_scores && !in_pairs { 2 * len } else { len });
    for (member, score) in members {
        if in_pairs {
            replies.array(2);
        }
        replies.shared(member);
        if with_scores {
            replies.double(score.value());
        }
    }
}

fn zrange(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    let (start, stop) = (int(args[1])?, int(args[2])?);
    let (mut with_scores, mut is_reversed) = (false, false);
    for option in &args[3..] {
        match word(option, &["WITHSCORES", "REV"]) {
            Some("WITHSCORES") => with_scores = true,
            Some("REV") => is_reversed = true,
            _ => return Err(Fault::SYNTAX),
        }
    }
    let Some(set) = database.get::<SortedSet>(args[0])? else {
        replies.array(0);
        return Ok(());
    };
    let range = range(start, stop, set.len());
    let (skipped, len) = (range.start, range.len());
    if is_reversed {
        write_members(replies, len, with_scores, set.iter().rev().skip(skipped).take(len));
    } else {
        write_members(replies, len, with_scores, set.iter().skip(skipped).take(len));
    }
    Ok(())
}

fn pop(
    database: &mut Database,
    args: &[&[u8]],
    replies: &mut Replies<'_>,
    take: fn(&mut SortedSet) -> Option<(Bytes, Score)>,
) -> Outcome {
    let wanted = match args {
        [_] => 1,
        [_, wanted] => count(wanted)?,
        _ => return Err(Fault::SYNTAX),
    };
    let popped = database.update(args[0], |set: &mut SortedSet| {
        (0..wanted.min(set.len())).map_while(|_| take(set)).collect::<Vec<_>>()
    })?;
    let popped = popped.unwrap_or_default();
    if args.len() == 1 {
        // Without a count it is one pair, not a list of pairs.
        replies.array(2 * popped.len());
        for (member, score) in &popped {
            replies.shared(member);
            replies.double(score.value());
        }
        return Ok(());
    }
    write_members(replies, popped.len(), true, popped.iter().map(|(member, score)| (member, *score)));
    Ok(())
}

fn zpopmin(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    pop(database, args, replies, SortedSet::pop_first)
}

fn zpopmax(database: &mut Database, args: &[&[u8]], replies: &mut Replies<'_>) -> Outcome {
    pop(database, args, replies, SortedSet::pop_last)
}
