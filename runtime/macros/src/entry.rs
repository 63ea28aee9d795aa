//! The attributes that put an `async fn` into a runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Error, Expr, ExprLit, ItemFn, Lit, LitBool, LitInt, LitStr, Path, Result, ReturnType, Token, parse2,
};

/// Which attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Main,
    Test,
}

impl Kind {
    /// What may be set.
    fn attributes(self) -> &'static str {
        match self {
            Self::Main => "`flavor`, `worker_threads`, `start_paused`, `name`, `unhandled_panic`, `crate`",
            Self::Test => {
                "`flavor`, `worker_threads`, `start_paused`, `name`, `unhandled_panic`, `seeds`, \
                 `check_determinism`, `crate`"
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavor {
    CurrentThread,
    Local,
    MultiThread,
}

/// One `name = value`. The name may be a keyword (`crate`).
struct Argument {
    name: syn::Ident,
    value: Expr,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        use syn::ext::IdentExt;
        let name = input.call(syn::Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        Ok(Self { name, value: input.parse()? })
    }
}

/// What the attribute asks for.
struct Config {
    flavor: Flavor,
    worker_threads: Option<LitInt>,
    start_paused: Option<LitBool>,
    name: Option<LitStr>,
    unhandled_panic: Option<Ident>,
    seeds: Option<LitInt>,
    check_determinism: Option<LitBool>,
    runtime: Path,
}

impl Config {
    fn parse(args: TokenStream, kind: Kind) -> Result<Self> {
        let mut flavor = None;
        let mut worker_threads: Option<LitInt> = None;
        let mut start_paused: Option<LitBool> = None;
        let mut name_of_runtime: Option<LitStr> = None;
        let mut unhandled_panic: Option<Ident> = None;
        let mut seeds: Option<LitInt> = None;
        let mut check_determinism: Option<LitBool> = None;
        let mut runtime = None;
        let arguments = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(args)?;
        for Argument { name, value } in arguments {
            let repeated = match name.to_string().as_str() {
                "flavor" => flavor.replace(parse_flavor(&value)?).is_some(),
                "worker_threads" => worker_threads.replace(parse_count(&value, "worker_threads")?).is_some(),
                "start_paused" => start_paused.replace(parse_bool(&value, "start_paused")?).is_some(),
                "name" => name_of_runtime.replace(parse_name(&value)?).is_some(),
                "unhandled_panic" => unhandled_panic.replace(parse_unhandled_panic(&value)?).is_some(),
                "seeds" if kind == Kind::Test => seeds.replace(parse_count(&value, "seeds")?).is_some(),
                "check_determinism" if kind == Kind::Test => {
                    check_determinism.replace(parse_bool(&value, "check_determinism")?).is_some()
                }
                "crate" => runtime.replace(parse_path(value)?).is_some(),
                _ => {
                    return Err(Error::new(
                        name.span(),
                        format!("unknown attribute `{name}`; expected one of: {}", kind.attributes()),
                    ));
                }
            };
            if repeated {
                return Err(Error::new(name.span(), format!("`{name}` is set twice")));
            }
        }
        let flavor = flavor.unwrap_or(match kind {
            Kind::Main => Flavor::MultiThread,
            Kind::Test => Flavor::CurrentThread,
        });
        if let (Flavor::CurrentThread | Flavor::Local, Some(threads)) = (flavor, &worker_threads) {
            let message = "`worker_threads` requires `flavor = \"multi_thread\"`";
            return Err(Error::new(threads.span(), message));
        }
        if let (Flavor::MultiThread, Some(paused)) = (flavor, &start_paused)
            && paused.value
        {
            let message = "`start_paused` requires `flavor = \"current_thread\"`";
            return Err(Error::new(paused.span(), message));
        }
        if let (Flavor::MultiThread, Some(seeds)) = (flavor, &seeds) {
            let message =
                "`seeds` requires `flavor = \"current_thread\"`: a simulated runtime has one thread";
            return Err(Error::new(seeds.span(), message));
        }
        if let (Some(_), Some(paused)) = (&seeds, &start_paused) {
            let message = "`start_paused` does not go with `seeds`: the clock of a simulated runtime always stands still";
            return Err(Error::new(paused.span(), message));
        }
        if let (Some(_), Some(behavior)) = (&seeds, &unhandled_panic) {
            let message =
                "`unhandled_panic` does not go with `seeds`: a seed fails by a panic of the test itself";
            return Err(Error::new(behavior.span(), message));
        }
        if let (None, Some(check)) = (&seeds, &check_determinism) {
            let message = "`check_determinism` requires `seeds`";
            return Err(Error::new(check.span(), message));
        }
        let runtime = match runtime {
            Some(path) => path,
            None => parse2(quote!(::minato_runtime))?,
        };
        Ok(Self {
            flavor,
            worker_threads,
            start_paused,
            name: name_of_runtime,
            unhandled_panic,
            seeds,
            check_determinism,
            runtime,
        })
    }

    /// The expression that builds the runtime; panics name the user's function by `span`.
    fn build(&self, span: Span) -> TokenStream {
        let runtime = &self.runtime;
        let new = match self.flavor {
            Flavor::CurrentThread | Flavor::Local => quote!(new_current_thread),
            Flavor::MultiThread => quote!(new_multi_thread),
        };
        let worker_threads = self.worker_threads.iter();
        let start_paused = self.start_paused.iter();
        let name = self.name.iter();
        let unhandled_panic = self.unhandled_panic.iter();
        let build = match self.flavor {
            Flavor::Local => quote!(build_local(#runtime::runtime::LocalOptions::default())),
            Flavor::CurrentThread | Flavor::MultiThread => quote!(build()),
        };
        quote_spanned! {span=>
            #runtime::runtime::Builder::#new()
                #(.worker_threads(#worker_threads))*
                #(.start_paused(#start_paused))*
                #(.name(#name))*
                #(.unhandled_panic(#runtime::runtime::UnhandledPanic::#unhandled_panic))*
                .enable_all()
                .#build
                .expect("the runtime could not be built")
        }
    }
}

fn parse_flavor(value: &Expr) -> Result<Flavor> {
    let Expr::Lit(ExprLit { lit: Lit::Str(flavor), .. }) = value else {
        return Err(Error::new(value.span(), "`flavor` must be a string"));
    };
    match flavor.value().as_str() {
        "current_thread" => Ok(Flavor::CurrentThread),
        "local" => Ok(Flavor::Local),
        "multi_thread" => Ok(Flavor::MultiThread),
        other => Err(Error::new(
            flavor.span(),
            format!(
                "no such runtime flavor `{other}`; the flavors are `current_thread`, `local` and `multi_thread`"
            ),
        )),
    }
}

fn parse_count(value: &Expr, name: &str) -> Result<LitInt> {
    if let Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) = value
        && count.base10_parse::<usize>().is_ok_and(|count| count > 0)
    {
        return Ok(count.clone());
    }
    Err(Error::new(value.span(), format!("`{name}` must be a number above zero")))
}

fn parse_unhandled_panic(value: &Expr) -> Result<Ident> {
    let Expr::Lit(ExprLit { lit: Lit::Str(behavior), .. }) = value else {
        return Err(Error::new(value.span(), "`unhandled_panic` must be a string"));
    };
    match behavior.value().as_str() {
        "ignore" => Ok(Ident::new("Ignore", behavior.span())),
        "shutdown_runtime" => Ok(Ident::new("ShutdownRuntime", behavior.span())),
        other => Err(Error::new(
            behavior.span(),
            format!("no such behavior `{other}`; `unhandled_panic` is `ignore` or `shutdown_runtime`"),
        )),
    }
}

fn parse_name(value: &Expr) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => Ok(name.clone()),
        _ => Err(Error::new(value.span(), "`name` must be a string")),
    }
}

fn parse_bool(value: &Expr, name: &str) -> Result<LitBool> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Ok(flag.clone()),
        _ => Err(Error::new(value.span(), format!("`{name}` must be `true` or `false`"))),
    }
}

