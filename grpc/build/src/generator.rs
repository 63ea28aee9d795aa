//! What is made of one service, and of one package.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use prost::Message;
use prost_build::{Service, ServiceGenerator};
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use quote::quote;

use crate::builder::Parts;
use crate::method::Method;
use crate::{client, server};

pub(crate) struct Generator {
    files: Vec<FileDescriptorProto>,
    parts: Parts,
    krate: TokenStream,
}

/// A service as both halves need it.
pub(crate) struct Names {
    pub(crate) krate: TokenStream,
    /// The name of the trait.
    pub(crate) service: Ident,
    pub(crate) server: Ident,
    pub(crate) client: Ident,
    /// The constant with the methods.
    pub(crate) methods: Ident,
    /// The name on the wire.
    pub(crate) wire: String,
    pub(crate) has_server: bool,
}

impl Generator {
    pub(crate) fn new(descriptors: &FileDescriptorSet, parts: Parts, crate_path: &str) -> Self {
        let without_comments =
            |file: &FileDescriptorProto| FileDescriptorProto { source_code_info: None, ..file.clone() };
        Self {
            files: descriptors.file.iter().map(without_comments).collect(),
            parts,
            krate: crate_path.parse().unwrap_or_default(),
        }
    }

    /// The files of a package and, before each, all it imports.
    fn files_of(&self, package: &str) -> FileDescriptorSet {
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&FileDescriptorProto> =
            self.files.iter().filter(|file| file.package() == package).collect();
        while let Some(file) = open.pop() {
            if wanted.insert(file.name()) {
                open.extend(
                    self.files.iter().filter(|other| file.dependency.iter().any(|d| d == other.name())),
                );
            }
        }
        // The compiler gives files in the order of their imports already.
        let file = self.files.iter().filter(|file| wanted.contains(file.name())).cloned().collect();
        FileDescriptorSet { file }
    }
}

impl ServiceGenerator for Generator {
    fn generate(&mut self, service: Service, code: &mut String) {
        let wire = match service.package.as_str() {
            "" => service.proto_name.clone(),
            package => format!("{package}.{}", service.proto_name),
        };
        let suffixed = |suffix: &str| Ident::new(&format!("{}{suffix}", service.name), Span::call_site());
        let names = Names {
            krate: self.krate.clone(),
            service: crate::method::ident(&service.name),
            server: suffixed("Server"),
            client: suffixed("Client"),
            methods: Ident::new(&format!("{}_METHODS", screaming(&service.name)), Span::call_site()),
            wire,
            has_server: self.parts.has_server,
        };
        let methods: Vec<Method> =
            service.methods.iter().map(|method| Method::new(&names.wire, method)).collect();
        let mut tokens = descriptors(&names, &methods);
        if self.parts.has_server {
            tokens.extend(server::generate(&names, &service, &methods));
        }
        if self.parts.has_client {
            tokens.extend(client::generate(&names, &methods));
        }
        code.push_str(&tokens.to_string());
    }

    fn finalize_package(&mut self, package: &str, code: &mut String) {
        let bytes = Literal::byte_string(&self.files_of(package).encode_to_vec());
        let doc = format!(" The files of the package `{package}` and their imports, for reflection.");
        let tokens = quote! {
            #[doc = #doc]
            pub const FILE_DESCRIPTOR_SET: &[u8] = #bytes;
        };
        code.push_str(&tokens.to_string());
    }
}

fn descriptors(names: &Names, methods: &[Method]) -> TokenStream {
    let Names { krate, methods: constant, wire, .. } = names;
    let descriptors = methods.iter().map(|method| method.descriptor(krate));
    let doc = format!(" The methods of `{wire}`, in the order of the `.proto` file.");
    quote! {
        #[doc = #doc]
        pub const #constant: &[#krate::MethodDescriptor] = &[#(#descriptors),*];
    }
}

/// `HTTPEcho` as `HTTP_ECHO`.
fn screaming(name: &str) -> String {
    let letters: Vec<char> = name.trim_start_matches("r#").chars().collect();
    let mut result = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let follows_lower = index > 0 && letters[index - 1].is_lowercase();
        let ends_acronym = index > 0
            && letters[index - 1].is_uppercase()
            && letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (follows_lower || ends_acronym) {
            result.push('_');
        }
        result.extend(letter.to_uppercase());
    }
    result
}

#[cfg(test)]
mod tests {
    use super::screaming;

    #[test]
    fn constants_are_named_after_their_service() {
        let table =
            [("Greeter", "GREETER"), ("HTTPEcho", "HTTP_ECHO"), ("ServerReflection", "SERVER_REFLECTION")];
        for (name, constant) in table {
            assert_eq!(screaming(name), constant);
        }
    }
}
