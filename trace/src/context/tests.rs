use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::limits::{TRACEPARENT_CHARS, TRACESTATE_CHARS, TRACESTATE_MEMBERS};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn extract(traceparent: &str) -> Option<TraceContext> {
    TraceContext::extract(&headers(&[("traceparent", traceparent)]))
}

fn state(fields: &[&str]) -> String {
    TraceState::parse(fields.iter().map(|field| field.as_bytes())).as_str().to_owned()
}

#[test]
fn traceparent_is_read() {
    for (field, sampling) in [
        (format!("00-{TRACE}-{SPAN}-01"), Sampling::Sampled),
        (format!("00-{TRACE}-{SPAN}-00"), Sampling::NotSampled),
        // Bits whose meaning is not known say nothing about sampling.
        (format!("00-{TRACE}-{SPAN}-ff"), Sampling::Sampled),
        (format!("00-{TRACE}-{SPAN}-fe"), Sampling::NotSampled),
        // Later versions, with and without something more.
        (format!("01-{TRACE}-{SPAN}-01"), Sampling::Sampled),
        (format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"), Sampling::Sampled),
        (format!("fe-{TRACE}-{SPAN}-01-"), Sampling::Sampled),
    ] {
        let context = extract(&field).unwrap_or_else(|| panic!("{field} is well formed"));
        assert_eq!(context.trace_id().to_string(), TRACE, "{field}");
        assert_eq!(context.span_id().to_string(), SPAN, "{field}");
        assert_eq!(context.sampling(), sampling, "{field}");
    }
}

#[test]
fn malformed_traceparent_is_none() {
    let zero_trace = "0".repeat(32);
    let zero_span = "0".repeat(16);
    let upper = TRACE.to_uppercase();
    let long = "x".repeat(TRACEPARENT_CHARS);
    for field in [
        String::new(),
        "00".into(),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{zero_trace}-{SPAN}-01"),
        format!("00-{TRACE}-{zero_span}-01"),
        format!("00-{upper}-{SPAN}-01"),
        format!("0A-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-0A"),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("00-{TRACE}-{SPAN}-01."),
        format!("01-{TRACE}-{SPAN}-01."),
        format!("01-{TRACE}-{SPAN}-01more"),
        format!("01-{TRACE}-{SPAN}-01-{long}"),
        format!("0-{TRACE}-{SPAN}-01"),
        format!("000-{TRACE}-{SPAN}-01"),
        format!("00_{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}_{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}_01"),
        format!("00-{}-{SPAN}-01", TRACE.replace('c', "g")),
        format!("00-{TRACE}-{}-01", SPAN.replace('b', "+")),
        format!("00-{}-{SPAN}-01", &TRACE[1..]),
        format!("00-{TRACE}-{}-01", &SPAN[1..]),
        format!("00-{SPAN}-{TRACE}-01"),
    ] {
        assert_eq!(extract(&field), None, "{field:?}");
    }
}

#[test]
fn two_traceparents_are_none() {
    let mut twice = headers(&[("traceparent", &format!("00-{TRACE}-{SPAN}-01"))]);
    twice.append("traceparent", twice["traceparent"].clone());
    assert_eq!(TraceContext::extract(&twice), None);
}

#[test]
fn bytes_that_are_no_text_are_none() {
    let mut field = format!("00-{TRACE}-{SPAN}-01").into_bytes();
    field[7] = 0xe9;
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", HeaderValue::from_bytes(&field).unwrap());
    assert_eq!(TraceContext::extract(&headers), None);
}

#[test]
fn what_is_injected_is_extracted() {
    let outside = headers(&[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", "a=1,b=2")]);
    for context in [
        TraceContext::extract(&outside).unwrap(),
        TraceContext::extract(&outside).unwrap().child(),
        TraceContext::new_root(),
        extract(&format!("42-{TRACE}-{SPAN}-06-later")).unwrap(),
    ] {
        let mut fields = headers(&[("tracestate", "stale=1"), ("traceparent", "stale")]);
        context.inject(&mut fields);
        assert_eq!(TraceContext::extract(&fields), Some(context));
    }
}

#[test]
fn unknown_flags_and_versions_are_not_sent_on() {
    let mut fields = HeaderMap::new();
    extract(&format!("42-{TRACE}-{SPAN}-ff-later")).unwrap().inject(&mut fields);
    assert_eq!(fields["traceparent"], format!("00-{TRACE}-{SPAN}-01"));
    assert!(!fields.contains_key("tracestate"));
}

#[test]
fn a_child_is_another_span_of_the_same_trace() {
    let parent = TraceContext::new_root();
    let child = parent.child();
    assert_eq!(child.trace_id(), parent.trace_id());
    assert_eq!(child.sampling(), parent.sampling());
    assert_ne!(child.span_id(), parent.span_id());
    assert_ne!(TraceContext::new_root().trace_id(), parent.trace_id());
}

#[test]
fn tracestate_is_passed_on() {
    let key = |length: usize| "k".repeat(length);
    let long_value = format!("a={}", "v".repeat(256));
    let long_key = format!("{}=1", key(256));
    let tenant = format!("{}@{}=1", key(241), "s".repeat(14));
    for (fields, sent) in [
        (&["a=1"][..], "a=1"),
        (&["a=1,b=2"], "a=1,b=2"),
        (&["a=1", "b=2"], "a=1,b=2"),
        (&[" a=1 ,\t b=2 "], "a=1,b=2"),
        (&["", "a=1,,b=2,"], "a=1,b=2"),
        (&["", " , "], ""),
        (&["a= x  y"], "a= x  y"),
        (&["0t@sys=1"], "0t@sys=1"),
        (&["a_-*/9=!~"], "a_-*/9=!~"),
        (&[&long_value], &long_value),
        (&[&long_key], &long_key),
        (&[&tenant], &tenant),
    ] {
        assert_eq!(state(fields), sent, "{fields:?}");
    }
}

#[test]
fn malformed_tracestate_is_dropped_whole() {
    for member in [
        "a".to_owned(),
        "=1".into(),
        "a=".into(),
        "A=1".into(),
        "0=1".into(),
        "a.b=1".into(),
        "a =1".into(),
        "@s=1".into(),
        "t@=1".into(),
        "t@0=1".into(),
        "t@s@s=1".into(),
        "a=1=2".into(),
        "a=\u{e9}".into(),
        "a=\t1".into(),
        "ok=2".into(),
        format!("a={}", "v".repeat(257)),
        format!("{}=1", "k".repeat(257)),
        format!("{}@s=1", "k".repeat(242)),
        format!("t@{}=1", "s".repeat(15)),
    ] {
        assert_eq!(state(&["ok=1", &member]), "", "{member:?}");
    }
    let fields = headers(&[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", "ok=1,broken")]);
    assert!(TraceContext::extract(&fields).is_some_and(|context| context.state().is_empty()));
}

#[test]
fn tracestate_has_at_most_32_members() {
    let members = |count: usize| (0..count).map(|n| format!("k{n}=1")).collect::<Vec<_>>().join(",");
    assert_eq!(state(&[&members(TRACESTATE_MEMBERS)]), members(TRACESTATE_MEMBERS));
    assert_eq!(state(&[&members(TRACESTATE_MEMBERS + 1)]), "");
    assert_eq!(state(&[&members(TRACESTATE_MEMBERS), "more=1"]), "");
}

#[test]
fn tracestate_has_at_most_512_characters() {
    let member = |key: &str, chars: usize| format!("{key}={}", "v".repeat(chars - key.len() - 1));
    let small: Vec<String> = (0..4).map(|n| member(&format!("s{n}"), 100)).collect();
    let large = member("large", 129);

    // 4 members of 100 characters, a comma after each, and 108 more are exactly the limit.
    let full = format!("{},{}", small.join(","), member("end", 108));
    assert_eq!(full.len(), TRACESTATE_CHARS);
    assert_eq!(state(&[&full]), full);

    let over = format!("{},{}", small.join(","), member("end", 109));
    assert_eq!(state(&[&over]), small.join(","), "without long members the last goes");
    let long_first = format!("{large},{}", small.join(","));
    assert_eq!(state(&[&long_first]), small.join(","), "a long member goes before others");
}

#[test]
fn tracestate_members_are_found() {
    let state = TraceState::parse([b"a=1,t@s=x y".as_slice()]);
    assert_eq!((state.get("a"), state.get("t@s"), state.get("s")), (Some("1"), Some("x y"), None));
}

#[test]
fn a_scope_ends_with_its_poll_even_by_panic() {
    let context = TraceContext::new_root();
    let mut inner = Some(context.clone());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _entered = scope::enter(&mut inner);
        assert_eq!(TraceContext::current(), Some(context.clone()));
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(caught.is_err());
    assert_eq!(TraceContext::current(), None);
    assert_eq!(inner, Some(context));
}