fn parse_path(value: Expr) -> Result<Path> {
    match value {
        Expr::Path(path) => Ok(path.path),
        Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => path.parse(),
        other => Err(Error::new(other.span(), "`crate` must be a path")),
    }
}

pub(crate) fn expand(args: TokenStream, item: TokenStream, kind: Kind) -> Result<TokenStream> {
    let mut function: ItemFn = parse2(item)?;
    let config = Config::parse(args, kind)?;
    let signature = &mut function.sig;
    if signature.asyncness.take().is_none() {
        return Err(Error::new(signature.fn_token.span, "the `async` keyword is missing before `fn`"));
    }
    let takes_arguments = !signature.inputs.is_empty();
    match kind {
        Kind::Main if signature.ident == "main" && takes_arguments => {
            return Err(Error::new(signature.inputs.span(), "the main function takes no arguments"));
        }
        Kind::Test if takes_arguments => {
            return Err(Error::new(signature.inputs.span(), "a test function takes no arguments"));
        }
        Kind::Main | Kind::Test => {}
    }
    let test_attribute = match kind {
        Kind::Main => None,
        Kind::Test => {
            if let Some(second) = function.attrs.iter().find(|attribute| is_test(attribute)) {
                let message = "a second test attribute: the function would run twice";
                return Err(Error::new(second.span(), message));
            }
            Some(quote!(#[::core::prelude::v1::test]))
        }
    };
    let runtime = config.build(Span::mixed_site().located_at(function.sig.ident.span()));
    let ItemFn { attrs, vis, mut sig, block } = function;
    if let Some(seeds) = &config.seeds {
        let output = match std::mem::replace(&mut sig.output, ReturnType::Default) {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, output) => quote!(#output),
        };
        let (path, name) = (&config.runtime, &sig.ident);
        let checks = config.check_determinism.as_ref().is_some_and(|checks| checks.value);
        return Ok(quote! {
            #test_attribute
            #(#attrs)*
            #vis #sig {
                #path::runtime::SeededTest {
                    package: ::core::env!("CARGO_PKG_NAME"),
                    module: ::core::module_path!(),
                    name: ::core::stringify!(#name),
                    seeds: #seeds,
                    checks_determinism: #checks,
                }
                .run(|| async {
                    let output: #output = (async #block).await;
                    output
                });
            }
        });
    }
    Ok(quote! {
        #test_attribute
        #(#attrs)*
        #vis #sig {
            #runtime.block_on(async #block)
        }
    })
}

