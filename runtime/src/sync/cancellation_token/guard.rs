//! Cancelling on drop.

use super::CancellationToken;

/// Cancels its token when it is dropped; made by [`CancellationToken::drop_guard`].
#[derive(Debug)]
#[must_use = "a guard that is not kept cancels at once"]
pub struct DropGuard {
    /// `None` once it was disarmed.
    token: Option<CancellationToken>,
}

impl DropGuard {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        self.token.as_ref().expect("a guard is disarmed once")
    }

    pub(super) fn new(token: CancellationToken) -> Self {
        Self { token: Some(token) }
    }

    /// Gives the token back, uncancelled.
    #[must_use]
    pub fn disarm(mut self) -> CancellationToken {
        self.token.take().expect("a guard is disarmed once")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}

/// Cancels its token when it is dropped, and borrows it; made by [`CancellationToken::drop_guard_ref`].
#[derive(Debug)]
#[must_use = "a guard that is not kept cancels at once"]
pub struct DropGuardRef<'a> {
    /// `None` once it was disarmed.
    token: Option<&'a CancellationToken>,
}

impl<'a> DropGuardRef<'a> {
    pub(super) fn new(token: &'a CancellationToken) -> Self {
        Self { token: Some(token) }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &'a CancellationToken {
        self.token.expect("a guard is disarmed once")
    }

    /// Gives the token back, uncancelled.
    pub fn disarm(mut self) -> &'a CancellationToken {
        self.token.take().expect("a guard is disarmed once")
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            token.cancel();
        }
    }
}
