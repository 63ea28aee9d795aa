//! Connecting without TLS, where the feature `tls` is off.

use super::config::Speak;
use super::connect::{BoxIo, Connected};
use super::key::Key;
use crate::conn_info::ConnInfo;
use crate::error::{Error, Kind};

/// What is set for TLS: nothing.
#[derive(Debug, Default)]
pub(super) struct Tls {}

impl Tls {
    pub(super) async fn secure(&self, _: &Key, _: Speak, _: BoxIo, _: ConnInfo) -> Result<Connected, Error> {
        Err(Error::new(Kind::User("the scheme https needs the feature `tls`")))
    }
}
