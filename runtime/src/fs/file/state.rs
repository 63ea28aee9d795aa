//! What is under way on a file.

use std::fs::File as StdFile;
use std::io::{self, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::fs::job;
use crate::isolated::isolated;
use crate::shim::{Mutex, MutexGuard};
use crate::sync::Notify;
use crate::sync::atomic_waker::AtomicWaker;

/// What the file and its job share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Called whenever a job ends, for those that wait through `&File`.
    job_ended: Notify,
    /// Of the one task that reads, writes or seeks through `&mut File`: a job ended, or there is room.
    pub(super) waker: AtomicWaker,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// What was read for a future that was dropped, and not asked for since, from `taken` on.
    pub(super) incoming: Vec<u8>,
    pub(super) taken: usize,
    /// What was written by the caller, and by no job yet.
    pub(super) outgoing: Vec<u8>,
    /// The error of a write that nobody has been told of.
    pub(super) fault: Option<io::Error>,
}

#[derive(Debug)]
pub(super) enum Phase {
    Idle,
    /// A job reads into `incoming`.
    Reading,
    /// It has: no bytes are the end of the file.
    HasRead(io::Result<()>),
    /// A job writes `outgoing`.
    Writing,
    /// A job seeks.
    Seeking,
    HasSought(io::Result<u64>),
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                phase: Phase::Idle,
                incoming: Vec::new(),
                taken: 0,
                outgoing: Vec::new(),
                fault: None,
            }),
            job_ended: Notify::new(),
            waker: AtomicWaker::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// The state as soon as it is as the caller needs it; one task at a time.
    pub(super) fn poll_when(
        &self,
        cx: &Context<'_>,
        is_right: impl Fn(&State) -> bool,
    ) -> Poll<MutexGuard<'_, State>> {
        let state = self.lock();
        if is_right(&state) {
            return Poll::Ready(state);
        }
        drop(state);
        self.waker.register(cx.waker());
        let state = self.lock();
        if is_right(&state) { Poll::Ready(state) } else { Poll::Pending }
    }

    /// Whether no job is under way.
    pub(super) fn is_idle(&self) -> bool {
        !self.lock().is_busy()
    }

    /// Waits until no job is under way; any number of tasks may.
    pub(super) async fn idle(&self) {
        loop {
            let ended = self.job_ended.notified();
            if self.is_idle() {
                return;
            }
            ended.await;
        }
    }

    /// The error of a write, if nobody has been told of it.
    pub(super) fn take_fault(&self) -> io::Result<()> {
        self.lock().fault.take().map_or(Ok(()), Err)
    }

    /// Puts the cursor of the system where the caller believes it is. No job is under way.
    pub(super) fn give_back(&self, file: &StdFile) -> io::Result<()> {
        self.lock().give_back(file)
    }

    /// Says that a job has ended, whatever it did to the state, which `conclude` says.
    fn end_job(&self, conclude: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        conclude(&mut state);
        drop(state);
        self.tell();
    }

    fn tell(&self) {
        // The one waker is called even if one of the others panics.
        isolated(|| self.job_ended.notify_waiters());
        self.waker.wake();
    }
}

impl State {
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Reading | Phase::Writing | Phase::Seeking)
    }

    /// What was read and not asked for yet.
    pub(super) fn held(&self) -> &[u8] {
        &self.incoming[self.taken..]
    }

    /// Forgets what was read and not asked for, and moves the cursor back over it. No job is under way.
    pub(super) fn give_back(&mut self, mut file: &StdFile) -> io::Result<()> {
        let held = self.held().len();
        if held > 0 {
            // Moving back from where one stands asks nobody.
            file.seek(SeekFrom::Current(-(held as i64)))?;
        }
        self.incoming.clear();
        self.taken = 0;
        self.phase = Phase::Idle;
        Ok(())
    }
}

/// A job's duty to end. If it is dropped before, the runtime has shut down and the job was never begun.
struct Duty {
    shared: Arc<Shared>,
    /// Gone before the end is told (invariant 3 of the module).
    file: Option<Arc<StdFile>>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Read,
    Write,
    Seek,
}

impl Duty {
    fn file(&self) -> &StdFile {
        match &self.file {
            Some(file) => file,
            None => unreachable!("the file is there until the duty ends"),
        }
    }

