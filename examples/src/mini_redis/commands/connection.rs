//! The connection and the server.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::{COMMANDS as ALL, Call, Command, Outcome, int, server, word};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::limits::DATABASES;
use crate::mini_redis::resp::Protocol;
use crate::mini_redis::session::{Flow, Phase};
use crate::mini_redis::store::matches;

pub(super) const COMMANDS: &[Command] = &[
    server("ping", -1, ping),
    server("echo", 2, echo),
    server("hello", -1, hello),
    server("select", 2, select),
    server("quit", -1, quit),
    server("reset", 1, reset),
    server("client", -2, client),
    server("command", -1, command),
    server("config", -2, config),
    server("info", -1, info),
    server("flushall", -1, flushall),
];

fn ping(call: &mut Call<'_, '_, '_>) -> Outcome {
    let listens = call.session.subscription_count() > 0 && call.replies.protocol() == Protocol::Resp2;
    match call.args {
        text @ ([] | [_]) if listens => {
            call.replies.array(2);
            call.replies.bulk(b"pong");
            call.replies.bulk(text.first().copied().unwrap_or_default());
        }
        [] => call.replies.simple("PONG"),
        [text] => call.replies.bulk(text),
        _ => return Err(Fault::arity("ping")),
    }
    Ok(())
}

fn echo(call: &mut Call<'_, '_, '_>) -> Outcome {
    call.replies.bulk(call.args[0]);
    Ok(())
}

fn hello(call: &mut Call<'_, '_, '_>) -> Outcome {
    let mut protocol = call.session.protocol();
    let mut name = None;
    if let [version, options @ ..] = call.args {
        protocol = match *version {
            b"2" => Protocol::Resp2,
            b"3" => Protocol::Resp3,
            _ => return Err(Fault::new("NOPROTO unsupported protocol version")),
        };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match word(option, &["AUTH", "SETNAME"]) {
                Some("SETNAME") => name = Some(checked_name(options.next().ok_or(Fault::SYNTAX)?)?),
                Some(_) => return Err(Fault::new("ERR this server knows no passwords")),
                None => return Err(Fault::SYNTAX),
            }
        }
    }
    call.session.set_protocol(protocol)?;
    call.replies.set_protocol(protocol);
    call.session.name = name.unwrap_or_else(|| std::mem::take(&mut call.session.name));
    call.replies.map(7);
    for (field, value) in [("server", "redis"), ("version", VERSION)] {
        call.replies.bulk(field.as_bytes());
        call.replies.bulk(value.as_bytes());
    }
    call.replies.bulk(b"proto");
    call.replies.integer(if protocol == Protocol::Resp3 { 3 } else { 2 });
    call.replies.bulk(b"id");
    call.replies.integer(call.session.id.cast_signed());
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        call.replies.bulk(field.as_bytes());
        call.replies.bulk(value.as_bytes());
    }
    call.replies.bulk(b"modules");
    call.replies.array(0);
    Ok(())
}

/// The version of Redis whose answers these are.
const VERSION: &str = "7.0.0";

fn select(call: &mut Call<'_, '_, '_>) -> Outcome {
    let index = usize::try_from(int(call.args[0])?).ok().filter(|&index| index < DATABASES);
    let index = index.ok_or(Fault::new("ERR DB index is out of range"))?;
    call.session.database = index;
    call.replies.ok();
    Ok(())
}

fn quit(call: &mut Call<'_, '_, '_>) -> Outcome {
    call.session.flow = Flow::Close;
    call.replies.ok();
    Ok(())
}

fn reset(call: &mut Call<'_, '_, '_>) -> Outcome {
    call.session.unsubscribe_all();
    call.session.watched.clear();
    call.session.phase = Phase::Plain;
    call.session.database = 0;
    call.session.name = Bytes::new();
    call.replies.simple("RESET");
    Ok(())
}

/// LIMIT: bytes of a client's name.
const NAME_LEN_MAX: usize = 256;

fn checked_name(name: &[u8]) -> Result<Bytes, Fault> {
    if name.len() > NAME_LEN_MAX || !name.iter().all(u8::is_ascii_graphic) {
        return Err(Fault::new("ERR Client names cannot contain spaces, newlines or special characters."));
    }
    Ok(Bytes::copy_from_slice(name))
}

fn client(call: &mut Call<'_, '_, '_>) -> Outcome {
    const WORDS: [&str; 5] = ["GETNAME", "SETNAME", "ID", "INFO", "SETINFO"];
    match (word(call.args[0], &WORDS), &call.args[1..]) {
        (Some("ID"), []) => call.replies.integer(call.session.id.cast_signed()),
        (Some("GETNAME"), []) if call.session.name.is_empty() => call.replies.null(),
        (Some("GETNAME"), []) => call.replies.bulk(&call.session.name),
        (Some("SETNAME"), [name]) => {
            call.session.name = checked_name(name)?;
            call.replies.ok();
        }
        (Some("SETINFO"), [_, _]) => call.replies.ok(),
        (Some("INFO"), []) => {
            let session = &call.session;
            let name = session.name.escape_ascii();
            let text =
                format!("id={} addr={} name={name} db={}\n", session.id, session.peer, session.database);
            call.replies.bulk(text.as_bytes());
        }
        _ => {
            return Err(Fault::new(
                "ERR unknown subcommand or wrong number of arguments for 'client' command",
            ));
        }
    }
    Ok(())
}

