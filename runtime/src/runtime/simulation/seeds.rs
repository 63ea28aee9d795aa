//! Running a test with many seeds.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ExitCode, Termination};

use super::Trace;
use crate::runtime::{Builder, LocalOptions};

/// The environment variable that makes tests with seeds run with this one only.
const SEED_VARIABLE: &str = "MINATO_SEED";
/// The environment variable that says how many seeds tests with seeds run with.
const SEEDS_VARIABLE: &str = "MINATO_SEEDS";

/// What a test with seeds is called, and how it is run; for `#[minato_runtime::test(seeds = ..)]`.
#[derive(Clone, Copy, Debug)]
pub struct SeededTest {
    /// The package, for the command that replays a seed.
    pub package: &'static str,
    /// The module of the test, beginning with the crate.
    pub module: &'static str,
    /// The name of the function.
    pub name: &'static str,
    /// Seeds from zero up to this.
    pub seeds: u64,
    /// Whether to run each seed twice and compare the traces.
    pub checks_determinism: bool,
}

impl SeededTest {
    /// Runs `body` with each seed in a new simulated runtime.
    ///
    /// # Panics
    ///
    /// With the first seed that fails, and the command that replays it.
    #[track_caller]
    pub fn run<F, Fut>(self, body: F)
    where
        F: Fn() -> Fut,
        Fut: Future<Output: Termination>,
    {
        let (first, count) = match number(SEED_VARIABLE) {
            Some(seed) => (seed, 1),
            None => (0, number(SEEDS_VARIABLE).unwrap_or(self.seeds)),
        };
        for (place, seed) in (1..=count).zip(first..) {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let (code, _) = run_seed(seed, false, &body);
                assert!(code == ExitCode::SUCCESS, "the test returned an error");
                if self.checks_determinism {
                    check_seed(seed, &body);
                }
            }));
            if let Err(payload) = outcome {
                panic!(
                    "seed {seed} failed, {place} of {count}: {}\nreplay it with: {SEED_VARIABLE}={seed} cargo test \
                     --package {} {} -- --exact",
                    message(&*payload),
                    self.package,
                    self.path(),
                );
            }
        }
    }

    /// The name of the test as the harness knows it: without the crate.
    fn path(self) -> String {
        match self.module.split_once("::") {
            Some((_, inner)) => format!("{inner}::{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    match value.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("the environment variable {variable} is no whole number: {value:?}"),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

fn run_seed<F, Fut>(seed: u64, keeps_log: bool, body: &F) -> (ExitCode, Trace)
where
    F: Fn() -> Fut,
    Fut: Future<Output: Termination>,
{
    let runtime = Builder::new_simulated(seed)
        .keep_trace(keeps_log)
        .build_local(LocalOptions::default())
        .expect("the runtime could not be built");
    let output = runtime.block_on(body());
    let trace = runtime.handle().trace().expect("the runtime is simulated");
    (output.report(), trace)
}

/// Runs `body` twice with each of the seeds, in new simulated runtimes, and compares the traces.
///
/// Something outside of the runtime that the body depends on, such as the order of a `HashMap`, the real time or another
/// thread, shows as a difference.
///
/// ```
/// use minato_runtime::runtime::check_determinism;
/// use minato_runtime::{spawn, task::yield_now};
///
/// check_determinism(0..5, || async {
///     let tasks: Vec<_> = (0..3).map(|_| spawn(yield_now())).collect();
///     for task in tasks {
///         task.await.unwrap();
///     }
/// });
/// ```
///
/// # Panics
///
/// If the traces of a seed differ, with the first thing that does; or if `body` panics.
#[track_caller]
pub fn check_determinism<F, Fut>(seeds: impl IntoIterator<Item = u64>, body: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output: Termination>,
{
    for seed in seeds {
        check_seed(seed, &body);
    }
}

#[track_caller]
fn check_seed<F, Fut>(seed: u64, body: &F)
where
    F: Fn() -> Fut,
    Fut: Future<Output: Termination>,
{
    let (_, first) = run_seed(seed, true, body);
    let (_, second) = run_seed(seed, true, body);
    if first == second {
        return;
    }
    let difference = first.first_difference(&second).map_or_else(String::new, |found| format!("; {found}"));
    let mut outside = String::new();
    for input in first.outside_inputs() {
        outside.push_str(&format!("; {input}"));
    }
    panic!(
        "seed {seed} gave two different runs, of {} and {} events{difference}{outside}",
        first.events(),
        second.events()
    );
}