    fn end(mut self, conclude: impl FnOnce(&mut State)) {
        self.file = None;
        self.shared.end_job(conclude);
    }

    /// Takes what has gathered, in place of what is in `buf`. If nothing has, this ends the duty: in the same step, so
    /// that a write either is seen here or finds nobody under way.
    fn take_outgoing(&mut self, buf: &mut Vec<u8>) -> bool {
        buf.clear();
        let mut state = self.shared.lock();
        if state.outgoing.is_empty() {
            // The last reference only if nobody has the file any more, and then nobody waits for the lock either.
            self.file = None;
            state.outgoing = Vec::new();
            state.phase = Phase::Idle;
            drop(state);
            self.shared.tell();
            return false;
        }
        std::mem::swap(buf, &mut state.outgoing);
        drop(state);
        // There is room again. A waker that panics must not take the bytes with it.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.shared.waker.wake())) {
            std::mem::forget(payload);
        }
        true
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if self.file.take().is_none() {
            return;
        }
        self.shared.end_job(|state| match self.kind {
            Kind::Read => state.phase = Phase::HasRead(Err(job::gone())),
            Kind::Seek => state.phase = Phase::HasSought(Err(job::gone())),
            Kind::Write => {
                state.outgoing.clear();
                state.fault.get_or_insert_with(job::gone);
                state.phase = Phase::Idle;
            }
        });
    }
}

/// Starts a job that reads up to `length` bytes. The phase is `Reading` already.
pub(super) fn start_read(shared: &Arc<Shared>, file: &Arc<StdFile>, length: usize) {
    let duty = Duty { shared: Arc::clone(shared), file: Some(Arc::clone(file)), kind: Kind::Read };
    job::detach(move || {
        let mut buf = Vec::with_capacity(length);
        let result = read_once(duty.file(), &mut buf);
        duty.end(|state| {
            state.incoming = buf;
            state.taken = 0;
            state.phase = Phase::HasRead(result);
        });
    });
}

/// One read into the room of `buf`, which is not zeroed for it.
fn read_once(file: &StdFile, buf: &mut Vec<u8>) -> io::Result<()> {
    loop {
        match rustix::io::read(file, rustix::buffer::spare_capacity(buf)) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result.map(drop)?),
        }
    }
}

/// Starts a job that writes what has gathered, until nothing has. The phase is `Writing` already.
pub(super) fn start_write(shared: &Arc<Shared>, file: &Arc<StdFile>) {
    let duty = Duty { shared: Arc::clone(shared), file: Some(Arc::clone(file)), kind: Kind::Write };
    job::detach(move || {
        let mut duty = duty;
        let mut buf = Vec::new();
        while duty.take_outgoing(&mut buf) {
            if let Err(error) = duty.file().write_all(&buf) {
                let mut state = duty.shared.lock();
                state.outgoing.clear();
                state.fault.get_or_insert(error);
            }
        }
    });
}

/// Starts a job that seeks. The phase is `Seeking` already.
pub(super) fn start_seek(shared: &Arc<Shared>, file: &Arc<StdFile>, position: SeekFrom) {
    let duty = Duty { shared: Arc::clone(shared), file: Some(Arc::clone(file)), kind: Kind::Seek };
    job::detach(move || {
        let result = duty.file().seek(position);
        duty.end(|state| state.phase = Phase::HasSought(result));
    });
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Wake, Waker};

    use super::*;
    use crate::test_support::CountingWaker;

    struct Bomb;

    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            std::panic::resume_unwind(Box::new(()));
        }
    }

    #[test]
    fn a_waker_that_panics_does_not_keep_the_end_of_a_job_from_the_one_that_reads() {
        let shared = Shared::new();
        shared.lock().phase = Phase::Reading;
        let (count, waker) = CountingWaker::new();
        assert!(shared.poll_when(&Context::from_waker(&waker), |state| !state.is_busy()).is_pending());
        let bomb = Waker::from(Arc::new(Bomb));
        let mut waiting = pin!(shared.idle());
        assert!(waiting.as_mut().poll(&mut Context::from_waker(&bomb)).is_pending());
        shared.end_job(|state| state.phase = Phase::Idle);
        assert_eq!(count.count(), 1);
    }
}
