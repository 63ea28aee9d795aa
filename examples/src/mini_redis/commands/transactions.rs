//! Requests that run together.

use bytes::Bytes;

use super::{Call, Command, Outcome, Run, StoreAccess, server};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::limits::WATCHED_MAX;
use crate::mini_redis::session::{Phase, Transaction, Watched};

pub(super) const COMMANDS: &[Command] = &[
    server("multi", 1, multi),
    server("exec", 1, exec),
    server("discard", 1, discard),
    server("watch", -2, watch),
    server("unwatch", 1, unwatch),
];

fn multi(call: &mut Call<'_, '_, '_>) -> Outcome {
    if !matches!(call.session.phase, Phase::Plain) {
        return Err(Fault::new("ERR MULTI calls can not be nested"));
    }
    call.session.phase = Phase::Gathering(Transaction::default());
    call.replies.ok();
    Ok(())
}

fn discard(call: &mut Call<'_, '_, '_>) -> Outcome {
    if matches!(call.session.phase, Phase::Plain) {
        return Err(Fault::new("ERR DISCARD without MULTI"));
    }
    call.session.phase = Phase::Plain;
    call.session.watched.clear();
    call.replies.ok();
    Ok(())
}

fn watch(call: &mut Call<'_, '_, '_>) -> Outcome {
    if !matches!(call.session.phase, Phase::Plain) {
        return Err(Fault::new("ERR WATCH inside MULTI is not allowed"));
    }
    if call.session.watched.len() + call.args.len() > WATCHED_MAX {
        return Err(Fault::TOO_MANY);
    }
    let index = call.session.database;
    call.store.with(|store| {
        let database = store.database(index);
        call.session.watched.extend(call.args.iter().map(|key| Watched {
            database: index,
            key: Bytes::copy_from_slice(key),
            version: database.version(key),
        }));
    });
    call.replies.ok();
    Ok(())
}

fn unwatch(call: &mut Call<'_, '_, '_>) -> Outcome {
    call.session.watched.clear();
    call.replies.ok();
    Ok(())
}

fn exec(call: &mut Call<'_, '_, '_>) -> Outcome {
    let watched = match call.session.phase {
        Phase::Plain => return Err(Fault::new("ERR EXEC without MULTI")),
        Phase::Gathering(_) | Phase::Refused => std::mem::take(&mut call.session.watched),
    };
    let Phase::Gathering(transaction) = std::mem::take(&mut call.session.phase) else {
        return Err(Fault::new("EXECABORT Transaction discarded because of previous errors."));
    };
    let shared = call.session.shared();
    let (before, after) = {
        let mut store = shared.store();
        let is_changed =
            |watched: &Watched| store.database(watched.database).version(&watched.key) != watched.version;
        if watched.iter().any(is_changed) {
            call.replies.null_array();
            return Ok(());
        }
        let before = store.next_deadline();
        call.replies.array(transaction.requests.len());
        for (command, args) in &transaction.requests {
            let args: Vec<&[u8]> = args.iter().map(|arg| &arg[..]).collect();
            let outcome = match command.run {
                Run::Data(run) => run(store.database(call.session.database), &args, call.replies),
                Run::Server(run) => run(&mut Call {
                    session: call.session,
                    store: StoreAccess::Locked(&mut store),
                    args: &args,
                    replies: call.replies,
                }),
            };
            if let Err(Fault(text)) = outcome {
                call.replies.error(&text);
            }
        }
        (before, store.next_deadline())
    };
    if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
        shared.deadline_moved();
    }
    Ok(())
}
