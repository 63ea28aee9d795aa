//! What each frame does that is no data.

use super::flow::Overflow;
use super::state::Event;
use super::{Ended, Engine, budget};
use crate::error::Initiator;
use crate::h2::Role;
use crate::h2::frame::{self, Assembly, Fault, Frame, Head};
use crate::reason::Reason;

impl Engine {
    pub(super) fn handle_frame(&mut self, head: &Head, payload: &[u8]) -> Result<(), Fault> {
        match frame::parse(head, payload)? {
            Frame::Headers { block, depends_on } => {
                self.budget.earn(1);
                if head.is_end_headers() {
                    return self.handle_block(head.stream, head.is_end_stream(), depends_on, block);
                }
                let (bytes, is_end) = (self.config.max_header_list_size as usize, head.is_end_stream());
                let block = Assembly::begin(head.stream, is_end, depends_on, block, bytes)?;
                self.block = Some((block, self.frames + 1));
                Ok(())
            }
            Frame::Continuation { block } => {
                let Some((mut open, first)) = self.block.take() else {
                    return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
                };
                open.push(block)?;
                if head.is_end_headers() {
                    return self.handle_block(open.stream, open.is_end_stream, open.depends_on, open.block());
                }
                self.block = Some((open, first));
                Ok(())
            }
            Frame::Priority { depends_on } => {
                self.spend(1)?;
                // RFC 7540 §5.3.1; beyond that, priorities mean nothing (RFC 9113 §5.3.2).
                match depends_on == head.stream {
                    true => Err(Fault::Stream(head.stream, Reason::PROTOCOL_ERROR)),
                    false => Ok(()),
                }
            }
            Frame::Reset { reason } => self.handle_reset(head.stream, reason),
            Frame::Settings(settings) => {
                // CVE-2020-11080: settings by the thousand in one frame.
                self.spend(1 + head.len / 6)?;
                self.handle_settings(&settings)
            }
            Frame::SettingsAck => {
                self.spend(1)?;
                self.handle_settings_ack()
            }
            // RFC 9113 §8.4: a client cannot push, and a server must not since we said so.
            Frame::PushPromise => Err(Fault::Connection(Reason::PROTOCOL_ERROR)),
            Frame::Ping { payload } => {
                self.spend(1)?;
                match head.is_ack() {
                    true => self.handle_pong(payload),
                    false => frame::put_ping(self.output.tail(), payload, true),
                }
                Ok(())
            }
            Frame::GoAway { last_stream, reason } => {
                self.spend(1)?;
                self.handle_goaway(last_stream, reason)
            }
            Frame::WindowUpdate { increment } => {
                self.spend(1)?;
                self.handle_window_update(head.stream, increment)
            }
        }
    }

    pub(super) fn spend(&mut self, frames: u32) -> Result<(), Fault> {
        self.budget.spend(frames).map_err(|budget::Spent| Fault::Connection(Reason::ENHANCE_YOUR_CALM))
    }

    /// Whether nobody has opened this stream yet.
    pub(super) fn is_idle(&self, id: u32) -> bool {
        let is_remote = (id % 2 == 1) == (self.role == Role::Server);
        match is_remote {
            true => id > self.last_remote && !self.is_refused(id),
            false => id >= self.openings.next_id(),
        }
    }

    /// Whether what arrives for a stream that is not known any more is nobody's fault: we have reset it, or did not take it.
    ///
    /// A client that cancels many requests at once forgets which they were, so it passes over all of its own.
    pub(super) fn is_passed_over(&self, id: u32) -> bool {
        self.role == Role::Client || self.gone.contains(id) || self.is_refused(id)
    }

    /// Data for a stream that has been forgotten. It may be we who have reset it, so it costs what a reset costs, and not what
    /// a fault does.
    pub(super) fn refuse_late(&mut self, id: u32) -> Result<(), Fault> {
        self.spend(budget::RESET_COST)?;
        frame::put_reset(self.output.tail(), id, Reason::STREAM_CLOSED);
        self.gone.push(id);
        Ok(())
    }

    /// The peer broke the rules of a stream.
    pub(super) fn handle_fault(&mut self, id: u32, reason: Reason) {
        if self.is_idle(id) {
            // RFC 9113 §5.1: RST_STREAM is not for idle streams.
            return self.abort(reason);
        }
        self.faults += 1;
        if self.budget.spend_fault().is_err() {
            return self.abort(Reason::ENHANCE_YOUR_CALM);
        }
        match self.store.find(id).filter(|key| self.store.get(*key).is_some_and(|s| !s.state.is_closed())) {
            Some(key) => {
                self.reset(key, reason);
                self.drop_incoming(key);
            }
            None => {
                frame::put_reset(self.output.tail(), id, reason);
                self.gone.push(id);
            }
        }
    }

    fn handle_reset(&mut self, id: u32, reason: Reason) -> Result<(), Fault> {
        self.spend(budget::RESET_COST)?;
        if self.is_idle(id) {
            return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
        }
        // What is still under way was sent before: RFC 9113 §5.4.2 lets it end here.
        self.gone.remove(id);
        let Some(key) = self.store.find(id) else { return Ok(()) };
        let _ = self.apply(key, Event::End(Ended::Stream { reason, initiator: Initiator::Remote }));
        self.wake_both(key);
        if self.drop_incoming(key) {
            self.unseen_resets += 1;
            if self.unseen_resets > self.config.unseen_resets_max {
                return Err(Fault::Connection(Reason::ENHANCE_YOUR_CALM));
            }
        }
        Ok(())
    }

    fn handle_goaway(&mut self, last: u32, reason: Reason) -> Result<(), Fault> {
        // RFC 9113 §6.8: the last stream never grows.
        if self.peer_goaway.is_some_and(|(known, _)| last > known) {
            return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
        }
        self.peer_goaway = Some((last, reason));
        let cause = Ended::Connection { reason, initiator: Initiator::Remote };
        for key in self.store.keys() {
            let is_ours = |id: u32| (id % 2 == 1) == (self.role == Role::Client);
            if self.store.get(key).is_some_and(|stream| stream.id > last && is_ours(stream.id)) {
                let _ = self.apply(key, Event::End(cause));
                self.wake_both(key);
            }
        }
        self.openings.wake_all(&mut self.wakes);
        Ok(())
    }

    fn handle_window_update(&mut self, id: u32, increment: u32) -> Result<(), Fault> {
        if id == 0 {
            if increment == 0 {
                return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
            }
            let overflow = |Overflow| Fault::Connection(Reason::FLOW_CONTROL_ERROR);
            // Those who wait for it have their turn at the end of the round.
            return self.send_window.grow(increment).map_err(overflow);
        }
        if self.is_idle(id) {
            return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
        }
        let Some(key) = self.store.find(id) else { return Ok(()) };
        let Some(stream) = self.store.get(key).filter(|stream| !stream.state.is_closed()) else {
            return Ok(());
        };
        if increment == 0 {
            return Err(Fault::Stream(id, Reason::PROTOCOL_ERROR));
        }
        let was_empty = stream.send_window.available() == 0;
        if stream.send_window.grow(increment).is_err() {
            return Err(Fault::Stream(id, Reason::FLOW_CONTROL_ERROR));
        }
        if was_empty && stream.send_window.available() > 0 {
            self.wake_writer(key);
        }
        Ok(())
    }
}
