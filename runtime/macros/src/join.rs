//! `join!` and `try_join!`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Result, Token};

use crate::select::parse_biased;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Join,
    TryJoin,
}

struct Join {
    runtime: TokenTree,
    biased: bool,
    futures: Punctuated<Expr, Token![,]>,
}

impl Parse for Join {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            runtime: input.parse()?,
            biased: parse_biased(input)?,
            futures: Punctuated::parse_terminated(input)?,
        })
    }
}

pub(crate) fn expand(input: TokenStream, kind: Kind) -> Result<TokenStream> {
    let Join { runtime, biased, futures: expressions } = Join::parse.parse2(input)?;
    // Hygienic: what the user's expressions mean is not changed by our variables.
    let site = Span::mixed_site();
    let count = expressions.len();
    if count == 0 {
        return Ok(match kind {
            Kind::Join => quote_spanned!(site=> ()),
            Kind::TryJoin => quote_spanned!(site=> ::core::result::Result::Ok(())),
        });
    }
    let futures: Vec<_> = (0..count).map(|index| format_ident!("future{index}", span = site)).collect();
    let expressions = expressions.iter();
    let support = quote_spanned!(site=> #runtime::macros::support);
    // Each poll starts with another future, so that one which is always busy does not use up the budget of the rest.
    let (start, next) = if biased || count == 1 {
        (TokenStream::new(), quote_spanned!(site=> 0))
    } else {
        (
            quote_spanned!(site=> let mut first = 0;),
            quote_spanned!(site=> { first = (first + 1) % #count; first }),
        )
    };
    let arms = futures.iter().enumerate().map(|(index, future)| {
        let failed = match kind {
            Kind::Join => TokenStream::new(),
            Kind::TryJoin => quote_spanned! {site=>
                else if let ::core::option::Option::Some(error) = #support::take_error(#future.as_mut()) {
                    return ::core::task::Poll::Ready(::core::result::Result::Err(error));
                }
            },
        };
        quote_spanned! {site=>
            #index => {
                if ::core::future::Future::poll(#future.as_mut(), cx).is_pending() {
                    is_pending = true;
                } #failed
            }
        }
    });
    let (done, result) = match kind {
        Kind::Join => (
            quote_spanned!(site=> ()),
            quote_spanned!(site=> (#(#support::take_output(#futures.as_mut()),)*)),
        ),
        Kind::TryJoin => (
            quote_spanned!(site=> ::core::result::Result::Ok(())),
            quote_spanned!(site=> ::core::result::Result::Ok((#(#support::take_ok(#futures.as_mut()),)*))),
        ),
    };
    let poll = quote_spanned! {site=>
        ::core::future::poll_fn(|cx| {
            let mut is_pending = false;
            let start: usize = #next;
            for index in start..start + #count {
                match if index < #count { index } else { index - #count } {
                    #(#arms)*
                    _ => ::core::unreachable!(),
                }
            }
            if is_pending { ::core::task::Poll::Pending } else { ::core::task::Poll::Ready(#done) }
        })
        .await
    };
    let wait = match kind {
        Kind::Join => quote_spanned!(site=> #poll; #result),
        Kind::TryJoin => quote_spanned! {site=>
            match #poll {
                ::core::result::Result::Ok(()) => #result,
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            }
        },
    };
    Ok(quote_spanned! {site=>
        {
            // In variables of their own first, so that what the expressions borrow of temporaries lives on.
            #(let #futures = #expressions;)*
            #(let mut #futures = ::core::pin::pin!(#support::maybe_done(#futures));)*
            #start
            #wait
        }
    })
}
