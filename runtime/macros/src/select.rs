//! `select!`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, Expr, Pat, Result, Token, token};

use crate::pattern::{always_matches, unbind};

/// Branches one `select!` may have: as many as there are bits in the mask of those that are through.
const BRANCHES_MAX: usize = 64;

/// `pattern = future, if condition => handler`.
struct Branch {
    pattern: Pat,
    future: Expr,
    condition: Option<Expr>,
    handler: Expr,
}

struct Select {
    runtime: TokenTree,
    biased: bool,
    branches: Vec<Branch>,
    otherwise: Option<Expr>,
}

/// Takes `biased;` off, if it is there.
pub(crate) fn parse_biased(input: ParseStream<'_>) -> Result<bool> {
    let fork = input.fork();
    let is_biased =
        fork.parse::<Ident>().is_ok_and(|ident| ident == "biased") && fork.parse::<Token![;]>().is_ok();
    if is_biased {
        input.parse::<Ident>()?;
        input.parse::<Token![;]>()?;
    }
    Ok(is_biased)
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let runtime = input.parse()?;
        let biased = parse_biased(input)?;
        let mut branches = Vec::new();
        let mut otherwise = None;
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                input.parse::<Token![=>]>()?;
                otherwise = Some(parse_handler(input)?);
                if !input.is_empty() {
                    return Err(input.error("`else` must be the last branch"));
                }
            } else {
                branches.push(parse_branch(input)?);
            }
        }
        Ok(Self { runtime, biased, branches, otherwise })
    }
}

fn parse_branch(input: ParseStream<'_>) -> Result<Branch> {
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    input.parse::<Token![=]>()?;
    let future = input.parse()?;
    let condition = if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        input.parse::<Token![if]>()?;
        Some(input.parse()?)
    } else {
        None
    };
    input.parse::<Token![=>]>()?;
    Ok(Branch { pattern, future, condition, handler: parse_handler(input)? })
}

