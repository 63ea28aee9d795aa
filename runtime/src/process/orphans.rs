//! The end of processes that nobody waits for.
//!
//! A process that has ended stays a zombie until its parent asks how. Whoever drops a handle does not ask, so the
//! orphan comes here: to a thread that belongs to no runtime, starts with the first orphan, and ends with the last.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::exit::ExitWatch;
use crate::sys::pipe;

/// How often orphans without a pidfd are asked.
const ASK_AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

static ORPHANS: Mutex<Orphans> = Mutex::new(Orphans { arrived: Vec::new(), bell: None });

struct Orphans {
    /// Not yet seen by the reaper.
    arrived: Vec<Orphan>,
    /// There while the reaper is: a byte makes it look here.
    bell: Option<OwnedFd>,
}

struct Orphan {
    child: Child,
    watch: ExitWatch,
}

impl Orphan {
    /// Whether there is nothing more to wait for. An error is that somebody else has reaped it.
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

/// Sees to it that a child is reaped, now or when it ends.
pub(super) fn adopt(child: Child, watch: ExitWatch) {
    let mut orphan = Orphan { child, watch };
    if orphan.has_ended() {
        return;
    }
    let mut orphans = lock();
    orphans.arrived.push(orphan);
    match &orphans.bell {
        Some(bell) => {
            // A full pipe tells just as well.
            let _ = rustix::io::write(bell, &[1]);
        }
        // Without descriptors or threads left, they wait for the next orphan, or for `sweep`.
        None => orphans.bell = start_reaper().ok(),
    }
}

/// Reaps those that no reaper could be started for.
pub(super) fn sweep() {
    let mut orphans = lock();
    if orphans.bell.is_none() {
        orphans.arrived.retain_mut(|orphan| !orphan.has_ended());
    }
}

fn lock() -> MutexGuard<'static, Orphans> {
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start_reaper() -> io::Result<OwnedFd> {
    let (ear, bell) = pipe()?;
    std::thread::Builder::new()
        .name("minato-reaper".into())
        .stack_size(64 * 1024)
        .spawn(move || reap(&ear))?;
    Ok(bell)
}

/// The life of the reaper.
fn reap(ear: &OwnedFd) {
    let mut waiting: Vec<Orphan> = Vec::new();
    loop {
        let mut orphans = lock();
        waiting.append(&mut orphans.arrived);
        waiting.retain_mut(|orphan| !orphan.has_ended());
        if waiting.is_empty() {
            // Under the lock: the next orphan finds a reaper or starts one.
            orphans.bell = None;
            return;
        }
        drop(orphans);
        wait(ear, &waiting);
    }
}

/// Waits until an orphan may have ended or another has arrived.
fn wait(ear: &OwnedFd, waiting: &[Orphan]) {
    let all_have_pidfds = waiting.iter().all(|orphan| orphan.watch.pidfd().is_some());
    let pidfds = waiting.iter().filter_map(|orphan| orphan.watch.pidfd());
    let mut fds: Vec<PollFd<'_>> = std::iter::once(ear.as_fd())
        .chain(pidfds)
        .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
        .collect();
    let timeout = if all_have_pidfds { None } else { Some(&ASK_AGAIN) };
    match poll(&mut fds, timeout) {
        Ok(_) | Err(Errno::INTR) => {}
        // For want of memory: not at once again.
        Err(_) => std::thread::sleep(std::time::Duration::from_millis(100)),
    }
    let _ = rustix::io::read(ear, &mut [0_u8; 64][..]);
}
