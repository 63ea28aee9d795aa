//! In place of the placement, on systems that have none.

use std::io;

/// There is none.
#[derive(Clone, Debug)]
pub(crate) enum Placement {}

impl Placement {
    pub(crate) fn new(_: &[usize]) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "pin_workers: this system pins no threads"))
    }

    pub(crate) fn pin(&self, _: u32) -> Pinned {
        match *self {}
    }

    pub(crate) fn release(&self) {
        match *self {}
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) enum Pinned {}
