//! Through which generated code adds a service.

use std::fmt;
use std::sync::Arc;

use super::method::{
    Bidi, BidiMethod, ClientStreaming, ClientStreamingMethod, Erased, ServerStreaming, ServerStreamingMethod,
    Unary, UnaryMethod,
};
use crate::MethodDescriptor;

/// A service that can be added to [`Routes`](super::Routes): what `GreeterServer` and its like are.
pub trait Register {
    /// The full name of the service, such as `helloworld.Greeter`.
    const NAME: &'static str;
    /// Its methods.
    const METHODS: &'static [MethodDescriptor];
    /// An encoded `google.protobuf.FileDescriptorSet` with the service and all it needs, for reflection.
    const FILE_DESCRIPTOR_SET: &'static [u8];

    /// Adds every method.
    fn register(self, methods: &mut Methods);
}

/// The methods that are served, by path.
#[derive(Clone, Default)]
pub struct Methods {
    /// Sorted by length and bytes of the path: most paths differ in length, which is the cheaper comparison.
    table: Vec<(&'static str, Arc<dyn Erased>)>,
}

fn key(path: &str) -> (usize, &[u8]) {
    (path.len(), path.as_bytes())
}

impl Methods {
    /// Adds a unary method.
    pub fn unary(&mut self, path: &'static str, method: impl UnaryMethod) {
        self.insert(path, Arc::new(Unary(method)));
    }

    /// Adds a method that takes a stream.
    pub fn client_streaming(&mut self, path: &'static str, method: impl ClientStreamingMethod) {
        self.insert(path, Arc::new(ClientStreaming(method)));
    }

    /// Adds a method that answers with a stream.
    pub fn server_streaming(&mut self, path: &'static str, method: impl ServerStreamingMethod) {
        self.insert(path, Arc::new(ServerStreaming(method)));
    }

    /// Adds a method that takes a stream and answers with one.
    pub fn bidi(&mut self, path: &'static str, method: impl BidiMethod) {
        self.insert(path, Arc::new(Bidi(method)));
    }

    fn insert(&mut self, path: &'static str, method: Arc<dyn Erased>) {
        match self.table.binary_search_by(|(other, _)| key(other).cmp(&key(path))) {
            Ok(index) => self.table[index] = (path, method),
            Err(index) => self.table.insert(index, (path, method)),
        }
    }

    pub(super) fn find(&self, path: &str) -> Option<&Arc<dyn Erased>> {
        let index = self.table.binary_search_by(|(other, _)| key(other).cmp(&key(path))).ok()?;
        Some(&self.table[index].1)
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.table.iter().map(|(path, _)| path)).finish()
    }
}
