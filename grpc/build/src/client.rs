//! The client of a service.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::generator::Names;
use crate::method::{Kind, Method};

pub(crate) fn generate(names: &Names, methods: &[Method]) -> TokenStream {
    let Names { krate, client, wire, methods: constant, .. } = names;
    let functions = methods.iter().enumerate().map(|(index, method)| {
        let Method { docs, input, output, .. } = method;
        let function = function(method);
        let kind = method.kind.ident();
        let start = method.kind.function();
        let (parameter, argument) = match method.kind {
            Kind::Unary | Kind::ServerStreaming => (quote! { , request: #input }, quote! { , request }),
            Kind::ClientStreaming | Kind::Bidi => (quote! {}, quote! {}),
        };
        quote! {
            #docs
            pub fn #function(&self #parameter) -> #krate::client::#kind<#input, #output> {
                self.channel.#start(&#constant[#index] #argument)
            }
        }
    });
    let client_doc = format!(" Calls the service `{wire}`. Clones share the connections.");
    let in_process = in_process(names);
    quote! {
        #[doc = #client_doc]
        #[derive(Debug, Clone)]
        pub struct #client {
            channel: #krate::client::Channel,
        }

        #[allow(clippy::wrong_self_convention, reason = "the names are those of the methods of the service")]
        impl #client {
            /// Calls through `channel`.
            pub fn new(channel: #krate::client::Channel) -> Self {
                Self { channel }
            }

            /// Connects to a server such as `http://127.0.0.1:50051`, and waits for the connection.
            ///
            /// # Errors
            ///
            /// Where the address is not valid or nobody answers there.
            pub async fn connect(address: &str) -> #krate::Result<Self> {
                #krate::client::Channel::connect(address).await.map(Self::new)
            }

            /// Will connect to a server such as `http://127.0.0.1:50051` at the first call.
            ///
            /// # Errors
            ///
            /// Where the address is not valid.
            pub fn connect_lazy(address: &str) -> #krate::Result<Self> {
                #krate::client::Channel::connect_lazy(address).map(Self::new)
            }

            #in_process

            #(#functions)*
        }
    }
}

/// The name of the function for a method: with an underscore where the client has a function of that name already.
fn function(method: &Method) -> Ident {
    let function = &method.function;
    let is_taken = ["new", "connect", "connect_lazy", "in_process"].iter().any(|name| function == name);
    if is_taken { Ident::new(&format!("{function}_"), Span::call_site()) } else { function.clone() }
}

/// Only where the server half is generated is there a service to call without a network.
fn in_process(names: &Names) -> TokenStream {
    let Names { krate, service, server, has_server, .. } = names;
    if !has_server {
        return TokenStream::new();
    }
    quote! {
        /// Calls `service` in this process, without a network: for tests, and for services that share a process.
        pub fn in_process(service: impl #service) -> Self {
            Self::new(#krate::client::Channel::in_process(#krate::Routes::new().add_service(#server::new(service))))
        }
    }
}
