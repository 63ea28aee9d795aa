//! Signals, as something to wait for.
//!
//! - [`ctrl_c`]: the user wants the process to end
//! - [`unix`]: all the others

pub mod unix;

use std::io;

/// Waits for the next ctrl-c.
///
/// From the first poll on, ctrl-c no longer ends the process by itself, also not after this has returned or was dropped:
/// wait again to act on a second one. With a [`Signal`](unix::Signal) of your own, the default comes back when it is
/// dropped.
///
/// # Errors
///
/// If the handler cannot be installed.
///
/// # Cancel safety
///
/// A ctrl-c that comes while nobody waits is lost; use [`unix::signal`] to keep it.
pub async fn ctrl_c() -> io::Result<()> {
    let mut interrupts = unix::signal(unix::SignalKind::interrupt())?;
    unix::keep_interrupts()?;
    interrupts.recv().await;
    Ok(())
}
