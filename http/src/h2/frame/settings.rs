//! The values that SETTINGS carries (RFC 9113 §6.5).

use super::Fault;
use crate::reason::Reason;

/// The length of one setting.
pub(super) const SETTING_LEN: usize = 6;

/// RFC 9113 §6.9.1: no window is larger.
pub(crate) const WINDOW_MAX: u32 = (1 << 31) - 1;

/// RFC 9113 §6.5.2: the least frame size a peer may ask for, which every peer starts with.
pub(crate) const FRAME_SIZE_MIN: u32 = 1 << 14;

/// RFC 9113 §6.5.2: the greatest.
pub(crate) const FRAME_SIZE_MAX: u32 = (1 << 24) - 1;

mod id {
    pub(super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(super) const ENABLE_PUSH: u16 = 2;
    pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(super) const MAX_FRAME_SIZE: u16 = 5;
    pub(super) const MAX_HEADER_LIST_SIZE: u16 = 6;
    pub(super) const ENABLE_CONNECT_PROTOCOL: u16 = 8;
}

/// The settings of one frame: those that occur in it, each with the value that came last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) header_table_size: Option<u32>,
    pub(crate) enable_push: Option<bool>,
    pub(crate) max_concurrent_streams: Option<u32>,
    pub(crate) initial_window_size: Option<u32>,
    pub(crate) max_frame_size: Option<u32>,
    pub(crate) max_header_list_size: Option<u32>,
    /// RFC 8441 §3.
    pub(crate) enable_connect_protocol: Option<bool>,
}

impl Settings {
    /// The settings of a payload, whose length has been checked.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Fault> {
        let mut settings = Self::default();
        for setting in payload.chunks_exact(SETTING_LEN) {
            if let &[high, low, a, b, c, d] = setting {
                settings.set(u16::from_be_bytes([high, low]), u32::from_be_bytes([a, b, c, d]))?;
            }
        }
        Ok(settings)
    }

    fn set(&mut self, id: u16, value: u32) -> Result<(), Fault> {
        match id {
            id::HEADER_TABLE_SIZE => self.header_table_size = Some(value),
            id::ENABLE_PUSH => self.enable_push = Some(switch(value)?),
            id::MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = Some(value),
            id::INITIAL_WINDOW_SIZE if value > WINDOW_MAX => {
                return Err(Fault::Connection(Reason::FLOW_CONTROL_ERROR));
            }
            id::INITIAL_WINDOW_SIZE => self.initial_window_size = Some(value),
            id::MAX_FRAME_SIZE if !(FRAME_SIZE_MIN..=FRAME_SIZE_MAX).contains(&value) => {
                return Err(Fault::Connection(Reason::PROTOCOL_ERROR));
            }
            id::MAX_FRAME_SIZE => self.max_frame_size = Some(value),
            id::MAX_HEADER_LIST_SIZE => self.max_header_list_size = Some(value),
            id::ENABLE_CONNECT_PROTOCOL => self.enable_connect_protocol = Some(switch(value)?),
            // RFC 9113 §6.5.2: a setting that nobody knows is ignored.
            _ => {}
        }
        Ok(())
    }

    /// What occurs, in the order of the identifiers.
    pub(super) fn each(&self) -> impl Iterator<Item = (u16, u32)> {
        [
            (id::HEADER_TABLE_SIZE, self.header_table_size),
            (id::ENABLE_PUSH, self.enable_push.map(u32::from)),
            (id::MAX_CONCURRENT_STREAMS, self.max_concurrent_streams),
            (id::INITIAL_WINDOW_SIZE, self.initial_window_size),
            (id::MAX_FRAME_SIZE, self.max_frame_size),
            (id::MAX_HEADER_LIST_SIZE, self.max_header_list_size),
            (id::ENABLE_CONNECT_PROTOCOL, self.enable_connect_protocol.map(u32::from)),
        ]
        .into_iter()
        .filter_map(|(id, value)| Some((id, value?)))
    }
}

fn switch(value: u32) -> Result<bool, Fault> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Fault::Connection(Reason::PROTOCOL_ERROR)),
    }
}
