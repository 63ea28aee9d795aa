//! What makes a run repeat itself, and what is noted of it.
//!
//! A simulated runtime takes every choice from its seed: which of the tasks that are ready runs next, what `select!` begins
//! with, what user code draws. Its clock stands still while tasks run, blocking jobs run on the one thread there is, and
//! task ids count from one. Everything that happens is folded into a hash, so that two runs can be compared.
//!
//! None of this is on the way of other runtimes: they ask once per batch of tasks whether they are simulated.

use super::core::AfterTurn;
use super::{Core, Shared, SharedRef, context, rng, with_core};
use crate::limits::TRACE_EVENTS_MAX;
use crate::runtime::{OutsideInput, Trace, TraceEvent};
use crate::scheduler::{Rng, Seed};
use crate::shim::Mutex;
use crate::task::Id;

/// Tasks that run before the driver is asked, which has nothing to say unless there are inputs from outside.
const DRIVE_TASKS: u64 = 61;
/// Tasks that are named when the simulation is stuck.
const STUCK_TASKS_NAMED: usize = 16;

#[derive(Debug)]
pub(crate) struct Simulation {
    state: Mutex<State>,
    rules: &'static Rules,
}

/// What a worker does instead of what it does otherwise. Reached through addresses that only a builder of simulations
/// writes down: programs without any hold nothing of it.
#[derive(Debug)]
struct Rules {
    lets_root_go_first: fn(&Core, &Simulation) -> bool,
    run_batch: fn(&Core, &Simulation) -> bool,
    say_stuck: fn(&Core) -> !,
}

#[derive(Debug)]
struct State {
    /// For draws on a thread that has no core in its hands, as inside a blocking job.
    rng: Rng,
    next_id: u64,
    hash: u64,
    events: u64,
    /// The events themselves, if they are to be kept.
    log: Option<Vec<TraceEvent>>,
    outside: Vec<OutsideInput>,
}

impl Simulation {
    pub(crate) fn new(seed: Seed, keeps_log: bool) -> Self {
        let state = State {
            rng: seed.derive(u32::MAX / 2),
            next_id: 1,
            hash: 0,
            events: 0,
            log: keeps_log.then(Vec::new),
            outside: Vec::new(),
        };
        static RULES: Rules = Rules {
            lets_root_go_first: Core::lets_root_go_first_by_chance,
            run_batch: Core::run_by_chance,
            say_stuck: Core::say_stuck,
        };
        Self { state: Mutex::new(state), rules: &RULES }
    }

    fn fold(&self, event: TraceEvent) {
        let mut state = self.state.lock();
        state.hash = event.fold_into(state.hash);
        state.events += 1;
        if let Some(log) = &mut state.log
            && log.len() < TRACE_EVENTS_MAX
        {
            log.push(event);
        }
    }

    fn next_id(&self) -> Id {
        let mut state = self.state.lock();
        let id = Id::from_number(state.next_id);
        state.next_id += 1;
        id
    }

    fn draw(&self) -> u64 {
        self.state.lock().rng.next()
    }

    /// Notes that something the seed does not decide has a part in the run.
    pub(super) fn note_outside(&self, input: OutsideInput) {
        let mut state = self.state.lock();
        if !state.outside.contains(&input) {
            state.outside.push(input);
        }
    }

    fn is_closed_world(&self) -> bool {
        self.state.lock().outside.is_empty()
    }

    pub(crate) fn trace(&self) -> Trace {
        let state = self.state.lock();
        Trace::new(state.hash, state.events, state.outside.clone(), state.log.clone())
    }
}

impl Shared {
    /// An id for a new task.
    #[inline]
    pub(crate) fn next_id(&self) -> Id {
        match &self.simulation {
            None => Id::next(),
            Some(simulation) => simulation.next_id(),
        }
    }

    /// Notes a task from a thread that does not run the core, while another one does.
    pub(super) fn note_foreign_thread(&self) {
        if let Some(simulation) = &self.simulation
            && self.remote(0).is_running()
        {
            simulation.note_outside(OutsideInput::Thread);
        }
    }

    pub(crate) fn note_descriptor(&self) {
        if let Some(simulation) = &self.simulation {
            simulation.note_outside(OutsideInput::Descriptor);
        }
    }
}

/// An id for a task that belongs to no runtime but runs inside one.
pub(crate) fn next_id() -> Id {
    with_core(|core| match core {
        Some(core) => core.shared().next_id(),
        None => context::with_entered(|shared| shared.map_or_else(Id::next, Shared::next_id)),
    })
}

impl Core {
    /// Whether the future of `block_on` is polled before the next task.
    #[inline]
    pub(super) fn lets_root_go_first(&self) -> bool {
        match &self.shared().simulation {
            None => true,
            Some(simulation) => (simulation.rules.lets_root_go_first)(self, simulation),
        }
    }

