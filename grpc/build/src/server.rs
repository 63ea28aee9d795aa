//! The trait to implement and the type that registers it.

use proc_macro2::{Ident, Span, TokenStream};
use prost_build::Service;
use quote::quote;

use crate::generator::Names;
use crate::method::{Kind, Method, docs};

pub(crate) fn generate(names: &Names, service: &Service, methods: &[Method]) -> TokenStream {
    let definition = definition(names, service, methods);
    let registration = registration(names, methods);
    quote! { #definition #registration }
}

/// The parameters of a method after `&self`, their names, and what it answers.
fn signature(krate: &TokenStream, method: &Method) -> (TokenStream, TokenStream, TokenStream) {
    let Method { input, output, .. } = method;
    let one = quote! { request: #input };
    let many = quote! { input: &mut #krate::Inbound<#input> };
    let sink = quote! { output: &mut #krate::Outbound<#output> };
    match method.kind {
        Kind::Unary => (one, quote! { request }, quote! { #output }),
        Kind::ClientStreaming => (many, quote! { input }, quote! { #output }),
        Kind::ServerStreaming => (quote! { #one, #sink }, quote! { request, output }, quote! { () }),
        Kind::Bidi => (quote! { #many, #sink }, quote! { input, output }, quote! { () }),
    }
}

fn definition(names: &Names, service: &Service, methods: &[Method]) -> TokenStream {
    let Names { krate, service: name, wire, .. } = names;
    let service_docs = docs(&service.comments, &format!(" The service `{wire}`."));
    let functions = methods.iter().map(|method| {
        let Method { function, docs, path, .. } = method;
        let (parameters, arguments, answer) = signature(krate, method);
        let message = format!("{path} is not implemented");
        quote! {
            #docs
            fn #function(
                &self,
                cx: &mut #krate::Cx<'_>,
                #parameters
            ) -> impl ::core::future::Future<Output = #krate::Result<#answer>> + ::core::marker::Send {
                let _ = (cx, #arguments);
                async { Err(#krate::Status::unimplemented(#message)) }
            }
        }
    });
    quote! {
        #service_docs
        ///
        /// A method that is left out answers UNIMPLEMENTED.
        #[allow(clippy::wrong_self_convention, reason = "the names are those of the methods of the service")]
        pub trait #name: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#functions)*
        }
    }
}

fn registration(names: &Names, methods: &[Method]) -> TokenStream {
    let Names { krate, service, server, methods: constant, wire, .. } = names;
    let adapters = methods.iter().map(|method| adapter(names, method));
    let entries = methods.iter().map(|method| {
        let function = method.kind.function();
        let adapter = adapter_name(method);
        let path = &method.path;
        quote! { methods.#function(#path, #adapter(::std::sync::Arc::clone(&self.service))); }
    });
    let server_doc = format!(" Registers an implementation of [`{service}`] in `Routes`.");
    quote! {
        #[doc = #server_doc]
        #[derive(Debug)]
        pub struct #server<S> {
            service: ::std::sync::Arc<S>,
        }

        impl<S: #service> #server<S> {
            /// Serves `service`.
            pub fn new(service: S) -> Self {
                Self::shared(::std::sync::Arc::new(service))
            }

            /// Serves a `service` that is used elsewhere too.
            pub fn shared(service: ::std::sync::Arc<S>) -> Self {
                Self { service }
            }
        }

        const _: () = {
            #(#adapters)*

            impl<S: #service> #krate::server::Register for #server<S> {
                const NAME: &'static str = #wire;
                const METHODS: &'static [#krate::MethodDescriptor] = #constant;
                const FILE_DESCRIPTOR_SET: &'static [u8] = FILE_DESCRIPTOR_SET;

                fn register(self, methods: &mut #krate::server::Methods) {
                    #(#entries)*
                    let _ = methods;
                }
            }
        };
    }
}

/// The name of the type made for a method. It ends in an underscore, which no message type does, because within the
/// block that holds it it would hide a message of the same name.
fn adapter_name(method: &Method) -> Ident {
    let mut letters = method.proto_name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let rest = letters.filter(|letter| *letter != '_');
    Ident::new(&format!("{}_", first.into_iter().chain(rest).collect::<String>()), Span::call_site())
}

/// One method of the service as a type of its own.
fn adapter(names: &Names, method: &Method) -> TokenStream {
    let Names { krate, service, .. } = names;
    let Method { function, input, output, .. } = method;
    let adapter = adapter_name(method);
    let kind = Ident::new(&format!("{}Method", method.kind.ident()), Span::call_site());
    let (parameters, arguments, answer) = signature(krate, method);
    quote! {
        struct #adapter<S>(::std::sync::Arc<S>);

        impl<S: #service> #krate::server::#kind for #adapter<S> {
            type Request = #input;
            type Response = #output;

            fn call(
                &self,
                cx: &mut #krate::Cx<'_>,
                #parameters
            ) -> impl ::core::future::Future<Output = #krate::Result<#answer>> + ::core::marker::Send {
                self.0.#function(cx, #arguments)
            }
        }
    }
}
