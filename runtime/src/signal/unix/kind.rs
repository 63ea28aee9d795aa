//! Which signal.

use std::fmt;

use rustix::process::Signal as Number;

/// Which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

macro_rules! kinds {
    ($($name:ident $number:ident $doc:literal;)*) => {$(
        #[doc = $doc]
        #[must_use]
        pub const fn $name() -> Self {
            Self(Number::$number.as_raw())
        }
    )*};
}

impl SignalKind {
    /// The signal of that number.
    #[must_use]
    pub const fn from_raw(number: i32) -> Self {
        Self(number)
    }

    /// The number of the signal.
    #[must_use]
    pub const fn as_raw_value(&self) -> i32 {
        self.0
    }

    kinds! {
        alarm ALARM "`SIGALRM`: a timer of the system has run out.";
        child CHILD "`SIGCHLD`: a child process has changed its state.";
        hangup HUP "`SIGHUP`: the terminal has gone; by custom, read the configuration again.";
        interrupt INT "`SIGINT`: ctrl-c.";
        io IO "`SIGIO`: a descriptor that was asked to tell by signal is ready.";
        pipe PIPE "`SIGPIPE`: written to a pipe that nobody reads.";
        quit QUIT "`SIGQUIT`: ctrl-backslash.";
        terminate TERM "`SIGTERM`: please end.";
        user_defined1 USR1 "`SIGUSR1`.";
        user_defined2 USR2 "`SIGUSR2`.";
        window_change WINCH "`SIGWINCH`: the terminal has changed its size.";
    }
}

impl From<i32> for SignalKind {
    fn from(number: i32) -> Self {
        Self(number)
    }
}

impl From<SignalKind> for i32 {
    fn from(kind: SignalKind) -> Self {
        kind.0
    }
}

impl fmt::Display for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signal {}", self.0)
    }
}
