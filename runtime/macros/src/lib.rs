//! Procedural macros of `minato-runtime`; use them through that crate.
//!
//! - `entry`: the attributes `#[main]` and `#[test]`
//! - `select`: `select!`
//! - `join`: `join!` and `try_join!`
//! - `pattern`: a pattern as a test
//!
//! The function-like ones are called by a small `macro_rules!` each, which passes `$crate` as the first token: so
//! they find the runtime under whatever name the user gave it.
#![forbid(unsafe_code)]

mod entry;
mod join;
mod pattern;
mod select;

use proc_macro::TokenStream;

/// Runs an `async fn` as the body of a program, in a new runtime.
///
/// ```ignore
/// #[minato_runtime::main]
/// async fn main() {}
/// ```
///
/// | argument | meaning | by default |
/// |---|---|---|
/// | `flavor = ".."` | `current_thread`, `local` (tasks need not be `Send`) or `multi_thread` | `multi_thread` |
/// | `worker_threads = N` | workers of a multi-thread runtime | one per processor |
/// | `start_paused = true` | begin with the clock standing still; not multi-thread | `false` |
/// | `name = ".."` | the name of the runtime | none |
/// | `unhandled_panic = ".."` | `ignore`, or `shutdown_runtime` when a task panics | `ignore` |
/// | `crate = path` | where `minato_runtime` is found | `::minato_runtime` |
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(entry::expand(args.into(), item.into(), entry::Kind::Main))
}

/// Runs an `async fn` as a test, in a new runtime.
///
/// It takes the arguments of [`main`](macro@main), but its default flavor is `current_thread`, and two more:
///
/// | argument | meaning |
/// |---|---|
/// | `seeds = N` | run the test `N` times in a simulated runtime, each time with another schedule |
/// | `check_determinism = true` | run each seed twice more, and fail if the two runs differ |
///
/// ```ignore
/// #[minato_runtime::test(seeds = 100)]
/// async fn no_schedule_breaks_it() {}
/// ```
///
/// When a seed fails, the message says which, and the command that replays it. The environment variable `MINATO_SEED`
/// runs one seed only, `MINATO_SEEDS` another number of them. Inside, `spawn_local` works.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(entry::expand(args.into(), item.into(), entry::Kind::Test))
}

/// See `minato_runtime::select`.
#[doc(hidden)]
#[proc_macro]
pub fn select_impl(input: TokenStream) -> TokenStream {
    finish(select::expand(input.into()))
}

/// See `minato_runtime::join`.
#[doc(hidden)]
#[proc_macro]
pub fn join_impl(input: TokenStream) -> TokenStream {
    finish(join::expand(input.into(), join::Kind::Join))
}

/// See `minato_runtime::try_join`.
#[doc(hidden)]
#[proc_macro]
pub fn try_join_impl(input: TokenStream) -> TokenStream {
    finish(join::expand(input.into(), join::Kind::TryJoin))
}

fn finish(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(syn::Error::into_compile_error).into()
}