/// Whether an attribute is `#[test]` by any of its paths.
fn is_test(attribute: &syn::Attribute) -> bool {
    let names: Vec<_> = attribute.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    matches!(names[..], ["test"] | ["core" | "std", "prelude", _, "test"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(args: TokenStream, item: TokenStream, kind: Kind) -> String {
        expand(args, item, kind).unwrap().to_string()
    }

    fn refused(args: TokenStream, item: TokenStream, kind: Kind) -> String {
        expand(args, item, kind).unwrap_err().to_string()
    }

    #[test]
    fn main_is_multi_thread_and_test_is_current_thread_by_default() {
        let main = expanded(
            quote!(),
            quote!(
                async fn main() {}
            ),
            Kind::Main,
        );
        assert!(main.contains(":: minato_runtime :: runtime :: Builder :: new_multi_thread"), "{main}");
        let test = expanded(
            quote!(),
            quote!(
                async fn works() {}
            ),
            Kind::Test,
        );
        assert!(test.contains("new_current_thread"), "{test}");
        assert!(test.starts_with("# [:: core :: prelude :: v1 :: test]"), "{test}");
    }

    #[test]
    fn arguments_reach_the_builder() {
        let args = quote!(flavor = "multi_thread", worker_threads = 3, crate = "other::runtime");
        let main = expanded(
            args,
            quote!(
                async fn main() {}
            ),
            Kind::Main,
        );
        assert!(main.contains("other :: runtime :: runtime :: Builder :: new_multi_thread"), "{main}");
        assert!(main.contains("worker_threads (3)"), "{main}");
        let test = expanded(
            quote!(start_paused = true, crate = crate),
            quote!(
                async fn t() {}
            ),
            Kind::Test,
        );
        assert!(
            test.contains("crate :: runtime :: Builder") && test.contains("start_paused (true)"),
            "{test}"
        );
    }

    #[test]
    fn misuse_is_explained() {
        let item = || {
            quote!(
                async fn f() {}
            )
        };
        for (args, message) in [
            (quote!(flavor = "single"), "no such runtime flavor `single`"),
            (quote!(flavor = 1), "`flavor` must be a string"),
            (quote!(threads = 1), "unknown attribute `threads`"),
            (quote!(worker_threads = 2), "requires `flavor = \"multi_thread\"`"),
            (quote!(flavor = "multi_thread", worker_threads = 0), "above zero"),
            (quote!(flavor = "multi_thread", start_paused = true), "requires `flavor = \"current_thread\"`"),
            (quote!(start_paused = 1), "`true` or `false`"),
            (quote!(start_paused = true, start_paused = true), "set twice"),
            (quote!(crate = 1), "must be a path"),
        ] {
            let error = refused(args, item(), Kind::Test);
            assert!(error.contains(message), "{error}");
        }
        assert!(
            refused(
                quote!(),
                quote!(
                    fn f() {}
                ),
                Kind::Test
            )
            .contains("`async` keyword is missing")
        );
        assert!(
            refused(
                quote!(),
                quote!(
                    async fn f(x: u8) {}
                ),
                Kind::Test
            )
            .contains("no arguments")
        );
        assert!(
            refused(
                quote!(),
                quote!(
                    async fn main(x: u8) {}
                ),
                Kind::Main
            )
            .contains("no arguments")
        );
        let twice = refused(
            quote!(),
            quote!(
                #[test]
                async fn f() {}
            ),
            Kind::Test,
        );
        assert!(twice.contains("second test attribute"), "{twice}");
    }
}
