//! A method as both halves of a service need it.

use proc_macro2::{Ident, Span, TokenStream};
use prost_types::method_options::IdempotencyLevel;
use quote::quote;

/// The four kinds of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unary,
    ClientStreaming,
    ServerStreaming,
    Bidi,
}

impl Kind {
    /// The name of the kind in `minato_grpc`'s types.
    pub(crate) fn ident(self) -> Ident {
        let name = match self {
            Self::Unary => "Unary",
            Self::ClientStreaming => "ClientStreaming",
            Self::ServerStreaming => "ServerStreaming",
            Self::Bidi => "Bidi",
        };
        Ident::new(name, Span::call_site())
    }

    /// The name of the kind in `minato_grpc`'s methods.
    pub(crate) fn function(self) -> Ident {
        let name = match self {
            Self::Unary => "unary",
            Self::ClientStreaming => "client_streaming",
            Self::ServerStreaming => "server_streaming",
            Self::Bidi => "bidi",
        };
        Ident::new(name, Span::call_site())
    }
}

pub(crate) struct Method {
    pub(crate) kind: Kind,
    /// The name of the Rust function.
    pub(crate) function: Ident,
    /// The name in the `.proto` file, also used for a type of its own.
    pub(crate) proto_name: String,
    pub(crate) path: String,
    pub(crate) docs: TokenStream,
    pub(crate) input: TokenStream,
    pub(crate) output: TokenStream,
    input_name: String,
    output_name: String,
    idempotency: Ident,
}

impl Method {
    pub(crate) fn new(service: &str, method: &prost_build::Method) -> Self {
        let idempotency = match method.options.idempotency_level() {
            IdempotencyLevel::IdempotencyUnknown => "Unknown",
            IdempotencyLevel::NoSideEffects => "NoSideEffects",
            IdempotencyLevel::Idempotent => "Idempotent",
        };
        Self {
            kind: match (method.client_streaming, method.server_streaming) {
                (false, false) => Kind::Unary,
                (true, false) => Kind::ClientStreaming,
                (false, true) => Kind::ServerStreaming,
                (true, true) => Kind::Bidi,
            },
            function: ident(&method.name),
            proto_name: method.proto_name.clone(),
            path: format!("/{service}/{}", method.proto_name),
            docs: docs(&method.comments, &format!(" Calls `{}`.", method.proto_name)),
            input: rust_type(&method.input_type),
            output: rust_type(&method.output_type),
            input_name: method.input_proto_type.trim_start_matches('.').to_owned(),
            output_name: method.output_proto_type.trim_start_matches('.').to_owned(),
            idempotency: Ident::new(idempotency, Span::call_site()),
        }
    }

    /// The method as a `MethodDescriptor`.
    pub(crate) fn descriptor(&self, krate: &TokenStream) -> TokenStream {
        let Self { path, input_name, output_name, idempotency, .. } = self;
        let kind = self.kind.ident();
        quote! {
            #krate::MethodDescriptor::new(
                #path,
                #krate::MethodKind::#kind,
                #input_name,
                #output_name,
                #krate::Idempotency::#idempotency,
            )
        }
    }
}

/// An identifier of a name prost-build made, which may be raw.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A type of the form prost-build gives: a path or `()`, which are always tokens.
fn rust_type(path: &str) -> TokenStream {
    path.parse().unwrap_or_else(|_| unreachable!("prost-build made the type {path}"))
}

/// The comments of the `.proto` file as documentation, or `otherwise`.
pub(crate) fn docs(comments: &prost_build::Comments, otherwise: &str) -> TokenStream {
    if comments.leading.iter().all(|line| line.trim().is_empty()) {
        return quote! { #[doc = #otherwise] };
    }
    // A leading space keeps the line from being taken for an inner marker, and code blocks of four spaces are not
    // Rust: they are shown as they are written.
    let lines = comments.leading.iter().map(|line| format!(" {}", line.trim()));
    quote! { #(#[doc = #lines])* }
}
