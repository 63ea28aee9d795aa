//! The files of all services, by name, symbol and extension.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
};

/// What reflection answers from; it never changes.
#[derive(Debug, Default)]
pub(crate) struct Files {
    services: Vec<String>,
    by_name: HashMap<String, File>,
    /// Full names, without a leading dot, to the name of their file.
    symbols: HashMap<String, String>,
    /// The full name of the extended message, then the extension's number, to the name of its file.
    extensions: HashMap<String, HashMap<i32, String>>,
}

#[derive(Debug)]
struct File {
    encoded: Bytes,
    dependencies: Vec<String>,
}

impl Files {
    /// The files of encoded descriptor sets. A set that is not one is left out.
    pub(crate) fn new(services: &[&str], sets: &[&[u8]]) -> Self {
        let mut files =
            Self { services: services.iter().map(|name| (*name).to_owned()).collect(), ..Self::default() };
        for set in sets {
            let set = FileDescriptorSet::decode(*set).unwrap_or_default();
            set.file.into_iter().for_each(|file| files.add(file));
        }
        files.services.sort_unstable();
        files
    }

    fn add(&mut self, file: FileDescriptorProto) {
        let name = file.name().to_owned();
        if self.by_name.contains_key(&name) {
            return;
        }
        let scope = file.package().to_owned();
        file.message_type.iter().for_each(|message| self.add_message(&name, &scope, message));
        file.enum_type.iter().for_each(|item| self.add_enum(&name, &scope, item));
        file.extension.iter().for_each(|field| self.add_extension(&name, &scope, field));
        for service in &file.service {
            let service_name = self.add_symbol(&name, &scope, service.name());
            for method in &service.method {
                self.add_symbol(&name, &service_name, method.name());
            }
        }
        let encoded = file.encode_to_vec().into();
        self.by_name.insert(name, File { encoded, dependencies: file.dependency });
    }

    fn add_message(&mut self, file: &str, scope: &str, message: &DescriptorProto) {
        let name = self.add_symbol(file, scope, message.name());
        message.nested_type.iter().for_each(|nested| self.add_message(file, &name, nested));
        message.enum_type.iter().for_each(|item| self.add_enum(file, &name, item));
        message.extension.iter().for_each(|field| self.add_extension(file, &name, field));
        for field in &message.field {
            self.add_symbol(file, &name, field.name());
        }
        for oneof in &message.oneof_decl {
            self.add_symbol(file, &name, oneof.name());
        }
    }

    fn add_enum(&mut self, file: &str, scope: &str, item: &EnumDescriptorProto) {
        self.add_symbol(file, scope, item.name());
        for value in &item.value {
            // The values of an enum are siblings of the enum.
            self.add_symbol(file, scope, value.name());
        }
    }

    fn add_extension(&mut self, file: &str, scope: &str, field: &FieldDescriptorProto) {
        self.add_symbol(file, scope, field.name());
        let extended = field.extendee().trim_start_matches('.').to_owned();
        self.extensions.entry(extended).or_default().insert(field.number(), file.to_owned());
    }

    fn add_symbol(&mut self, file: &str, scope: &str, name: &str) -> String {
        let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        self.symbols.insert(full.clone(), file.to_owned());
        full
    }

    pub(super) fn services(&self) -> &[String] {
        &self.services
    }

    /// A file and everything it imports, the file first.
    pub(super) fn by_name(&self, name: &str) -> Option<Vec<Bytes>> {
        self.by_name.get(name)?;
        let mut names = vec![name];
        let mut index = 0;
        while index < names.len() {
            for dependency in self.by_name.get(names[index]).map_or(&[][..], |file| &file.dependencies) {
                if !names.contains(&dependency.as_str()) {
                    names.push(dependency);
                }
            }
            index += 1;
        }
        Some(names.into_iter().filter_map(|name| Some(self.by_name.get(name)?.encoded.clone())).collect())
    }

    pub(super) fn by_symbol(&self, symbol: &str) -> Option<Vec<Bytes>> {
        self.by_name(self.symbols.get(symbol.trim_start_matches('.'))?)
    }

    pub(super) fn by_extension(&self, message: &str, number: i32) -> Option<Vec<Bytes>> {
        self.by_name(self.extensions.get(message.trim_start_matches('.'))?.get(&number)?)
    }

    /// The numbers of the extensions of a message, where there is such a message.
    pub(super) fn extension_numbers(&self, message: &str) -> Option<Vec<i32>> {
        let message = message.trim_start_matches('.');
        let Some(extensions) = self.extensions.get(message) else {
            return self.symbols.contains_key(message).then(Vec::new);
        };
        let mut numbers: Vec<i32> = extensions.keys().copied().collect();
        numbers.sort_unstable();
        Some(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let base = FileDescriptorProto {
            name: Some("base.proto".into()),
            package: Some("base".into()),
            message_type: vec![DescriptorProto { name: Some("Open".into()), ..Default::default() }],
            ..Default::default()
        };
        let extension = FieldDescriptorProto {
            name: Some("more".into()),
            number: Some(100),
            extendee: Some(".base.Open".into()),
            ..Default::default()
        };
        let top = FileDescriptorProto {
            name: Some("top.proto".into()),
            dependency: vec!["base.proto".into()],
            extension: vec![extension],
            ..Default::default()
        };
        let set = FileDescriptorSet { file: vec![base, top] }.encode_to_vec();
        Files::new(&["b", "a"], &[&set, b"\xff not a set"])
    }

    fn names(found: Option<Vec<Bytes>>) -> Vec<String> {
        let name = |bytes: Bytes| FileDescriptorProto::decode(bytes).unwrap().name().to_owned();
        found.unwrap_or_default().into_iter().map(name).collect()
    }

    #[test]
    fn files_are_found_with_their_imports() {
        let files = files();
        assert_eq!(names(files.by_name("top.proto")), ["top.proto", "base.proto"]);
        assert_eq!(names(files.by_symbol("base.Open")), ["base.proto"]);
        assert_eq!(names(files.by_symbol(".base.Open")), ["base.proto"]);
        assert_eq!(names(files.by_extension("base.Open", 100)), ["top.proto", "base.proto"]);
        assert_eq!(files.by_name("none.proto"), None);
        assert_eq!(files.by_symbol("base.Closed"), None);
        assert_eq!(files.by_extension("base.Open", 101), None);
    }

    #[test]
    fn extensions_are_listed_for_known_messages_only() {
        let files = files();
        assert_eq!(files.extension_numbers("base.Open"), Some(vec![100]));
        assert_eq!(files.extension_numbers("more"), Some(vec![]));
        assert_eq!(files.extension_numbers("base.Closed"), None);
    }

    #[test]
    fn services_are_sorted() {
        assert_eq!(files().services(), ["a", "b"]);
    }
}
