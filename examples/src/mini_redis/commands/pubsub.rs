//! Publish and subscribe.

use bytes::Bytes;

use super::{Call, Command, Outcome, server, word};
use crate::mini_redis::fault::Fault;
use crate::mini_redis::limits::SUBSCRIPTIONS_MAX;
use crate::mini_redis::pubsub::Topic;

pub(super) const COMMANDS: &[Command] = &[
    server("subscribe", -2, |call| subscribe(call, Topic::Channel, "subscribe")),
    server("psubscribe", -2, |call| subscribe(call, Topic::Pattern, "psubscribe")),
    server("unsubscribe", -1, |call| unsubscribe(call, Topic::Channel, "unsubscribe")),
    server("punsubscribe", -1, |call| unsubscribe(call, Topic::Pattern, "punsubscribe")),
    server("publish", 3, publish),
    server("pubsub", -2, pubsub),
];

fn subscribe(call: &mut Call<'_, '_, '_>, topic: Topic, kind: &str) -> Outcome {
    if call.session.subscription_count() + call.args.len() > SUBSCRIPTIONS_MAX {
        return Err(Fault::TOO_MANY);
    }
    for name in call.args {
        call.session.subscribe(topic, Bytes::copy_from_slice(name));
        confirm(call, kind, Some(name));
    }
    Ok(())
}

fn unsubscribe(call: &mut Call<'_, '_, '_>, topic: Topic, kind: &str) -> Outcome {
    if !call.args.is_empty() {
        for name in call.args {
            call.session.unsubscribe(topic, name);
            confirm(call, kind, Some(name));
        }
        return Ok(());
    }
    let all = call.session.subscribed(topic);
    for name in &all {
        call.session.unsubscribe(topic, name);
        confirm(call, kind, Some(name));
    }
    if all.is_empty() {
        confirm(call, kind, None);
    }
    Ok(())
}

fn confirm(call: &mut Call<'_, '_, '_>, kind: &str, name: Option<&[u8]>) {
    call.replies.push(3);
    call.replies.bulk(kind.as_bytes());
    match name {
        Some(name) => call.replies.bulk(name),
        None => call.replies.null(),
    }
    call.replies.count(call.session.subscription_count());
}

fn publish(call: &mut Call<'_, '_, '_>) -> Outcome {
    let told = call.session.shared().broker.publish(call.args[0], call.args[1]);
    call.replies.count(told);
    Ok(())
}

fn pubsub(call: &mut Call<'_, '_, '_>) -> Outcome {
    let broker = &call.session.shared().broker;
    match (word(call.args[0], &["CHANNELS", "NUMSUB", "NUMPAT"]), &call.args[1..]) {
        (Some("CHANNELS"), pattern @ ([] | [_])) => {
            let channels = broker.channels(pattern.first().copied().unwrap_or(b"*"));
            call.replies.array(channels.len());
            channels.iter().for_each(|channel| call.replies.shared(channel));
        }
        (Some("NUMSUB"), channels) => {
            call.replies.array(2 * channels.len());
            for channel in channels {
                call.replies.bulk(channel);
                call.replies.count(broker.listeners(channel));
            }
        }
        (Some("NUMPAT"), []) => call.replies.count(broker.pattern_count()),
        _ => return Err(Fault::SYNTAX),
    }
    Ok(())
}
