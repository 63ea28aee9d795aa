//! Channels, and who listens to them.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use minato_runtime::codec::BufList;
use minato_runtime::sync::Notify;

use super::limits::OUTBOX_BYTES_MAX;
use super::resp::{Protocol, Replies};
use super::store::matches;

/// A connection, by number.
pub(super) type ClientId = u64;

/// Messages that wait for a subscriber.
#[derive(Debug)]
pub(super) struct Outbox {
    protocol: Protocol,
    waiting: Mutex<Waiting>,
    changed: Notify,
    overflowed: Notify,
}

#[derive(Debug)]
enum Waiting {
    Messages(BufList),
    /// The subscriber did not read, and its messages are gone.
    Overflowed,
}

/// The subscriber read too slowly.
#[derive(Debug)]
pub(super) struct Overflowed;

impl From<Overflowed> for io::Error {
    fn from(_: Overflowed) -> Self {
        Self::new(io::ErrorKind::QuotaExceeded, "a subscriber did not read")
    }
}

impl Outbox {
    pub(super) fn new(protocol: Protocol) -> Self {
        let waiting = Mutex::new(Waiting::Messages(BufList::new()));
        Self { protocol, waiting, changed: Notify::new(), overflowed: Notify::new() }
    }

    /// Waits until there may be messages.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits until too much waits, which is told once: for while the subscriber is being written to.
    pub(super) async fn overflowed(&self) -> Overflowed {
        self.overflowed.notified().await;
        Overflowed
    }

    /// Takes what waits.
    pub(super) fn take(&self) -> Result<BufList, Overflowed> {
        match &mut *self.lock() {
            Waiting::Messages(messages) => Ok(std::mem::take(messages)),
            Waiting::Overflowed => Err(Overflowed),
        }
    }

    /// Wakes the subscriber for what was left.
    fn wake(&self) {
        let is_overflowed = matches!(*self.lock(), Waiting::Overflowed);
        self.changed.notify_one();
        if is_overflowed {
            self.overflowed.notify_one();
        }
    }

    /// Leaves a message, or nothing ever again if too many wait.
    fn push(&self, write: impl FnOnce(&mut Replies<'_>)) {
        let mut waiting = self.lock();
        if let Waiting::Messages(messages) = &mut *waiting {
            write(&mut Replies::new(messages, self.protocol));
            if messages.len() > OUTBOX_BYTES_MAX {
                *waiting = Waiting::Overflowed;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listeners of one name.
type Listeners = HashMap<ClientId, Arc<Outbox>>;

/// What a client subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Channel,
    Pattern,
}

/// Channels and patterns that have listeners.
#[derive(Debug, Default)]
pub(super) struct Broker {
    topics: Mutex<Topics>,
}

#[derive(Debug, Default)]
struct Topics {
    channels: HashMap<Bytes, Listeners>,
    patterns: HashMap<Bytes, Listeners>,
}

impl Topics {
    fn of(&mut self, topic: Topic) -> &mut HashMap<Bytes, Listeners> {
        match topic {
            Topic::Channel => &mut self.channels,
            Topic::Pattern => &mut self.patterns,
        }
    }
}

impl Broker {
    pub(super) fn subscribe(&self, topic: Topic, name: Bytes, client: ClientId, outbox: &Arc<Outbox>) {
        self.lock().of(topic).entry(name).or_default().insert(client, Arc::clone(outbox));
    }

    pub(super) fn unsubscribe(&self, topic: Topic, name: &[u8], client: ClientId) {
        let mut topics = self.lock();
        let names = topics.of(topic);
        if let Some(listeners) = names.get_mut(name) {
            listeners.remove(&client);
            if listeners.is_empty() {
                names.remove(name);
            }
        }
    }

    /// Leaves a message with everybody who listens; answers how many did.
    pub(super) fn publish(&self, channel: &[u8], message: &[u8]) -> usize {
        // One copy, which long queues share.
        let message = Bytes::copy_from_slice(message);
        let mut told = Vec::new();
        {
            // Under the lock, so that all listeners see all messages in one order; they are woken later.
            let topics = self.lock();
            for outbox in topics.channels.get(channel).into_iter().flat_map(HashMap::values) {
                outbox.push(|out| {
                    out.push(3);
                    out.bulk(b"message");
                    out.bulk(channel);
                    out.shared(&message);
                });
                told.push(Arc::clone(outbox));
            }
            for (pattern, listeners) in
                topics.patterns.iter().filter(|(pattern, _)| matches(pattern, channel))
            {
                for outbox in listeners.values() {
                    outbox.push(|out| {
                        out.push(4);
                        out.bulk(b"pmessage");
                        out.bulk(pattern);
                        out.bulk(channel);
                        out.shared(&message);
                    });
                    told.push(Arc::clone(outbox));
                }
            }
        }
        told.iter().for_each(|outbox| outbox.wake());
        told.len()
    }

    /// Channels that have listeners and match.
    pub(super) fn channels(&self, pattern: &[u8]) -> Vec<Bytes> {
        self.lock().channels.keys().filter(|channel| matches(pattern, channel)).cloned().collect()
    }

    /// How many listen to a channel.
    pub(super) fn listeners(&self, channel: &[u8]) -> usize {
        self.lock().channels.get(channel).map_or(0, HashMap::len)
    }

    /// How many patterns have listeners.
    pub(super) fn pattern_count(&self) -> usize {
        self.lock().patterns.len()
    }

    fn lock(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
