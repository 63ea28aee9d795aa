//! What each side has told the other (RFC 9113 §6.5).

use super::Engine;
use super::flow::{self, WINDOW_DEFAULT, WINDOW_MAX};
use crate::h2::frame::{self, Fault, Settings};
use crate::h2::{PREFACE, Role};
use crate::reason::Reason;

/// RFC 9113 §6.5.2: the header table until somebody says otherwise.
pub(super) const TABLE_BYTES: u32 = 4096;

/// RFC 9113 §6.5.2: the least, and the first, largest frame.
const FRAME_BYTES: u32 = 1 << 14;

/// What is fixed when a connection begins.
#[derive(Debug, Clone)]
pub(crate) struct EngineConfig {
    pub(crate) stream_window: u32,
    pub(crate) connection_window: u32,
    pub(crate) max_frame_size: u32,
    pub(crate) max_header_list_size: u32,
    pub(crate) header_fields: usize,
    pub(crate) header_table_size: u32,
    /// Streams the peer may have open; a client takes none.
    pub(crate) max_concurrent_streams: u32,
    /// Streams we open before the peer has said how many it takes.
    pub(crate) initial_max_send_streams: usize,
    pub(crate) extended_connect: bool,
    /// Bytes that may wait to be written before no more data are taken.
    pub(crate) send_bytes_max: usize,
    pub(crate) reset_streams_max: usize,
    pub(crate) unseen_resets_max: usize,
    pub(crate) local_error_resets_max: u32,
    /// Short frames of data that may wait to be read.
    pub(crate) short_data_max: Option<usize>,
    pub(crate) control_frames: u32,
}

/// What we have told the peer.
#[derive(Debug)]
pub(super) struct Local {
    /// What holds for streams that are opened now.
    pub(super) initial_window: u32,
    /// Told, and not acknowledged.
    pending: Option<Settings>,
}

impl Default for Local {
    fn default() -> Self {
        Self { initial_window: WINDOW_DEFAULT, pending: None }
    }
}

/// What the peer has told us.
#[derive(Debug)]
pub(super) struct Peer {
    /// It has said its first word.
    pub(super) has_spoken: bool,
    pub(super) initial_window: u32,
    pub(super) max_frame_size: u32,
    pub(super) max_streams: usize,
    pub(super) extended_connect: bool,
}

impl Peer {
    pub(super) fn new(config: &EngineConfig) -> Self {
        Self {
            has_spoken: false,
            initial_window: WINDOW_DEFAULT,
            max_frame_size: FRAME_BYTES,
            max_streams: config.initial_max_send_streams,
            extended_connect: false,
        }
    }
}

impl Engine {
    /// Puts what comes first into the output.
    pub(super) fn greet(&mut self) {
        let config = &self.config;
        let is_server = self.role == Role::Server;
        let settings = Settings {
            header_table_size: (config.header_table_size != TABLE_BYTES).then_some(config.header_table_size),
            enable_push: (!is_server).then_some(false),
            max_concurrent_streams: is_server.then_some(config.max_concurrent_streams),
            initial_window_size: Some(config.stream_window.min(WINDOW_MAX)),
            max_frame_size: (config.max_frame_size > FRAME_BYTES).then_some(config.max_frame_size),
            max_header_list_size: Some(config.max_header_list_size),
            enable_connect_protocol: config.extended_connect.then_some(true),
        };
        let connection_window = config.connection_window.min(WINDOW_MAX);
        let out = self.output.tail();
        if !is_server {
            out.extend_from_slice(PREFACE);
        }
        frame::put_settings(out, &settings);
        self.local.pending = Some(settings);
        if let Some(increment) = self.recv_window.widen(connection_window) {
            frame::put_window_update(self.output.tail(), 0, increment);
        }
    }

    /// Whether the peer has said its first word.
    pub(crate) fn has_settings(&self) -> bool {
        self.peer.has_spoken
    }

    /// Whether the server takes a CONNECT that names a protocol (RFC 8441).
    pub(crate) fn takes_extended_connect(&self) -> bool {
        self.peer.extended_connect
    }

    /// Sets both windows from here on; false while the peer has not acknowledged what it was told before.
    pub(crate) fn set_windows(&mut self, window: u32) -> bool {
        if self.local.pending.is_some() {
            return false;
        }
        let settings = Settings { initial_window_size: Some(window), ..Settings::default() };
        frame::put_settings(self.output.tail(), &settings);
        self.local.pending = Some(settings);
        if let Some(increment) = self.recv_window.widen(window) {
            frame::put_window_update(self.output.tail(), 0, increment);
        }
        true
    }

    /// RFC 9113 §6.5.3: what we have told holds from the acknowledgement on.
    pub(super) fn handle_settings_ack(&mut self) -> Result<(), Fault> {
        let settings = self.local.pending.take().ok_or(Fault::Connection(Reason::PROTOCOL_ERROR))?;
        if let Some(bytes) = settings.header_table_size {
            self.decoder.set_table_size_max(bytes);
        }
        if let Some(window) = settings.initial_window_size
            && window != self.local.initial_window
        {
            self.local.initial_window = window;
            for key in self.store.keys() {
                if let Some(stream) = self.store.get(key) {
                    stream.recv_window.shift(window);
                }
            }
        }
        Ok(())
    }

    pub(super) fn handle_settings(&mut self, settings: &Settings) -> Result<(), Fault> {
        // RFC 9113 §6.5.2: a server never says that it takes pushes.
        if self.role == Role::Client && settings.enable_push == Some(true) {
            return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
        }
        self.peer.has_spoken = true;
        if let Some(bytes) = settings.header_table_size {
            self.encoder.set_table_size(bytes);
        }
        if let Some(size) = settings.max_frame_size {
            self.peer.max_frame_size = size;
        }
        if let Some(takes) = settings.enable_connect_protocol {
            // RFC 8441 §3: what was offered is not taken back.
            if self.peer.extended_connect && !takes {
                return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
            }
            self.peer.extended_connect = takes;
        }
        if let Some(window) = settings.initial_window_size {
            self.shift_send_windows(window)?;
        }
        if self.role == Role::Client {
            // A server that has spoken and named no number takes any.
            if let Some(streams) = settings.max_concurrent_streams {
                self.peer.max_streams = streams as usize;
            } else if self.frames == 0 {
                self.peer.max_streams = usize::MAX;
            }
            self.wake_opening();
        }
        frame::put_settings_ack(self.output.tail());
        Ok(())
    }

    /// RFC 9113 §6.9.2: a new initial window changes those of all streams, and may make them negative.
    fn shift_send_windows(&mut self, window: u32) -> Result<(), Fault> {
        let by = i64::from(window) - i64::from(self.peer.initial_window);
        self.peer.initial_window = window;
        for key in self.store.keys() {
            let Some(stream) = self.store.get(key) else { continue };
            stream
                .send_window
                .shift(by)
                .map_err(|flow::Overflow| Fault::Connection(Reason::FLOW_CONTROL_ERROR))?;
            if by > 0 {
                self.wake_writer(key);
            }
        }
        Ok(())
    }
}
