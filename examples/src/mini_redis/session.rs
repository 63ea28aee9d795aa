//! What the server knows of a client.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use indexmap::IndexSet;
use minato_runtime::codec::BufList;

use super::commands::{Call, Command, Run, StoreAccess, command};
use super::fault::Fault;
use super::limits::{TRANSACTION_BYTES_MAX, TRANSACTION_REQUESTS_MAX};
use super::pubsub::{ClientId, Outbox, Topic};
use super::resp::{Protocol, Replies};
use super::shared::Shared;

/// Whether the connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    Close,
}

/// What a client is in the middle of.
#[derive(Debug, Default)]
pub(super) enum Phase {
    /// Commands run as they come.
    #[default]
    Plain,
    /// Between MULTI and EXEC: they are kept.
    Gathering(Transaction),
    /// As before, but one of them was wrong: EXEC will refuse all.
    Refused,
}

/// Requests that will run together.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) requests: Vec<(&'static Command, Vec<Bytes>)>,
    bytes: usize,
}

/// A key whose change keeps a transaction from running.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) database: usize,
    pub(super) key: Bytes,
    pub(super) version: u64,
}

/// What the server knows of a client.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) id: ClientId,
    pub(super) peer: SocketAddr,
    pub(super) name: Bytes,
    pub(super) database: usize,
    pub(super) phase: Phase,
    pub(super) watched: Vec<Watched>,
    pub(super) flow: Flow,
    protocol: Protocol,
    subscriptions: Subscriptions,
    shared: &'a Shared,
}

/// What a client listens to.
#[derive(Debug, Default)]
struct Subscriptions {
    channels: IndexSet<Bytes>,
    patterns: IndexSet<Bytes>,
    /// Made at the first subscription.
    outbox: Option<Arc<Outbox>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(peer: SocketAddr, shared: &'a Shared) -> Self {
        Self {
            id: shared.next_client(),
            peer,
            name: Bytes::new(),
            database: 0,
            phase: Phase::Plain,
            watched: Vec::new(),
            flow: Flow::Continue,
            protocol: Protocol::Resp2,
            subscriptions: Subscriptions::default(),
            shared,
        }
    }

    pub(super) fn shared(&self) -> &'a Shared {
        self.shared
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the version; refused while messages may come in the old one.
    pub(super) fn set_protocol(&mut self, protocol: Protocol) -> Result<(), Fault> {
        if self.subscriptions.outbox.is_some() && protocol != self.protocol {
            return Err(Fault::new("ERR HELLO can't change the protocol after a subscription"));
        }
        self.protocol = protocol;
        Ok(())
    }

    /// Executes or keeps one request, and writes its answer.
    pub(super) fn execute(&mut self, request: &[&[u8]], queue: &mut BufList) -> Flow {
        let mut replies = Replies::new(queue, self.protocol);
        let Some((name, args)) = request.split_first() else { return Flow::Continue };
        let outcome = match self.admit(name, args) {
            Err(fault) => {
                if !matches!(self.phase, Phase::Plain) {
                    self.phase = Phase::Refused;
                }
                Err(fault)
            }
            Ok(command) if self.keeps(command) => self.keep(command, args).map(|()| replies.simple("QUEUED")),
            Ok(command) => self.run(command, args, &mut replies),
        };
        if let Err(Fault(text)) = outcome {
            replies.error(&text);
        }
        self.flow
    }

    /// The command of a name, if it may be called so, now.
    fn admit(&self, name: &[u8], args: &[&[u8]]) -> Result<&'static Command, Fault> {
        let command = command(name).ok_or_else(|| Fault::unknown(name, args))?;
        if !command.takes(args.len()) {
            return Err(Fault::arity(command.name));
        }
        if self.protocol == Protocol::Resp2 && self.subscription_count() > 0 && !command.is_for_subscribers()
        {
            return Err(Fault::text(format!(
                "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this \
                 context",
                command.name
            )));
        }
        Ok(command)
    }

    fn keeps(&self, command: &Command) -> bool {
        !matches!(self.phase, Phase::Plain) && !command.is_never_kept()
    }

    fn keep(&mut self, command: &'static Command, args: &[&[u8]]) -> Result<(), Fault> {
        let Phase::Gathering(transaction) = &mut self.phase else { return Ok(()) };
        transaction.bytes += args.iter().map(|arg| arg.len() + size_of::<Bytes>()).sum::<usize>();
        if transaction.bytes > TRANSACTION_BYTES_MAX || transaction.requests.len() == TRANSACTION_REQUESTS_MAX
        {
            self.phase = Phase::Refused;
            return Err(Fault::TOO_MANY);
        }
        let args = args.iter().map(|arg| Bytes::copy_from_slice(arg)).collect();
        transaction.requests.push((command, args));
        Ok(())
    }

    fn run(&mut self, command: &Command, args: &[&[u8]], replies: &mut Replies<'_>) -> Result<(), Fault> {
        match command.run {
            Run::Data(run) => {
                let mut store = self.shared.store();
                let database = store.database(self.database);
                let before = database.next_deadline();
                let outcome = run(database, args, replies);
                let after = database.next_deadline();
                drop(store);
                if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
                    self.shared.deadline_moved();
                }
                outcome
            }
            Run::Server(run) => {
                let shared = self.shared;
                run(&mut Call { session: self, store: StoreAccess::Unlocked(shared), args, replies })
            }
        }
    }

    /// Channels and patterns the client listens to.
    pub(super) fn subscription_count(&self) -> usize {
        self.subscriptions.channels.len() + self.subscriptions.patterns.len()
    }

    /// Where messages for this client wait, if it ever listened to anything.
    pub(super) fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.subscriptions.outbox.as_ref()
    }

    fn topics(&mut self, topic: Topic) -> &mut IndexSet<Bytes> {
        match topic {
            Topic::Channel => &mut self.subscriptions.channels,
            Topic::Pattern => &mut self.subscriptions.patterns,
        }
    }

    pub(super) fn subscribe(&mut self, topic: Topic, name: Bytes) {
        if self.topics(topic).insert(name.clone()) {
            let protocol = self.protocol;
            let outbox = self.subscriptions.outbox.get_or_insert_with(|| Arc::new(Outbox::new(protocol)));
            self.shared.broker.subscribe(topic, name, self.id, outbox);
        }
    }

    pub(super) fn unsubscribe(&mut self, topic: Topic, name: &[u8]) {
        if self.topics(topic).swap_remove(name) {
            self.shared.broker.unsubscribe(topic, name, self.id);
        }
    }

    /// What the client listens to, of one kind.
    pub(super) fn subscribed(&mut self, topic: Topic) -> Vec<Bytes> {
        self.topics(topic).iter().cloned().collect()
    }

    /// Stops listening to anything.
    pub(super) fn unsubscribe_all(&mut self) {
        for topic in [Topic::Channel, Topic::Pattern] {
            for name in self.subscribed(topic) {
                self.unsubscribe(topic, &name);
            }
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.unsubscribe_all();
    }
}