fn command(call: &mut Call<'_, '_, '_>) -> Outcome {
    match call.args {
        [] => {
            call.replies.array(ALL.len());
            ALL.iter().for_each(|command| describe(call, command));
        }
        [what] if word(what, &["COUNT"]).is_some() => call.replies.count(ALL.len()),
        [what, names @ ..] if word(what, &["INFO"]).is_some() => {
            call.replies.array(names.len());
            for name in names {
                match super::command(name) {
                    Some(command) => describe(call, command),
                    None => call.replies.null_array(),
                }
            }
        }
        // There are no texts about commands here.
        [what, ..] if word(what, &["DOCS"]).is_some() => call.replies.map(0),
        _ => {
            return Err(Fault::new(
                "ERR unknown subcommand or wrong number of arguments for 'command' command",
            ));
        }
    }
    Ok(())
}

/// Name, arity, flags, and first, last and step of keys, which are not told.
fn describe(call: &mut Call<'_, '_, '_>, command: &Command) {
    call.replies.array(6);
    call.replies.bulk(command.name.as_bytes());
    call.replies.integer(command.arity.into());
    call.replies.set(0);
    (0..3).for_each(|_| call.replies.integer(0));
}

/// Settings that clients ask for. None can be changed: nothing is saved here.
const SETTINGS: [(&str, &str); 4] =
    [("save", ""), ("appendonly", "no"), ("databases", "16"), ("maxmemory", "0")];

fn config(call: &mut Call<'_, '_, '_>) -> Outcome {
    let [what, patterns @ ..] = call.args else { return Err(Fault::SYNTAX) };
    if word(what, &["GET"]).is_none() || patterns.is_empty() {
        return Err(Fault::new("ERR only CONFIG GET is known here"));
    }
    let is_wanted =
        |name: &str| patterns.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), name.as_bytes()));
    let settings: Vec<_> = SETTINGS.iter().filter(|(name, _)| is_wanted(name)).collect();
    call.replies.map(settings.len());
    for (name, value) in settings {
        call.replies.bulk(name.as_bytes());
        call.replies.bulk(value.as_bytes());
    }
    Ok(())
}

fn info(call: &mut Call<'_, '_, '_>) -> Outcome {
    let shared = call.session.shared();
    let keyspaces: Vec<_> = call.store.with(|store| {
        let sizes =
            store.databases().map(|(index, database)| (index, database.len(), database.expiring_len()));
        sizes.filter(|(_, len, _)| *len > 0).collect()
    });
    let statistics = &shared.statistics;
    let wants = |section: &str| {
        let wanted = |arg: &&[u8]| word(arg, &[section, "all", "everything", "default"]).is_some();
        call.args.is_empty() || call.args.iter().any(wanted)
    };
    let mut text = String::new();
    let mut section = |name: &str, lines: &[(&str, u64)]| {
        if !wants(name) {
            return;
        }
        let _ = write!(text, "# {}{}\r\n", name[..1].to_ascii_uppercase(), &name[1..]);
        if name == "server" {
            let _ = write!(text, "redis_version:{VERSION}\r\nredis_mode:standalone\r\n");
        }
        for (field, value) in lines {
            let _ = write!(text, "{field}:{value}\r\n");
        }
        if name == "keyspace" {
            for (index, keys, expires) in &keyspaces {
                let _ = write!(text, "db{index}:keys={keys},expires={expires},avg_ttl=0\r\n");
            }
        }
        text.push_str("\r\n");
    };
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    section(
        "server",
        &[
            ("process_id", std::process::id().into()),
            ("uptime_in_seconds", shared.started.elapsed().as_secs()),
        ],
    );
    section("clients", &[("connected_clients", of(&statistics.clients_now))]);
    section(
        "stats",
        &[
            ("total_connections_received", of(&statistics.connections)),
            ("total_commands_processed", of(&statistics.commands)),
            ("rejected_connections", of(&statistics.refused)),
            ("pubsub_patterns", shared.broker.pattern_count() as u64),
        ],
    );
    section("keyspace", &[]);
    call.replies.bulk(text.as_bytes());
    Ok(())
}

fn flushall(call: &mut Call<'_, '_, '_>) -> Outcome {
    if call.args.len() > 1 || call.args.iter().any(|arg| word(arg, &["SYNC", "ASYNC"]).is_none()) {
        return Err(Fault::SYNTAX);
    }
    call.store.with(|store| store.databases().for_each(|(_, database)| database.clear()));
    call.replies.ok();
    Ok(())
}
