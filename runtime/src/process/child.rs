//! A started process.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Output};
use std::task::{Context, Poll};

use super::exit::ExitWatch;
use super::orphans;
use super::{ChildStderr, ChildStdin, ChildStdout};
use crate::io::{AsyncRead, AsyncReadExt};

/// A started process.
///
/// Dropping it neither ends nor forgets the process: it goes on (unless
/// [`kill_on_drop`](super::Command::kill_on_drop) was asked for), and when it ends it is reaped.
pub struct Child {
    life: Life,
    kill_on_drop: bool,
    /// The pipe to its standard input, if one was asked for.
    pub stdin: Option<ChildStdin>,
    /// The pipe from its standard output, if one was asked for.
    pub stdout: Option<ChildStdout>,
    /// The pipe from its standard error, if one was asked for.
    pub stderr: Option<ChildStderr>,
}

enum Life {
    Running(std::process::Child, ExitWatch),
    Ended(ExitStatus),
    /// Given to the orphans, in `drop`.
    Orphaned,
}

impl Child {
    pub(super) fn new(
        mut child: std::process::Child,
        watch: ExitWatch,
        kill_on_drop: bool,
    ) -> io::Result<Self> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut this =
            Self { life: Life::Running(child, watch), kill_on_drop, stdin: None, stdout: None, stderr: None };
        // From here on, an error drops `this`, which reaps the process.
        this.stdin = stdin.map(ChildStdin::from_std).transpose()?;
        this.stdout = stdout.map(ChildStdout::from_std).transpose()?;
        this.stderr = stderr.map(ChildStderr::from_std).transpose()?;
        Ok(this)
    }

    /// The number of the process; nothing once it has been waited for, since the number may then be another's.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match &self.life {
            Life::Running(child, _) => Some(child.id()),
            Life::Ended(_) | Life::Orphaned => None,
        }
    }

    /// Kills the process, and does not wait for its end.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it has been waited for already, and those of `kill`.
    pub fn start_kill(&mut self) -> io::Result<()> {
        match &mut self.life {
            Life::Running(child, _) => child.kill(),
            Life::Ended(_) | Life::Orphaned => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the process has ended and was waited for"))
            }
        }
    }

    /// Kills the process and waits for its end.
    ///
    /// # Errors
    ///
    /// As [`start_kill`](Self::start_kill) and [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// Once polled, the process is killed.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }

    /// Waits for the end of the process. Its standard input is closed first, so that it does not wait for more.
    ///
    /// After the end, this answers the same again.
    ///
    /// # Errors
    ///
    /// If the runtime has shut down, or somebody else has reaped the process.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped; the standard input stays closed.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        poll_fn(|cx| self.poll_exit(cx)).await
    }

    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        match &mut self.life {
            Life::Running(child, watch) => {
                let status = std::task::ready!(watch.poll_exit(child, cx))?;
                self.life = Life::Ended(status);
                Poll::Ready(Ok(status))
            }
            Life::Ended(status) => Poll::Ready(Ok(*status)),
            Life::Orphaned => unreachable!("only `drop` orphans"),
        }
    }

    /// How the process has ended, if it has. Its standard input stays open.
    ///
    /// # Errors
    ///
    /// If somebody else has reaped the process.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        match &mut self.life {
            Life::Running(child, _) => {
                let status = child.try_wait()?;
                if let Some(status) = status {
                    self.life = Life::Ended(status);
                }
                Ok(status)
            }
            Life::Ended(status) => Ok(Some(*status)),
            Life::Orphaned => unreachable!("only `drop` orphans"),
        }
    }

    /// Waits for the end of the process and of what it writes, whichever is later.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), and those of reading.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropping the future drops the child and what it has written.
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        let (mut stdout, mut stderr) = (self.stdout.take(), self.stderr.take());
        let mut out = pin!(read_all(&mut stdout));
        let mut err = pin!(read_all(&mut stderr));
        let mut end = pin!(self.wait());
        let (mut has_out, mut has_err, mut has_end) = (None, None, None);
        poll_fn(|cx| {
            poll_part(out.as_mut(), cx, &mut has_out)?;
            poll_part(err.as_mut(), cx, &mut has_err)?;
            poll_part(end.as_mut(), cx, &mut has_end)?;
            match (has_end, has_out.is_some() && has_err.is_some()) {
                (Some(status), true) => Poll::Ready(Ok(Output {
                    status,
                    stdout: has_out.take().unwrap_or_default(),
                    stderr: has_err.take().unwrap_or_default(),
                })),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

/// Polls a part of a whole, unless it is there already.
fn poll_part<T>(
    part: Pin<&mut impl Future<Output = io::Result<T>>>,
    cx: &mut Context<'_>,
    result: &mut Option<T>,
) -> io::Result<()> {
    if result.is_none()
        && let Poll::Ready(ready) = part.poll(cx)
    {
        *result = Some(ready?);
    }
    Ok(())
}

async fn read_all<R: AsyncRead + Unpin>(pipe: &mut Option<R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Life::Running(mut child, watch) = std::mem::replace(&mut self.life, Life::Orphaned) {
            if self.kill_on_drop {
                // Fails only if it has ended.
                let _ = child.kill();
            }
            orphans::adopt(child, watch);
        }
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("id", &self.id()).finish_non_exhaustive()
    }
}
