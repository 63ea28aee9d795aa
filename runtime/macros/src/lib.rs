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
/// See `minato_runtime::main`.
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    finish(entry::expand(args.into(), item.into(), entry::Kind::Main))
}

/// Runs an `async fn` as a test, in a new runtime.
///
/// See `minato_runtime::test`.
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
