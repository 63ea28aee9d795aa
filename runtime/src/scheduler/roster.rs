//! Which cores rest, and how many threads may touch the runtime.
//!
//! The state behind the lock of `cores`, without threads and without what a core is: whoever takes, gives back or lends a
//! core says so here, and the last one to leave a runtime that closes learns that it is the last.
//!
//! Invariants
//! 1. A core rests here or is in the hands of one thread, and `running` counts those.
//! 2. `without_core` counts the threads that finish a poll without the core that they have lent. They may still touch
//!    tasks.
//! 3. `Dropping` is entered once, with `running` and `without_core` at zero; nothing is taken from then on.

#[derive(Debug)]
pub(super) struct Roster<C> {
    resting: Vec<C>,
    running: usize,
    without_core: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// Cores are collected.
    Closing,
    /// All cores are back, and whoever brought the last drops everything.
    Dropping,
    /// Everything is dropped.
    Closed,
}

impl<C> Roster<C> {
    pub(super) fn new() -> Self {
        Self { resting: Vec::new(), running: 0, without_core: 0, stage: Stage::Open }
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// Adds a core that no thread has had yet.
    pub(super) fn add(&mut self, core: C) {
        self.resting.push(core);
    }

    /// Takes a core that rests, or the one that `make` makes when none does, if the runtime is open.
    pub(super) fn take_or_make(&mut self, make: impl FnOnce() -> Option<C>) -> Option<C> {
        if self.stage != Stage::Open {
            return None;
        }
        let core = self.resting.pop().or_else(make)?;
        self.running += 1;
        Some(core)
    }

    /// Takes the resting core that is `wanted`, if the runtime is open.
    pub(super) fn take_that(&mut self, wanted: impl Fn(&C) -> bool) -> Option<C> {
        if self.stage != Stage::Open {
            return None;
        }
        let place = self.resting.iter().position(wanted)?;
        self.running += 1;
        Some(self.resting.swap_remove(place))
    }

    /// Gives back a core.
    pub(super) fn rest(&mut self, core: C) {
        self.resting.push(core);
        self.running -= 1;
    }

    /// A thread goes on with its poll without the core that it gives back.
    pub(super) fn begin_without_core(&mut self) {
        self.without_core += 1;
    }

    /// Its poll is over, or it has a core again.
    pub(super) fn end_without_core(&mut self) {
        self.without_core -= 1;
    }

    /// Lets nobody take a core any more. False if that was so already.
    pub(super) fn close(&mut self) -> bool {
        let is_open = self.stage == Stage::Open;
        if is_open {
            self.stage = Stage::Closing;
        }
        is_open
    }

    /// All cores, for the caller to drop, if the runtime closes and nobody else is left who may touch one, or a task.
    pub(super) fn take_all_if_last(&mut self) -> Option<Vec<C>> {
        if self.stage != Stage::Closing || self.running != 0 || self.without_core != 0 {
            return None;
        }
        self.stage = Stage::Dropping;
        Some(std::mem::take(&mut self.resting))
    }

    /// Everything is dropped.
    pub(super) fn finish(&mut self) {
        debug_assert_eq!(self.stage, Stage::Dropping);
        self.stage = Stage::Closed;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_last_to_leave_a_roster_that_closes_gets_all_cores_once() {
        let mut roster = Roster::new();
        roster.add('a');
        roster.add('b');
        let core = roster.take_or_make(|| None).unwrap();
        assert!(roster.close());
        assert!(!roster.close());
        assert_eq!(roster.take_or_make(|| Some('c')), None);
        assert_eq!(roster.take_that(|_| true), None);
        // Lent: the thread still has a poll to end.
        roster.begin_without_core();
        roster.rest(core);
        assert_eq!(roster.take_all_if_last(), None);
        roster.end_without_core();
        assert_eq!(roster.take_all_if_last(), Some(vec!['a', 'b']));
        assert_eq!(roster.take_all_if_last(), None);
        roster.finish();
        assert_eq!(roster.stage(), Stage::Closed);
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use crate::shim::atomic::AtomicUsize;
    use crate::shim::atomic::Ordering::Relaxed;
    use crate::shim::{Arc, Mutex, UnsafeCell, thread};

    /// What is used with a core in hand, or in a poll; loom finds two threads in it at once.
    struct Used(UnsafeCell<usize>);

    // SAFETY: that nobody uses it at the same time as another is what the models are to show.
    unsafe impl Sync for Used {}
    // SAFETY: as above.
    unsafe impl Send for Used {}

    impl Used {
        fn new() -> Arc<Self> {
            Arc::new(Self(UnsafeCell::new(0)))
        }

        fn use_up(&self) {
            // SAFETY: as above.
            self.0.with_mut(|count| unsafe { *count += 1 });
        }
    }

    struct World {
        roster: Mutex<Roster<Arc<Used>>>,
        /// The future that the lender polls.
        future: Arc<Used>,
        drops: AtomicUsize,
    }

    impl World {
        /// With one core, which is taken.
        fn new() -> (Arc<Self>, Arc<Used>) {
            let mut roster = Roster::new();
            roster.add(Used::new());
            let core = roster.take_or_make(|| None).unwrap();
            let world = Self { roster: Mutex::new(roster), future: Used::new(), drops: AtomicUsize::new(0) };
            (Arc::new(world), core)
        }

        /// As `Shared::drop_everything`, with the lock let go.
        fn drop_all(&self, cores: Option<Vec<Arc<Used>>>) {
            let Some(cores) = cores else { return };
            cores.iter().for_each(|core| core.use_up());
            self.future.use_up();
            self.drops.fetch_add(1, Relaxed);
            self.roster.lock().finish();
        }

        fn give_back(&self, core: Arc<Used>) {
            let mut roster = self.roster.lock();
            roster.rest(core);
            let all = roster.take_all_if_last();
            drop(roster);
            self.drop_all(all);
        }

        /// As `block_in_place`: lends the core in a poll, goes on with the poll, takes a core if one rests.
        fn lend_and_poll(&self, core: Arc<Used>) {
            core.use_up();
            let mut roster = self.roster.lock();
            roster.begin_without_core();
            roster.rest(core);
            drop(roster);
            self.future.use_up();
            let mut roster = self.roster.lock();
            let core = roster.take_or_make(|| None);
            if core.is_some() {
                roster.end_without_core();
            }
            drop(roster);
            self.future.use_up();
            match core {
                Some(core) => {
                    core.use_up();
                    self.give_back(core);
                }
                None => {
                    let mut roster = self.roster.lock();
                    roster.end_without_core();
                    let all = roster.take_all_if_last();
                    drop(roster);
                    self.drop_all(all);
                }
            }
        }

        fn help(&self) {
            let core = self.roster.lock().take_or_make(|| None);
            if let Some(core) = core {
                core.use_up();
                self.give_back(core);
            }
        }

        fn shut_down(&self) {
            let mut roster = self.roster.lock();
            roster.close();
            let all = roster.take_all_if_last();
            drop(roster);
            self.drop_all(all);
        }
    }

    #[test]
    fn loom_a_core_that_is_lent_is_in_the_hands_of_one_thread_and_dropped_after_the_poll() {
        loom::model(|| {
            let (world, core) = World::new();
            let helper = {
                let world = world.clone();
                thread::spawn(move || world.help())
            };
            let closer = {
                let world = world.clone();
                thread::spawn(move || world.shut_down())
            };
            world.lend_and_poll(core);
            helper.join().unwrap();
            closer.join().unwrap();
            assert_eq!(world.drops.load(Relaxed), 1);
            assert_eq!(world.roster.lock().stage(), Stage::Closed);
        });
    }

    #[test]
    fn loom_two_threads_that_lend_and_take_end_the_runtime_once() {
        loom::model(|| {
            let (world, core) = World::new();
            let other = {
                let world = world.clone();
                thread::spawn(move || {
                    let core = world.roster.lock().take_or_make(|| None);
                    if let Some(core) = core {
                        // Its own poll: of another future.
                        let mut roster = world.roster.lock();
                        roster.begin_without_core();
                        roster.rest(core);
                        drop(roster);
                        let mut roster = world.roster.lock();
                        roster.end_without_core();
                        let all = roster.take_all_if_last();
                        drop(roster);
                        world.drop_all(all);
                    }
                })
            };
            world.lend_and_poll(core);
            world.shut_down();
            other.join().unwrap();
            assert_eq!(world.drops.load(Relaxed), 1);
        });
    }
}
