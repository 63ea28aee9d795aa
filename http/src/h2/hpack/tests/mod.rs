//! Field blocks: the examples of the RFC, its rules one by one, and random lists there and back.

mod examples;
mod lists;
#[path = "../../../../tests/fuzz/noise.rs"]
#[allow(dead_code, reason = "shared with the fuzzing of whole connections")]
mod noise;
mod rules;

use super::*;

/// Limits that no test meets by accident.
const ROOMY: FieldLimits = FieldLimits { list_bytes: 1 << 20, fields: 4096 };

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// What a section says, in the order of RFC 7541's examples.
fn fields(section: &Section) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut pseudo = |name: &str, value: Option<&str>| {
        fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    };
    pseudo(":status", section.status.as_ref().map(|status| status.as_str()));
    pseudo(":method", section.method.as_ref().map(|method| method.as_str()));
    pseudo(":scheme", section.scheme.as_ref().map(|scheme| scheme.as_str()));
    pseudo(":authority", section.authority.as_ref().map(|authority| authority.as_str()));
    pseudo(":path", section.path.as_ref().map(|path| path.as_str()));
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    fields.extend(section.headers.iter().map(|(name, value)| (name.to_string(), text(value))));
    fields
}