/// A handler and its comma, which a block may go without and so may the last.
fn parse_handler(input: ParseStream<'_>) -> Result<Expr> {
    let is_block = input.peek(token::Brace);
    let handler = Expr::parse_with_earlier_boundary_rule(input)?;
    if input.peek(Token![,]) || !(is_block || input.is_empty()) {
        input.parse::<Token![,]>()?;
    }
    Ok(handler)
}

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let Select { runtime, biased, branches, otherwise } = Select::parse.parse2(input)?;
    // Hygienic: what the user's expressions mean is not changed by our variables.
    let site = Span::mixed_site();
    let count = branches.len();
    let Some(first) = branches.first() else {
        // With nothing to wait for, the `else` branch is all there is.
        return otherwise
            .map(|otherwise| quote_spanned!(site=> { #otherwise }))
            .ok_or_else(|| Error::new(Span::call_site(), "select! needs at least one branch"));
    };
    if count > BRANCHES_MAX {
        return Err(Error::new(
            first.pattern.span(),
            format!("select! takes at most {BRANCHES_MAX} branches"),
        ));
    }
    let variants: Vec<_> = (0..count).map(|index| format_ident!("Branch{index}", span = site)).collect();
    let types: Vec<_> = (0..count).map(|index| format_ident!("T{index}", span = site)).collect();
    let futures: Vec<_> = (0..count).map(|index| format_ident!("future{index}", span = site)).collect();

    let conditions = branches.iter().enumerate().filter_map(|(index, branch)| {
        let condition = branch.condition.as_ref()?;
        Some(quote_spanned!(site=> if !(#condition) { through |= 1 << #index; }))
    });
    let expressions = branches.iter().map(|branch| &branch.future);
    let start = if biased || count == 1 {
        quote_spanned!(site=> 0)
    } else {
        let bound = count as u32;
        quote_spanned!(site=> #runtime::macros::support::thread_rng_n(#bound) as usize)
    };
    let arms = branches.iter().enumerate().map(|(index, branch)| {
        let (variant, future) = (&variants[index], &futures[index]);
        let check = check(&branch.pattern, site);
        quote_spanned! {site=>
            #index => {
                if through & (1 << #index) != 0 {
                    continue;
                }
                match ::core::future::Future::poll(#future.as_mut(), cx) {
                    ::core::task::Poll::Ready(output) => {
                        through |= 1 << #index;
                        #check
                        return ::core::task::Poll::Ready(SelectOutput__::#variant(output));
                    }
                    ::core::task::Poll::Pending => is_pending = true,
                }
            }
        }
    });
    let handlers = branches.iter().enumerate().map(|(index, branch)| {
        let (variant, pattern, handler) = (&variants[index], &branch.pattern, &branch.handler);
        if always_matches(pattern) {
            quote_spanned!(site=> SelectOutput__::#variant(#pattern) => #handler,)
        } else {
            quote_spanned! {site=>
                SelectOutput__::#variant(output) => match output {
                    #pattern => #handler,
                    #[allow(unreachable_patterns, reason = "the pattern may always match")]
                    _ => ::core::unreachable!("the pattern was checked when the branch was chosen"),
                },
            }
        }
    });
    let otherwise = match otherwise {
        Some(otherwise) => quote_spanned!(site=> #otherwise),
        None => {
            quote_spanned!(site=> ::core::panic!("all branches are disabled and there is no else branch"))
        }
    };
    let output = quote_spanned! {site=>
        {
            let mut through: u64 = 0;
            #(#conditions)*
            // In variables of their own first, so that what the expressions borrow of temporaries lives on.
            #(let #futures = #expressions;)*
            #(let mut #futures = ::core::pin::pin!(::core::future::IntoFuture::into_future(#futures));)*
            ::core::future::poll_fn(|cx| {
                let mut is_pending = false;
                let start: usize = #start;
                for index in start..start + #count {
                    match if index < #count { index } else { index - #count } {
                        #(#arms)*
                        _ => ::core::unreachable!(),
                    }
                }
                if is_pending {
                    ::core::task::Poll::Pending
                } else {
                    ::core::task::Poll::Ready(SelectOutput__::AllDisabled)
                }
            })
            .await
        }
    };
    Ok(quote_spanned! {site=>
        {
            #[allow(non_camel_case_types, reason = "a name that no user has")]
            enum SelectOutput__<#(#types),*> {
                #(#variants(#types),)*
                AllDisabled,
            }
            match #output {
                #(#handlers)*
                SelectOutput__::AllDisabled => #otherwise,
            }
        }
    })
}

/// Code that goes on to the next branch if `output` does not match.
fn check(pattern: &Pat, site: Span) -> TokenStream {
    if always_matches(pattern) {
        return TokenStream::new();
    }
    let mut pattern = pattern.clone();
    unbind(&mut pattern);
    quote_spanned! {site=>
        #[allow(unused_variables, unreachable_patterns, reason = "only whether it matches is asked here")]
        match &output {
            #pattern => {}
            _ => continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn refused(input: TokenStream) -> String {
        expand(quote!(krate #input)).unwrap_err().to_string()
    }

    #[test]
    fn misuse_is_explained() {
        assert!(refused(quote!()).contains("at least one branch"));
        assert!(refused(quote!(else => 1, x = y => 2)).contains("must be the last"));
        assert!(refused(quote!(x = y => 1 z = w => 2)).contains("expected `,`"));
        assert!(refused(quote!(x = y, when z => 1)).contains("expected `if`"));
        let many = (0..65).map(|_| quote!(_ = f() => (),));
        assert!(refused(quote!(#(#many)*)).contains("at most 64"));
    }

    #[test]
    fn commas_after_blocks_are_optional() {
        expand(quote!(krate biased; a = b => { c } (Some(d), e) = f, if g => h, _ = i => j)).unwrap();
        expand(quote!(krate a = b => {}, else => {})).unwrap();
    }
}
