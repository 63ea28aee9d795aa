//! Arguments of `#[main]` and `#[test]` that make no sense.

#[minato_runtime::test(flavor = "single")]
async fn no_such_flavor() {}

#[minato_runtime::test(flavour = "multi_thread")]
async fn no_such_argument() {}

#[minato_runtime::test(worker_threads = 2)]
async fn workers_of_one_thread() {}

#[minato_runtime::test(flavor = "local", worker_threads = 2)]
async fn workers_of_a_local_runtime() {}

#[minato_runtime::test(flavor = "multi_thread", worker_threads = 0)]
async fn no_workers() {}

#[minato_runtime::test(flavor = "multi_thread", start_paused = true)]
async fn paused_threads() {}

#[minato_runtime::test(start_paused = "yes")]
async fn paused_perhaps() {}

#[minato_runtime::test(start_paused = true, start_paused = true)]
async fn paused_twice() {}

#[minato_runtime::test(name = 7)]
async fn name_is_no_string() {}

#[minato_runtime::test(unhandled_panic = "abort")]
async fn no_such_behavior() {}

#[minato_runtime::test(seeds = 10, unhandled_panic = "ignore")]
async fn simulated_panics() {}

#[minato_runtime::test(seeds = 0)]
async fn no_seeds() {}

#[minato_runtime::test(seeds = 10, flavor = "multi_thread")]
async fn simulated_threads() {}

#[minato_runtime::test(seeds = 10, start_paused = false)]
async fn simulated_clock() {}

#[minato_runtime::test(check_determinism = true)]
async fn determinism_of_what() {}

#[minato_runtime::main(seeds = 10)]
async fn seeds_of_a_program() {}

fn main() {}