    #[cold]
    fn lets_root_go_first_by_chance(&self, simulation: &Simulation) -> bool {
        self.collect();
        let is_first = self.rng.below(self.count_queued() + 1) == 0;
        if is_first {
            simulation.fold(TraceEvent::RunRoot { at_nanos: self.shared().clock.now().0 });
        }
        is_first
    }

    /// Runs tasks as the simulation has it. False if there is none.
    #[cold]
    pub(super) fn run_simulated_batch(&self, simulation: &Simulation) -> bool {
        (simulation.rules.run_batch)(self, simulation)
    }

    /// Runs one of the queued tasks. False if there is none.
    fn run_by_chance(&self, simulation: &Simulation) -> bool {
        self.collect();
        let among = self.count_queued();
        if among == 0 {
            return false;
        }
        let Some(task) = self.take_nth(self.rng.below(among)) else { return false };
        let at_nanos = self.shared().clock.now().0;
        let id = task.header().id;
        simulation.fold(TraceEvent::RunTask { id, among, at_nanos });
        let after = if self.hooked_batch.is_some() {
            self.run_task::<true>(task)
        } else {
            self.run_task::<false>(task)
        };
        if after == AfterTurn::CoreIsLent {
            return true;
        }
        self.counters().stop_polling();
        if self.counters().polls.get().is_multiple_of(DRIVE_TASKS) {
            self.drive(Some(std::time::Duration::ZERO));
        }
        true
    }

    /// What stops a simulation that nothing from outside can go on with, now that it has nothing left to do; none if something
    /// can, or if this is none.
    pub(super) fn stuck_for_ever(&self) -> Option<fn(&Self) -> !> {
        let has_descriptors =
            || self.remote().driver_handle().is_some_and(|handle| handle.cells().live() != 0);
        let simulation = self.shared().simulation.as_ref()?;
        (simulation.is_closed_world() && !has_descriptors()).then_some(simulation.rules.say_stuck)
    }

    /// Stops such a simulation.
    ///
    /// # Panics
    ///
    /// Always.
    fn say_stuck(&self) -> ! {
        let dump = crate::dump::collect(&SharedRef::of(self.shared()));
        let count = dump.tasks.len() + dump.omitted;
        let named: String =
            dump.tasks.iter().take(STUCK_TASKS_NAMED).map(|task| format!("\n  {task}")).collect();
        let more = if count > STUCK_TASKS_NAMED { "\n  and others" } else { "" };
        panic!(
            "the simulation is stuck: nothing can run, no timer is set, and nothing from outside was ever waited for. \
             Tasks that wait: {count}{named}{more}"
        );
    }
}

/// A random number; inside a runtime it follows from the seed.
pub(crate) fn random() -> u64 {
    with_core(|core| match core {
        Some(core) => {
            let drawn = core.rng.next();
            note_draw(core.shared(), drawn);
            drawn
        }
        None => {
            context::with_entered(|shared| match shared.and_then(|shared| shared.simulation.as_deref()) {
                Some(simulation) => {
                    let drawn = simulation.draw();
                    simulation.fold(TraceEvent::Draw(drawn));
                    drawn
                }
                None => rng::next_outside(),
            })
        }
    })
}

/// A random number below `bound`, which must not be zero; inside a runtime it follows from the seed.
#[inline]
pub(crate) fn random_below(bound: u32) -> u32 {
    with_core(|core| match core {
        Some(core) => {
            let drawn = core.rng.below(bound);
            note_draw(core.shared(), u64::from(drawn));
            drawn
        }
        // The high half times the bound, as there.
        None => (((random() >> 32) * u64::from(bound)) >> 32) as u32,
    })
}

#[inline]
fn note_draw(shared: &Shared, drawn: u64) {
    if let Some(simulation) = &shared.simulation {
        simulation.fold(TraceEvent::Draw(drawn));
    }
}

/// Stops what would make a simulated run another one each time.
#[track_caller]
pub(crate) fn refuse_in_simulation(what: &str, why: &str) {
    let is_simulated = super::current().is_some_and(|runtime| runtime.simulation.is_some());
    assert!(!is_simulated, "{what} called in a simulated runtime: {why}");
}

/// Which of `count` equals comes first: the oldest, but in a simulation any.
pub(crate) fn choose_among(count: usize) -> usize {
    with_core(|core| match core {
        Some(core) if core.shared().simulation.is_some() && count > 1 => {
            let drawn = core.rng.below(u32::try_from(count).unwrap_or(u32::MAX));
            note_draw(core.shared(), u64::from(drawn));
            drawn as usize
        }
        _ => 0,
    })
}
